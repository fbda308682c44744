"""`studio plugin env` and `studio plugin enable`."""

import sys
import zipfile

import pytest


@pytest.fixture
def wheel(tmp_path):
    """A plugin without pins."""
    path = tmp_path / "tiny_plugin-1.0-py3-none-any.whl"
    info = "tiny_plugin-1.0.dist-info"
    files = {
        "tiny_plugin.py": "from studio.hookspecs import hookimpl\n@hookimpl\n"
        "def register_generators(register):\n    raise ValueError('tiny fault')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-plugin\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[studio]\ntiny = tiny_plugin\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def offline(monkeypatch):
    """Environments see this Python's packages instead of installing what a worker needs."""
    monkeypatch.setattr("studio.environments.find_core_pins", lambda lock: [])
    monkeypatch.setattr(
        "studio.environments._Pip.install",
        lambda pip, order, core: pip.run(
            [*pip._get_pip(), "install", "--no-index", "--no-deps", *order.plugins]
        ),
    )
    original = sys.modules["studio.environments"]._Pip.run

    def run(pip, words):
        if "venv" in words:
            words = [*words[:-1], "--system-site-packages", words[-1]]
        original(pip, words)

    monkeypatch.setattr("studio.environments._Pip.run", run)


def test_it_says_what_is_missing(run):
    outcome = run("plugin", "env", "tiny", code=2)
    assert "--requirements or --plugin" in outcome.err
    outcome = run("plugin", "env", "tiny", "--remove", code=4)
    assert "no environment 'tiny'" in outcome.err


def test_made_shown_and_removed(run, home, wheel, offline):
    outcome = run("plugin", "env", "tiny", "--plugin", wheel, code=1)
    assert "tiny: failed" in outcome.out
    assert (home / "environments" / "tiny" / "bin" / "python").exists()
    again = run("--json", "plugin", "env", "tiny", code=1)  # as it was asked for the last time
    assert again.data["plugins"][0]["status"] == "failed"
    assert "environment tiny removed" in run("plugin", "env", "tiny", "--remove").out
    assert not (home / "environments" / "tiny").exists()


def test_a_suspended_plugin_is_shown_and_enabled(run, home):
    import studio

    with studio.Studio(home) as opened:
        for _ in range(3):
            opened.strikes.note_death("sample", "vanished")
    rows = [row for row in run("--json", "plugins").data if row["name"] == "sample"]
    assert [row["status"] for row in rows] == ["suspended"]
    assert "studio plugin enable sample" in run("generate", "sample.noise", code=2).err
    assert "may run again" in run("plugin", "enable", "sample").out
    assert "was not suspended" in run("plugin", "enable", "sample").out
    assert run("--json", "plugin", "enable", "sample").data == {
        "plugin": "sample",
        "was_suspended": False,
    }
    run("generate", "sample.noise", "--size", "4")


def test_refresh_asks_again(run, home, monkeypatch):
    asked = []
    from studio.worker import describe

    real = describe.describe_environment
    monkeypatch.setattr(
        describe, "describe_environment", lambda *args: asked.append(1) or real(*args)
    )
    run("plugins")
    count = len(asked)
    run("plugins", "--refresh")
    assert len(asked) == count + 1
