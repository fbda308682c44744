"""Finding and loading plugins in this process."""

import pytest

from studio.codecs import Codecs
from studio.errors import PluginLoadError
from studio.media import MediaType
from studio.plugins import WORKER_GROUP, find_sources, load_plugin, load_source


def find(name):
    (source,) = (source for source in find_sources(WORKER_GROUP) if source.name == name)
    return source


def test_hook_register_generators(use_plugins, sample_path):
    use_plugins(sample_path)
    plugin = load_plugin("sample", Codecs())
    assert next(iter(plugin.generators)) == "sample.noise"
    assert plugin.folder == sample_path / "sample_plugin"
    assert (plugin.source.distribution, plugin.source.version) == ("sample-plugin", "1.0")


def test_finding_imports_nothing(use_plugins, make_plugin):
    folder = make_plugin("dangerous", "raise SystemExit")
    use_plugins(folder)
    source = find("dangerous")
    assert source.find_folders() == [folder / "dangerous_plugin.py"]
    (folder / "dangerous_plugin.py").unlink()
    assert source.find_folders() == []


def test_the_first_on_the_path_shadows_the_same_distribution(use_plugins, sample_path, make_plugin):
    old = make_plugin("sample", "raise SystemExit")
    use_plugins(old)
    use_plugins(sample_path)
    assert not find("sample").fault
    assert load_plugin("sample", Codecs()).folder == sample_path / "sample_plugin"


CODEC = """
from studio.hookspecs import hookimpl
from studio.media import MediaType

class Codec:
    kind = MediaType.TEXT
    def encode(self, payload, folder): ...
    def probe(self, files): ...
    def hash_payload(self, files): ...
    def make_thumbnail(self, files): ...
    def embed_recipe(self, files, recipe): ...

@hookimpl
def register_codecs(register):
    register({codec})
"""


def test_hook_register_codecs(use_plugins, make_plugin):
    use_plugins(make_plugin("codec", CODEC.replace("{codec}", "Codec()")))
    codecs = Codecs()
    plugin = load_plugin("codec", codecs)
    assert type(codecs.get(MediaType.TEXT)).__module__ == "codec_plugin"
    assert plugin.generators == {}
    use_plugins(make_plugin("bad", CODEC.replace("{codec}", "object()")))
    with pytest.raises(PluginLoadError, match="has no method `encode`"):
        load_plugin("bad", Codecs())


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("raise ValueError('no')", r"ValueError: no \(.*odd_plugin.py, line 1\)"),
        ("raise ValueError", "ValueError"),
        ("import sys; sys.exit()", r"called sys.exit\(\)"),
        ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
        ("", "it has no @hookimpl"),
        (
            "from studio.hookspecs import hookimpl\n@hookimpl\ndef register_generator(register):0",
            "unknown hook 'register_generator'",
        ),
        (
            "from studio.hookspecs import hookimpl\n@hookimpl\ndef register_generators(wrong): 0",
            "wrong",
        ),
        (
            "from studio.hookspecs import hookimpl\n@hookimpl\n"
            "def register_generators(register): register('x')",
            "register\\(\\) was given 'x'; give it a subclass of Generator",
        ),
    ],
)
def test_a_broken_plugin_says_why(use_plugins, make_plugin, source, cause):
    use_plugins(make_plugin("odd", source))
    with pytest.raises(PluginLoadError, match=cause) as caught:
        load_plugin("odd", Codecs())
    assert str(caught.value).startswith("plugin 'odd' (odd-plugin 1.0): ")


def test_a_faulty_source_is_not_tried(use_plugins, make_plugin, sample_path):
    double = make_plugin("double", "raise SystemExit")
    points = double / "double_plugin-1.0.dist-info" / "entry_points.txt"
    points.write_text("[studio]\nsample = double_plugin\n")
    use_plugins(double)
    use_plugins(sample_path)
    (faulty,) = (source for source in find_sources(WORKER_GROUP) if source.fault)
    with pytest.raises(PluginLoadError, match="has a plugin of that name already"):
        load_source(faulty, Codecs())


def test_an_interrupt_is_not_the_plugins_failure(use_plugins, make_plugin):
    use_plugins(make_plugin("odd", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        load_plugin("odd", Codecs())
