"""The registry."""

import pytest

from studio.errors import UnknownGeneratorError
from studio.generator import Generator
from studio.media import MediaType
from studio.params import Params
from studio.plugins import PluginInfo
from studio.registry import Registry
from studio.spec import build_spec


def make_spec(generator_id, kind=MediaType.IMAGE):
    body = {"id": generator_id, "title": "T", "output": kind, "Params": Params}
    name = generator_id.partition(".")[0]
    return build_spec(type("G", (Generator,), body), f"studio-{name}", "1.0", name, "/")


@pytest.fixture
def registry():
    specs = [make_spec("textures.pbr", MediaType.TEXTURE), make_spec("sample.noise")]
    plugins = [
        PluginInfo(name="textures"),
        PluginInfo(name="broken", status="failed", cause="it called sys.exit(1)"),
    ]
    return Registry(specs, plugins)


def test_get_and_order(registry):
    assert registry.get("textures.pbr").id == "textures.pbr"
    assert list(registry.specs) == ["sample.noise", "textures.pbr"]
    assert [plugin.name for plugin in registry.plugins] == ["broken", "textures"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("textures.pbrr", "did you mean 'textures.pbr'"),
        ("noise", "did you mean 'sample.noise'"),
        ("other.noise", "did you mean 'sample.noise'"),
        ("something.else", "`studio generators` lists the 2 there are"),
        ("broken.thing", "its plugin 'broken' could not be loaded: it called sys.exit(1)"),
        ("", "no generator ''"),
    ],
)
def test_unknown(registry, wrong, words):
    with pytest.raises(UnknownGeneratorError) as caught:
        registry.get(wrong)
    assert words in str(caught.value)


def test_find(registry):
    assert [spec.id for spec in registry.find()] == ["sample.noise", "textures.pbr"]
    assert [spec.id for spec in registry.find(output=MediaType.TEXTURE)] == ["textures.pbr"]
    for plugin in ("sample", "studio-sample"):
        assert [spec.id for spec in registry.find(plugin=plugin)] == ["sample.noise"]
    assert registry.find(output=MediaType.AUDIO) == []
