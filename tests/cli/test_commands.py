"""The commands that only look: generators, plugins, presets, jobs, checkpoints, doctor, serve."""

import pytest


def test_generators(run):
    ids = [item["id"] for item in run("generators", "--output", "texture", "--json").data]
    assert "sample.material" in ids and "sample.noise" not in ids
    assert "0..1" in run("generators", "sample.blend").out
    assert run("generators", "sample.blend", "--json").data["inputs"][0]["name"] == "first"
    assert "sample.noise" in run("generators", "--plugin", "sample").out


def test_a_plugin_that_fails_costs_its_line(run, make_plugin, use_plugins):
    use_plugins(make_plugin("faulty", "raise RuntimeError('at import')"))
    states = {item["name"]: item for item in run("plugins", "--json").data}
    assert states["faulty"]["status"] == "failed"
    assert "at import" in run("plugins").out
    assert states["sample"]["status"] == "ok"
    assert "at import" in run("generate", "faulty.x", code=2).err
    assert "at import" in run("doctor").out


def test_presets(run, home):
    saved = run("presets", "save", "sample.noise", "My noise", "--size", "8", "--json").data
    assert saved["params"] == {"size": 8}
    assert "my-noise" in run("presets", "list", "sample.noise").out
    assert run("presets", "show", "my-noise", "--json").data["title"] == "My noise"
    assert "exists" in run("presets", "save", "sample.noise", "My noise", code=2).err
    run("presets", "save", "sample.noise", "My noise", "--size", "9", "--overwrite")
    assert "size=9" in run("presets", "show", "my-noise").out
    assert "at most" in run("presets", "save", "sample.noise", "b", "--size", "9999", code=2).err
    (home / "presets" / "bad.toml").write_text("generator = ")
    assert "bad.toml" in run("presets", "list").err
    (home / "presets" / "bad.toml").unlink()
    run("presets", "delete", "my-noise")
    assert "no preset" in run("presets", "show", "my-noise", code=2).err


def test_jobs(run):
    run("generate", "sample.noise", "--seed", 1, "--count", 2)
    (job,) = run("jobs", "list", "--json").data
    assert (job["status"], job["made"], job["seeds"]) == ("done", 2, [1, 2])
    assert run("jobs", "list", "--status", "failed", "--json").data == []
    assert "in all: 1 done" in run("jobs", "list").out
    shown = run("jobs", "show", job["id"])
    assert "made noise of seed 2" in shown.out
    assert "made noise" in run("jobs", "show", job["id"], "--json").data["log"]
    assert run("jobs", "cancel", job["id"], "--json").data == {"cancelled": 0}
    assert "no such job" in run("jobs", "show", "zzz", code=2).err
    assert run("jobs", "wait", "--json").data == []


def test_checkpoints(run, home, sample_path, tmp_path):
    listed = run("checkpoints", "list", "--hash", "--json").data
    (tiny,) = [found for found in listed if found["name"] == "tiny"]
    assert tiny["licence"] == "CC0-1.0"
    source = sample_path / "sample_plugin" / "weights" / "tiny.safetensors"
    (tmp_path / "mine.safetensors").write_bytes(source.read_bytes())
    added = run("checkpoints", "add", tmp_path / "mine.safetensors", "--json").data
    assert added["sha256"] == tiny["sha256"]
    assert "ok" in run("checkpoints", "verify", added["name"]).out
    (tmp_path / "mine.safetensors").write_bytes(source.read_bytes() + b"x")
    assert (
        not run("checkpoints", "verify", added["name"], "--json", code=1).data[0]["sha256"]
        == (added["sha256"])
    )
    assert "files stay" in run("checkpoints", "remove", added["name"]).out
    assert (tmp_path / "mine.safetensors").exists()
    assert "no sha256" in run("checkpoints", "approve", "abc", code=2).err
    assert "trusted" in run("checkpoints", "approve", "a" * 64).out


def test_doctor(run):
    findings = {item["name"]: item for item in run("doctor", "--json").data}
    assert findings["pydantic"]["state"] == "ok"
    assert findings["plugin sample"]["state"] == "ok"
    assert "nothing is broken" in run("doctor").out


def test_doctor_says_what_mends_it(run, monkeypatch, tmp_path):
    monkeypatch.setattr("studio.app.doctor.CORE", ("pydantic", "no-such-library"))
    monkeypatch.setattr("studio.app.doctor.OPTIONAL", {"audio": ("no-such-extra",)})
    result = run("doctor", code=4)
    assert "pip install no-such-library" in result.out
    assert "pip install 'generative-media-studio[audio]'" in result.out
    (tmp_path / "file").touch()
    assert "choose another folder" in run("doctor", "--home", tmp_path / "file" / "x", code=4).out


def test_serve_without_an_interface(run, monkeypatch):
    monkeypatch.setattr("studio.cli.serve.find_spec", lambda name: None)
    assert "generative-media-studio[ui]" in run("serve", code=2).err


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_plugin_check_tells_what_fails(run, monkeypatch, flags):
    from types import SimpleNamespace

    rows = [
        SimpleNamespace(generator="a.b", check="cancel", passed=True, detail=""),
        SimpleNamespace(generator="a.b", check="seeds", passed=False, detail="differs"),
    ]
    monkeypatch.setattr(
        "studio.cli.plugin.import_module",
        lambda name: SimpleNamespace(check_plugin=lambda plugin, config: rows),
    )
    assert "differs" in run("plugin", "check", "a", *flags, code=1).out


def test_plugin_new_lists_the_files(run, monkeypatch, tmp_path):
    from types import SimpleNamespace

    monkeypatch.setattr(
        "studio.cli.plugin.import_module",
        lambda name: SimpleNamespace(write_skeleton=lambda name, folder: [folder / name]),
    )
    out = run("plugin", "new", "noise", "--folder", tmp_path).out
    assert out == f"{tmp_path / 'noise'}\n"
