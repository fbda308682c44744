"""`/generators`: what can be made."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from studio.media import MediaType
from studio.server.access import CurrentVisitor
from studio.server.models_catalogue import BundledView, GeneratorList, GeneratorView, SlotView
from studio.server.replies import LIST, READ
from studio.spec import GeneratorSpec
from studio.translation import Translator

router = APIRouter(prefix="/generators", tags=["generators"])


@router.get("", operation_id="list_generators", summary="List the generators.", responses=LIST)
def list_generators(
    visitor: CurrentVisitor,
    output: Annotated[MediaType | None, Query(description="only those that make this")] = None,
    accepts: Annotated[MediaType | None, Query(description="only those that take this")] = None,
) -> GeneratorList:
    """List the generators, by id."""
    found = visitor.home.registry.find(output=output)
    if accepts is not None:
        found = [spec for spec in found if any(accepts in slot.kinds for slot in spec.inputs)]
    return GeneratorList(items=[build_generator(spec, visitor.translator) for spec in found])


@router.get(
    "/{generator}", operation_id="get_generator", summary="Describe a generator.", responses=READ
)
def get_generator(
    visitor: CurrentVisitor, generator: Annotated[str, Path(max_length=200)]
) -> GeneratorView:
    """Describe one."""
    return build_generator(visitor.home.registry.get(generator), visitor.translator)


def build_generator(spec: GeneratorSpec, translator: Translator) -> GeneratorView:
    """Describe a generator, in the language of the visitor."""
    text = translator.of(spec.entry_point).text
    return GeneratorView(
        id=spec.id,
        title=text(spec.title),
        summary=text(spec.summary),
        output=spec.output,
        inputs=[
            SlotView(
                name=slot.name,
                kinds=list(slot.kinds),
                many=slot.many,
                optional=slot.optional,
                summary=text(slot.summary),
            )
            for slot in spec.inputs
        ],
        params_schema=spec.params_schema,
        seeded=spec.seeded,
        checkpoints=[
            BundledView(name=item.name, licence=item.licence, summary=text(item.summary))
            for item in spec.checkpoints
        ],
        checkpoint_from=list(spec.checkpoint_from),
        plugin=spec.plugin,
        plugin_version=spec.plugin_version,
    )
