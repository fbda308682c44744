import json

import pytest

TOML = """
[defaults]
generator = "sample.noise"
[defaults.params]
size = 8

[[requests]]
seed = 0
count = 10

[[requests]]
seeds = [50, 60]
params = { colour = "red" }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "many.toml"
    path.write_text(TOML)
    return path


def test_only_what_is_missing_is_made(run, file, tmp_path):
    first = run("batch", file, "--tag", "pack", "--json").data
    assert (first["wanted"], first["there"], first["made"]) == (12, 0, 12)
    assert [asset["seed"] for asset in first["assets"]] == [*range(10), 50, 60]
    assert first["assets"][0]["tags"] == ["pack"]
    file.write_text(TOML.replace("count = 10", "count = 11"))
    result = run("batch", file, "--out", tmp_path / "out")
    assert "13 wanted: 12 there already, 1 to make" in result.err
    assert "13 wanted: 12 were there, 1 made, 0 missing" in result.out
    assert len(list((tmp_path / "out").iterdir())) == 13
    assert len(run("assets", "list", "--limit", 50, "--json").data) == 13


def test_json_lines_with_inputs_beside_the_file(run, tmp_path, make_image):
    make_image("pictures/a.png", (1, 2, 3))
    make_image("pictures/b.png", (4, 5, 6))
    file = tmp_path / "pictures" / "all.jsonl"
    requests = [{"generator": "sample.invert", "inputs": {"image": f"{n}.png"}} for n in "ab"]
    file.write_text("\n".join(map(json.dumps, requests)) + "\n\n")
    assert run("batch", file, "--json").data["made"] == 2


def test_no_wait(run, file):
    assert run("batch", file, "--no-wait", "--json").data["batch"]
    run("jobs", "wait")
    assert run("batch", file, "--json").data["there"] == 12


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.toml", "[[requests", "a.toml"),
        ("a.toml", "", "no requests"),
        ("a.toml", "[[request]]\n", "'request'"),
        ("a.toml", "[[requests]]\ngenerator = 'sample.nois'", "did you mean 'sample.noise'"),
        ("a.toml", "[[requests]]\nseed = 1", "no 'generator'"),
        ("a.toml", "[[requests]]\ngenerator = 'sample.noise'\nsed = 1", "unknown key 'sed'"),
        ("a.toml", "[[requests]]\nparams = 3", "'params' must be a table"),
        ("a.jsonl", '{"generator": "sample.noise"}\n{"gen', "line 2"),
        ("a.jsonl", "3", "line 1: must be a table"),
        ("gone.toml", None, "gone.toml"),
    ],
)
def test_a_file_that_is_wrong_queues_nothing(run, tmp_path, name, text, fault):
    if text is not None:
        (tmp_path / name).write_text(text)
    assert fault in run("batch", tmp_path / name, code=2).err
    assert run("jobs", "list", "--json").data == []
