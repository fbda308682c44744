from pathlib import Path

import pytest

from studio.errors import PipelineError
from studio.media import MediaType
from studio.pipelines.recipe import load_pipeline, parse_pipeline


def test_reads_a_pack(pack: str, tmp_path: Path) -> None:
    path = tmp_path / "my-pack.toml"
    path.write_text(pack.replace("GATE", 'gate = { metric = "seam", max = 1.3 }'))
    pipeline = load_pipeline(path)
    assert pipeline.name == "my-pack"
    assert pipeline.title == "Pack"
    assert pipeline.inputs["pictures"].kinds == (MediaType.IMAGE,)
    assert [step.name for step in pipeline.steps] == ["vary", "material", "export", "sheet"]
    assert pipeline.steps[0].gate is not None and pipeline.steps[0].gate.tries == 4
    assert pipeline.params_schema["required"] == []


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.toml"):
        load_pipeline(tmp_path / "none.toml")


def test_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'title = "\xff"')
    with pytest.raises(PipelineError, match=r"latin\.toml"):
        load_pipeline(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title =", "title", ["pack", "TOML"]),
        (
            'foreach = "vary"',
            'for_each = "vary"',
            ["step 2 'material'", "for_each", "did you mean foreach?"],
        ),
        ('title = "Pack"', 'tittle = "Pack"', ["tittle", "title"]),
        ("many = true", "manny = true", ["[inputs.pictures]", "manny", "many"]),
        ('kinds = ["image"]', 'kinds = ["picture"]', ["inputs.pictures.kinds", "image"]),
        ("GATE", 'gate = { metric = "s", maximum = 1 }', ["step 1 'vary'", "maximum", "max"]),
        ('name = "sheet"', 'name = "Sheet!"', ["step 4 'Sheet!'", "name"]),
        ('generator = "toys.sheet"', "", ["step 4 'sheet'", "generator"]),
        ('name = "sheet"', "", ["step 4", "name"]),
    ],
)
def test_typos_are_named(pack: str, old: str, new: str, words: list[str]) -> None:
    text = pack.replace(old, new).replace("GATE", "")
    with pytest.raises(PipelineError) as caught:
        parse_pipeline(text, "pack")
    for word in words:
        assert word in str(caught.value)


def test_no_steps() -> None:
    with pytest.raises(PipelineError, match="steps"):
        parse_pipeline('title = "Empty"\nsteps = []', "empty")


def test_steps_that_are_no_list() -> None:
    with pytest.raises(PipelineError, match="steps"):
        parse_pipeline("steps = 3", "odd")
