import zipfile

import pytest

from studio.cli import demo
from studio.cli.delivery import unpack
from studio.errors import InvalidInputError

RECIPE = """
title = "Pack"
summary = "mixes and materials"

[inputs.pictures]
kinds = ["image"]
many = true

[params.variations]
type = "integer"
default = 2
minimum = 1
description = "per picture"

[params.size]
type = "integer"
default = 8

[[steps]]
name = "vary"
generator = "sample.blend"
foreach = "pictures"
inputs = { first = "$each", second = "$each" }
count = "${variations}"

[[steps]]
name = "material"
generator = "sample.material"
count = 3
params = { size = "${size}" }
gate = { metric = "seam_ratio", max = 1.05, tries = 50 }
"""


@pytest.fixture
def recipe(home):
    """The user's own pipeline of the name wins over the one that ships."""
    path = home / "pipelines" / "texture-pack.toml"
    path.parent.mkdir(parents=True)
    path.write_text(RECIPE)
    return path


@pytest.fixture
def pictures(make_image, tmp_path):
    make_image("photos/a.png", (9, 9, 9))
    make_image("photos/b.png", (8, 8, 8))
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    return tmp_path / "photos"


def test_run_and_run_again(run, recipe, pictures, tmp_path):
    out = tmp_path / "out"
    args = ["pipeline", "run", "texture-pack", "--input", f"pictures={pictures}", "--out", out]
    first = run(*args, "--variations", 3, "--json").data
    assert [len(first["steps"][step]) for step in ("vary", "material")] == [6, 3]
    assert first["new"] == {"vary": 6, "material": 3}
    assert all(asset["metrics"]["seam_ratio"] <= 1.05 for asset in first["steps"]["material"])
    assert first["replaced"]
    assert len(list((out / "vary").glob("*.png"))) == 6
    assert len(list((out / "material").glob("*/*_albedo.png"))) == 3
    again = run(*args, "--variations", 3)
    assert "everything was there already" in again.out
    assert "seeds were replaced (seam_ratio" in again.out
    assert "seam ratio median 1.00, largest 1.00" in again.out
    assert "vary: 6 in" in again.err


def test_one_picture_more_makes_only_what_is_new(run, recipe, pictures, make_image):
    args = ["pipeline", "run", "texture-pack", "--input", pictures, "--json"]
    run(*args)
    make_image("photos/c.png", (7, 7, 7))
    assert run(*args).data["new"] == {"vary": 2, "material": 0}


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["texture-pac"], "did you mean texture-pack"),
        (["texture-pack"], "input 'pictures' is missing"),
        (["texture-pack", "--variation", "3"], "did you mean --variations"),
        (["texture-pack", "--variations", "0", "--input", "a.png"], "at least 1"),
        (["texture-pack", "--input", "pictures=empty"], "no pictures in it"),
        (["gone.toml"], "gone.toml"),
    ],
)
def test_wrong_use_runs_nothing(run, recipe, args, fault, make_image, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    make_image("a.png")
    monkeypatch.chdir(tmp_path)
    assert fault in run("pipeline", "run", *args, code=2).err
    assert run("jobs", "list", "--json").data == []


def test_list_show_help(run, recipe):
    names = [item["name"] for item in run("pipeline", "list", "--json").data]
    assert "texture-pack" in names
    assert "--variations" in run("pipeline", "show", "texture-pack").out
    assert "1.., default" not in run("pipeline", "run", "texture-pack", "--help").out
    assert ">= 1, default 2" in run("pipeline", "run", "texture-pack", "--help").out
    recipe.write_text(RECIPE.replace("title", "titel"))
    assert "did you mean title" in run("pipeline", "list").err


def test_a_step_that_fails(run, recipe, pictures):
    recipe.write_text(RECIPE.replace("tries = 50", "tries = 1, required = true"))
    result = run("pipeline", "run", "texture-pack", "--input", pictures, code=1)
    assert "material:" in result.err and "failed" in result.err
    assert "assets made in" in result.out


def test_demo_on_a_folder(run, recipe, pictures, tmp_path):
    out = tmp_path / "pack"
    result = run("demo", "--input", pictures, "--out", out, "--variations", 1, "--size", 16)
    assert "2 pictures" in result.err
    assert len(list((out / "albedos").glob("*.png"))) == 2
    assert len(list((out / "materials").glob("*/*_normal_gl.png"))) == 3
    assert "5 assets made in" in result.out


def test_demo_on_the_sample_pictures(run, recipe, tmp_path):
    result = run("demo", "--out", tmp_path / "pack", "--variations", 1, "--json").data
    titles = {asset["title"] for asset in run("assets", "list", "--json").data}
    assert {"brick", "grass", "gravel"} <= titles
    assert len(result["steps"]["vary"]) == 3
    again = run("demo", "--out", tmp_path / "pack", "--variations", 1, "--json").data
    assert again["steps"] == result["steps"], "what is there already is not made again"


def test_demo_without_its_pictures(run, recipe, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "PICTURES", ("gone.png",))
    assert "gone.png is missing" in run("demo", code=2).err
    assert "gone" in run("demo", "--input", tmp_path / "gone", code=2).err


def test_unpack_twice_and_refuse_to_leave(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x/one.txt", "1")
    unpack(archive, tmp_path / "out")
    one = tmp_path / "out" / "x" / "one.txt"
    before = one.stat().st_mtime_ns
    unpack(archive, tmp_path / "out")
    assert one.read_text() == "1" and one.stat().st_mtime_ns == before
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../evil.txt", "1")
    with pytest.raises(InvalidInputError):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "evil.txt").exists()
