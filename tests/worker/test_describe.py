"""From installed plugins to a registry, with hostile plugins among them."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.errors import UnknownGeneratorError
from studio.worker import describe
from studio.worker.describe import describe_environment, load_registry
from studio.worker.spec_cache import SpecCache

TEMPLATE = """
import ctypes, os, sys, threading, time
from studio.generator import Artifact, Generator
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

class One(Generator):
    id = "{name}.one"
    title = "One"
    output = MediaType.IMAGE
    Params = Params
    def generate(self, params, job):
        yield None

@hookimpl
def register_generators(register):
    register(One)

{more}
"""


@pytest.fixture
def count_starts(monkeypatch):
    """How many subprocesses were started."""
    starts = []
    popen = describe.Popen
    monkeypatch.setattr(
        describe, "Popen", lambda *args, **more: starts.append(args[0]) or popen(*args, **more)
    )
    return starts


def get_plugin(registry, name):
    (plugin,) = (plugin for plugin in registry.plugins if plugin.name == name)
    return plugin


def test_the_sample_plugin_is_described(sample, config, sample_path):
    registry = load_registry(config)
    plugin = get_plugin(registry, "sample")
    assert (plugin.distribution, plugin.version, plugin.status) == ("sample-plugin", "1.0", "ok")
    assert "sample.noise" in plugin.generators
    spec = registry.get("sample.noise")
    assert spec.params_schema["properties"]["size"]["maximum"] == 1024
    assert (spec.entry_point, spec.plugin, spec.environment) == ("sample", "sample-plugin", "main")
    (bundled,) = registry.get("sample.weights").checkpoints
    assert bundled.path == str(sample_path / "sample_plugin" / "weights" / "tiny.safetensors")
    assert not registry.get("sample.invert").seeded
    assert "sample_plugin" not in sys.modules


def test_the_cache_spares_the_subprocess_until_something_changes(
    use_plugins, make_plugin, config, count_starts
):
    folder = make_plugin("one", TEMPLATE.format(name="one", more=""))
    use_plugins(folder)
    first = load_registry(config)
    assert len(count_starts) == 1
    again = load_registry(config)
    assert (again.specs, again.plugins) == (first.specs, first.plugins)
    assert len(count_starts) == 1

    source = folder / "one_plugin.py"
    source.write_text(source.read_text().replace('title = "One"', 'title = "Another"'))
    assert load_registry(config).get("one.one").title == "Another"
    assert len(count_starts) == 2
    use_plugins(make_plugin("two", TEMPLATE.format(name="two", more="")))
    assert "two.one" in load_registry(config).specs
    assert len(count_starts) == 3
    patient = config.model_copy(update={"plugin_timeout": 9.0})
    load_registry(patient)
    assert len(count_starts) == 4
    load_registry(patient, refresh=True)
    assert len(count_starts) == 5


def test_a_damaged_cache_is_ignored(sample, config, count_starts):
    cache = config.home / "cache" / "specs.json"
    cache.parent.mkdir()
    for damage in ("", "{", '{"environments": {"main": {}}}', "\x00"):
        cache.write_text(damage)
        assert SpecCache(cache).load() == {}
    assert "sample.noise" in load_registry(config).specs
    assert len(count_starts) == 1
    assert SpecCache(cache).load()["main"].specs
    assert sorted(path.name for path in cache.parent.iterdir()) == ["plugins", "specs.json"]


def test_a_cache_that_cannot_be_written_costs_a_line(sample, config, caplog):
    (config.home / "cache").write_text("in the way")
    assert "sample.noise" in load_registry(config).specs
    assert "spec cache not written" in caplog.text


HOSTILE = {
    "raises": ("raise ValueError('no\\nway')", "ValueError: no way ("),
    "missing": ("import not_installed", "ModuleNotFoundError: No module named 'not_installed'"),
    "exits": ("sys.exit('bye')", "called sys.exit('bye')"),
    "interrupts": ("raise KeyboardInterrupt", "signal 2 (SIGINT)"),
    "leaves": ("os._exit(0)", "ended by itself with exit status 0"),
    "crashes": ("ctypes.string_at(0)", "crashed with signal 11 (SIGSEGV)"),
    "syntax": ("def (", "SyntaxError: invalid syntax (syntax_plugin.py, line 20)"),
    "hangs": ("time.sleep(60)", "took longer than 60 s to import"),
    "deaf": ("ctypes.PyDLL(None).sleep(60)", "took longer than 60 s to import"),
    "forks": ("os.fork() or time.sleep(60)", ""),
    "prints": ("print('{}' * 50000); os.write(1, b'not the protocol')", ""),
    "closes": ("sys.stdout.close(); sys.stderr.close()", ""),
    "threads": ("threading.Thread(target=time.sleep, args=(60,)).start()", ""),
}


@pytest.fixture
def hurry(monkeypatch):
    """Let time run fast while a plugin is imported that hangs, and only then."""
    talks, ahead, listen = [], 0.0, describe._listen

    def note(pid, channel, talk, timeout):
        talks.append(talk)
        return listen(pid, channel, talk, timeout)

    def tell():
        nonlocal ahead
        if talks[-1].current in ("hangs", "deaf"):
            ahead += 20
        return time.monotonic() + ahead

    monkeypatch.setattr(describe, "_listen", note)
    monkeypatch.setattr(describe, "time", SimpleNamespace(monotonic=tell, time=time.time))


def test_each_hostile_plugin_costs_only_its_own_line(
    use_plugins, make_plugin, sample_path, config, hurry
):
    folders = [
        make_plugin(name, TEMPLATE.format(name=name, more=more))
        for name, (more, _) in HOSTILE.items()
    ]
    use_plugins(sample_path, *folders)
    registry = load_registry(config.model_copy(update={"plugin_timeout": 60.0}))
    assert "sample.noise" in registry.specs
    for name, (_, cause) in HOSTILE.items():
        plugin = get_plugin(registry, name)
        assert cause in plugin.cause
        assert plugin.status == ("failed" if cause else "ok"), plugin
        assert (f"{name}.one" in registry.specs) == (not cause)
    with pytest.raises(UnknownGeneratorError, match="'hangs' could not be loaded: took longer"):
        registry.get("hangs.one")


def test_a_failed_plugin_is_tried_again_when_it_changes(
    use_plugins, make_plugin, config, count_starts
):
    folder = make_plugin("bad", TEMPLATE.format(name="bad", more="os._exit(4)"))
    use_plugins(folder)
    assert get_plugin(load_registry(config), "bad").status == "failed"
    starts = len(count_starts)
    assert get_plugin(load_registry(config), "bad").status == "failed"
    assert len(count_starts) == starts
    (folder / "bad_plugin.py").write_text(TEMPLATE.format(name="bad", more="# mended"))
    assert get_plugin(load_registry(config), "bad").status == "ok"


def test_broken_metadata_and_double_names(use_plugins, make_plugin, sample_path, config):
    broken = make_plugin("broken", "")
    (broken / "broken_plugin-1.0.dist-info" / "entry_points.txt").write_bytes(b"[studio]\n= \xff")
    double = make_plugin("double", TEMPLATE.format(name="sample", more=""))
    (double / "double_plugin-1.0.dist-info" / "entry_points.txt").write_text(
        "[studio]\nsample = double_plugin\n"
    )
    use_plugins(double, broken)
    use_plugins(sample_path)
    registry = load_registry(config)
    assert "sample.noise" in registry.specs
    failed = {plugin.name: plugin.cause for plugin in registry.plugins if plugin.status == "failed"}
    assert failed["sample"] == "sample-plugin has a plugin of that name already"
    assert "its metadata cannot be read" in failed["broken_plugin-1.0"]


def test_other_environments(sample, config, monkeypatch):
    other = config.model_copy(update={"environments": {"gone": "/no/python", "twin": "~/python"}})
    monkeypatch.setattr(describe, "get_interpreter", lambda config, name: sys.executable)
    real = describe.build_command
    monkeypatch.setattr(
        describe,
        "build_command",
        lambda config, name, *more: (
            ["/no/python"] if name == "gone" else real(config, "main", *more)
        ),
    )
    monkeypatch.setattr(
        describe, "build_environ", lambda config, name: {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    registry = load_registry(other)
    assert "its python could not be started" in get_plugin(registry, "gone").cause
    twins = [plugin for plugin in registry.plugins if plugin.name == "sample"]
    assert [plugin.environment for plugin in twins] == ["main", "twin"]
    assert "is offered by environment 'main' already" in twins[1].cause
    assert registry.get("sample.noise").environment == "main"
    inline = load_registry(other.model_copy(update={"workers": "inline"}))
    assert {plugin.environment for plugin in inline.plugins} == {"main"}


def test_an_environment_that_says_nothing(config, tmp_path, monkeypatch):
    monkeypatch.setattr(describe, "_START_TIME", 0.0)
    for source, cause, patience in (
        ("echo nonsense; echo no pydantic >&2; exit 3", "exit status 3: no pydantic", 60.0),
        ("sleep 60", "took longer than 0.3 s", 0.3),
    ):
        fake = tmp_path / "python"
        fake.write_text(f"#!/bin/sh\n{source}\n")
        fake.chmod(0o755)
        changed = config.model_copy(
            update={"environments": {"odd": str(fake)}, "plugin_timeout": patience}
        )
        record = describe_environment(changed, "odd")
        assert cause in record.plugins[0].cause
        assert not record.is_fresh(str(fake), patience, None)


def find_children():
    lists = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {child for path in lists for child in path.read_text().split()}


def test_an_interrupt_leaves_no_process(use_plugins, make_plugin, config, monkeypatch):
    use_plugins(make_plugin("slow", TEMPLATE.format(name="slow", more="time.sleep(60)")))
    before = find_children()
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    start = describe.Popen

    def begin(*args, **more):
        process = start(*args, **more)
        signal.setitimer(signal.ITIMER_REAL, 1.0)  # it comes when there is a process to leave
        return process

    monkeypatch.setattr(describe, "Popen", begin)
    with pytest.raises(KeyboardInterrupt):
        load_registry(config)
    assert find_children() <= before  # other tests' may still live
