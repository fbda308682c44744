"""Plugins of the group `studio.host`."""

from pathlib import Path

import pytest

from studio.host_plugins import HostPlugins

GOOD = """
from pathlib import Path
from studio.hookspecs import hookimpl

SEEN = []

@hookimpl
def register_presets(register):
    register(Path("/presets"))

@hookimpl
def register_pipelines(register):
    register("/pipelines")

@hookimpl
def register_tabs(register):
    register("Tab", lambda: "built")

@hookimpl
def register_commands(cli):
    cli.append("command")

@hookimpl
def startup(studio):
    return f"started {studio}"

@hookimpl
def track_event(studio, event):
    raise SystemExit(event)
"""


@pytest.fixture
def plugins(use_plugins, make_plugin):
    use_plugins(
        make_plugin("good", GOOD, "studio.host"),
        make_plugin("broken", "raise ValueError('no')", "studio.host"),
    )
    return HostPlugins()


def get_states(plugins):
    found = {plugin.name: (plugin.status, plugin.cause) for plugin in plugins.plugins}
    return {name: found[name] for name in ("good", "broken")}


def test_hook_register_presets(plugins):
    assert Path("/presets") in plugins.find_preset_folders()


def test_hook_register_pipelines(plugins):
    assert Path("/pipelines") in plugins.find_pipeline_folders()


def test_hook_register_tabs(plugins):
    assert [build() for name, build in plugins.find_tabs() if name == "Tab"] == ["built"]


def test_hook_register_commands(plugins):
    commands = []
    plugins.call("register_commands", cli=commands)
    assert "command" in commands


def test_hook_startup(plugins):
    assert "started s" in plugins.call("startup", studio="s")


def test_hook_track_event_that_exits_costs_a_line(plugins, caplog):
    assert get_states(plugins)["good"] == ("ok", "")
    assert plugins.call("track_event", studio=None, event="e") == []
    status, cause = get_states(plugins)["good"]
    assert status == "failed"
    assert cause.startswith("track_event: called sys.exit('e')")
    assert "plugin 'good' failed in track_event" in caplog.text


def test_a_broken_one_is_named(plugins):
    status, cause = get_states(plugins)["broken"]
    assert status == "failed"
    assert cause.startswith("ValueError: no (")
    assert all(plugin.environment == "host" for plugin in plugins.plugins)
