"""What ships fits the generators that ship with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.errors import InvalidParamsError
from studio.pipelines import check_pipeline, load_pipeline
from studio.presets import load_presets
from studio.spec import GeneratorSpec, build_spec
from studio.validation import validate_params

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "pipelines").glob("*.toml"))
PRESETS = sorted((ROOT / "presets").glob("*.toml"))


class ShippedCatalogue:
    """The generators of the plugins here, and the shipped presets."""

    def __init__(self) -> None:
        specs: list[GeneratorSpec] = []
        for name in ("flow", "gan", "music", "textures", "upscale"):
            plugin = pytest.importorskip(f"studio_{name}")
            plugin.register_generators(
                lambda cls, name=name: specs.append(build_spec(cls, name, "1", name, "."))
            )
        self.specs = {spec.id: spec for spec in specs}

    def get_spec(self, generator: str) -> GeneratorSpec:
        return self.specs[generator]

    def get_preset(self, generator: str, name: str) -> Mapping[str, Any]:
        for path in PRESETS:
            for preset in load_presets(path, "shipped"):
                if (preset.generator, preset.name) == (generator, name):
                    return preset.params
        raise InvalidParamsError("no preset '{name}'", name=name)


@pytest.fixture(scope="module")
def catalogue() -> ShippedCatalogue:
    return ShippedCatalogue()


def test_there_are_some() -> None:
    assert {path.stem for path in PIPELINES} >= {
        "texture-pack",
        "seamless-folder",
        "material-from-photo",
    }
    assert len(PRESETS) >= 3


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.stem)
def test_pipelines_fit(path: Path, catalogue: ShippedCatalogue) -> None:
    pipeline = load_pipeline(path)
    check_pipeline(pipeline, catalogue)
    assert pipeline.summary and all(slot.summary for slot in pipeline.inputs.values())
    assert all(field.get("description") for field in pipeline.params.values())


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_presets_fit(path: Path, catalogue: ShippedCatalogue) -> None:
    for preset in load_presets(path, "shipped"):
        spec = catalogue.get_spec(preset.generator)
        validate_params(spec.id, spec.params_schema, preset.params, partial=True)
