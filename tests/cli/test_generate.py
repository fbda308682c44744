import pytest


def test_makes_assets_and_copies_them(run, tmp_path):
    result = run(
        "generate", "sample.noise", "--size", "16", "--seed", 7, "--count", 2, "--out",
        tmp_path / "out", "--json",
    )  # fmt: skip
    first, second = result.data
    assert (first["seed"], second["seed"]) == (7, 8)
    assert first["kind"] == "image"
    assert len(first["payload_hash"]) == 64
    assert set(first) >= {"id", "path", "kind", "seed", "payload_hash", "metrics", "files"}
    assert sorted((tmp_path / "out").iterdir()) == sorted(
        (tmp_path / "out").joinpath(p.rpartition("/")[2]) for a in result.data for p in a["saved"]
    )


def test_same_seed_same_payload(run):
    once = run("generate", "sample.noise", "--seed", 5, "--json").data
    again = run("generate", "sample.noise", "--seed", 5, "--json").data
    assert once[0]["payload_hash"] == again[0]["payload_hash"]
    assert once[0]["id"] != again[0]["id"]


def test_a_table_without_json(run):
    result = run("generate", "sample.noise", "--seed", 3)
    lines = result.out.splitlines()
    assert lines[0].split() == ["id", "seed", "figures", "file"]
    assert " 3 " in lines[1] and lines[1].endswith(".png")
    assert "\t" not in result.out


def test_inputs_by_path_and_id(run, make_image):
    picture = make_image()
    (negative,) = run("generate", "sample.invert", "--input", f"image={picture}", "--json").data
    (twice,) = run("generate", "sample.invert", "--input", negative["id"], "--json").data
    shown = run("assets", "show", twice["id"], "--lineage", "--json").data
    assert len(shown["lineage"]["assets"]) == 3


def test_a_preset_and_a_param_over_it(run):
    run("presets", "save", "sample.noise", "Tiny", "--size", "4", "--colour", "red")
    made = run("generate", "sample.noise", "--preset", "tiny", "--size", 5, "--json").data
    params = run("assets", "show", made[0]["id"], "--json").data["params"]
    assert (params["size"], params["colour"]) == (5, "red")


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        (["sample.nois"], "did you mean 'sample.noise'"),
        (["sample.noise", "--siz", "3"], "did you mean --size"),
        (["sample.noise", "--sed", "3"], "did you mean --seed"),
        (["sample.noise", "--size"], "--size: a value is missing"),
        (["sample.noise", "--size", "abc"], "wants integer, not 'abc'"),
        (["sample.noise", "--size", "5000"], "must be at most 1024"),
        (["sample.noise", "--size", "1", "--size", "2"], "given twice"),
        (["sample.noise", "--colour", "pink"], "must be one of"),
        (["sample.noise", "--count", "0"], "'count' must be"),
        (["sample.noise", "--count", "x"], "--count"),
        (["sample.noise", "--seed", "-1"], "'seed' must be"),
        (["sample.noise", "--priority", "high"], "interactive, normal or batch"),
        (["sample.noise", "--preset", "none"], "no preset 'none'"),
        (["sample.noise", "stray"], "unexpected 'stray'"),
        (["sample.noise", "--input", "x=1"], "no input 'x'"),
        (["sample.invert"], "input 'image' is missing"),
        (["sample.invert", "--input", "image=gone.png"], "no such file"),
        (["sample.blend", "--input", "gone.png"], "write it NAME=PATH_OR_ID"),
        (["--size", "3", "sample.noise"], "name it first"),
        ([], "ID is missing"),
    ],
)
def test_wrong_use_queues_nothing(run, args, fault):
    result = run("generate", *args, code=2)
    assert fault in result.err
    assert result.err.startswith("studio: ") and "Traceback" not in result.err
    assert run("jobs", "list", "--json").data == []


def test_errors_as_json(run):
    error = run("generate", "sample.noise", "--size", "5000", "--json", code=2).data["error"]
    assert error["type"] == "InvalidParamsError"
    assert "5000" in error["message"]
    assert error["exit_code"] == 2


def test_a_broken_input_is_told(run, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    assert "bad.png" in run("generate", "sample.invert", "--input", bad, code=2).err


def test_a_generator_that_fails(run, make_plugin, use_plugins):
    source = """
from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

class Wrong(Generator):
    id, title, summary = "faulty.wrong", "Wrong", "Always raises."
    output = MediaType.IMAGE
    class Params(Params):
        pass
    def generate(self, params, job):
        raise ValueError("no luck")
        yield

@hookimpl
def register_generators(register):
    register(Wrong)
"""
    use_plugins(make_plugin("faulty", source))
    assert "no luck" in run("generate", "faulty.wrong", code=1).err
    (job,) = run("jobs", "list", "--json").data
    assert job["status"] == "failed"
    assert "Traceback" not in run("jobs", "show", job["id"]).out
    assert "ValueError: no luck" in run("jobs", "show", job["id"], "--verbose").out
    assert run("jobs", "retry", job["id"], code=1).err.startswith("1 of 1 queued again")


def test_no_wait_leaves_a_job_that_can_be_waited_for(run):
    (job,) = [run("generate", "sample.noise", "--no-wait", "--json").data["id"]]
    assert run("jobs", "wait", job, "--json").data[0]["status"] == "done"


def test_help_tells_the_params(run):
    text = run("generate", "sample.blend", "--help").out
    assert "--amount number" in text
    assert "0..1, default 0.5" in text
    assert "share of the second picture" in text
    assert "--input first=..." in text
    assert "--input second=..." in text


def test_help_of_an_unknown_generator(run):
    assert "did you mean" in run("generate", "sample.nois", "--help", code=2).err


def test_help_without_a_generator(run, home):
    assert "--input NAME=PATH_OR_ID" in run("generate", "--help").out
    assert not (home / "studio.db").exists()
