"""`/presets`: named, saved params."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from studio.presets import Preset
from studio.server.access import CurrentAdmin, CurrentVisitor
from studio.server.errors import NotFoundError
from studio.server.models_catalogue import (
    Deleted,
    PresetBody,
    PresetItems,
    PresetList,
    PresetText,
    PresetView,
)
from studio.server.replies import LIST, WRITE
from studio.translation import Translator

router = APIRouter(prefix="/presets", tags=["presets"])

GeneratorId = Annotated[str, Path(max_length=200)]
PresetName = Annotated[str, Path(max_length=100)]


@router.get("", operation_id="list_presets", summary="List the presets.", responses=LIST)
def list_presets(
    visitor: CurrentVisitor,
    generator: Annotated[str | None, Query(max_length=200, description="only of this one")] = None,
) -> PresetList:
    """List presets by generator and name."""
    book = visitor.home.presets
    return PresetList(
        items=[build_preset(preset, visitor.translator) for preset in book.find(generator)],
        # Of all presets, or none: checking every file takes its time, and a form asks for its own.
        faults=[]
        if generator
        else [visitor.translator.error(fault) for fault in book.find_faults()],
    )


@router.post(
    "/import",
    operation_id="import_presets",
    summary="Take over the presets of a text.",
    responses=WRITE,
)
def import_presets(visitor: CurrentVisitor, body: PresetText) -> PresetItems:
    """Keep every preset of the text of a preset file, or none if one is wrong."""
    found = visitor.home.presets.import_text(body.toml, overwrite=body.overwrite, keep=body.keep)
    return PresetItems(items=[build_preset(preset, visitor.translator) for preset in found])


@router.put(
    "/{generator}/{name}", operation_id="save_preset", summary="Save a preset.", responses=WRITE
)
def save_preset(
    visitor: CurrentVisitor, generator: GeneratorId, name: PresetName, body: PresetBody
) -> PresetView:
    """Keep params under a name; one of yours of that name is replaced."""
    saved = visitor.home.presets.save(
        body.title or name, generator, body.params, summary=body.summary, overwrite=True
    )
    return build_preset(saved, visitor.translator)


@router.delete(
    "/{generator}/{name}", operation_id="delete_preset", summary="Delete a preset.", responses=WRITE
)
def delete_preset(visitor: CurrentAdmin, generator: GeneratorId, name: PresetName) -> Deleted:
    """Delete a preset that was saved here."""
    book = visitor.home.presets
    if not any(preset.name == name for preset in book.find(generator)):
        raise NotFoundError("no preset '{name}' of {generator}", name=name, generator=generator)
    book.delete(name, generator)
    return Deleted(deleted=name)


def build_preset(preset: Preset, translator: Translator) -> PresetView:
    """Describe a preset."""
    translator = translator.of(preset.generator.partition(".")[0])
    return PresetView(
        name=preset.name,
        generator=preset.generator,
        title=translator.text(preset.title),
        summary=translator.text(preset.summary),
        params=dict(preset.params),
        source=preset.source,
    )
