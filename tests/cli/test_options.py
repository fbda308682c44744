import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from studio.cli.command import WrongUseError
from studio.cli.options import describe_params, read_params
from studio.errors import InvalidParamsError
from studio.params import Params


class Sample(Params):
    tile_size: int = Field(64, ge=8, le=512, multiple_of=8, json_schema_extra={"unit": "px"})
    strength: float | None = Field(None, gt=0, description="how much")
    tiles: bool = True
    mode: Literal["fast", "good"] = "good"
    words: str = ""
    sizes: tuple[int, ...] = (1, 2)
    secret: int = Field(0, json_schema_extra={"advanced": True})
    name: str


SCHEMA = Sample.model_json_schema()


def read(*words, **settings):
    return read_params("sample.x", SCHEMA, words, **settings)


def test_values_of_every_type():
    given = read(
        "--tile-size", "64", "--strength", "-0.5", "--no-tiles", "--mode=fast", "--sizes", "3,4",
        "--words", "a b",
    )  # fmt: skip
    assert given == {
        "tile_size": 64,
        "strength": -0.5,
        "tiles": False,
        "mode": "fast",
        "sizes": [3, 4],
        "words": "a b",
    }  # fmt: skip


def test_underscores_do_as_well():
    assert read("--tile_size", "8") == {"tile_size": 8}


def test_switches():
    assert read("--tiles") == {"tiles": True}
    assert read("--tiles", "no") == {"tiles": False}
    assert read("--tiles", "--words", "x") == {"tiles": True, "words": "x"}
    assert read("--tiles=off") == {"tiles": False}


def test_a_value_that_begins_with_dashes():
    assert read("--words=--x") == {"words": "--x"}


def test_pairs_for_names_that_options_have():
    assert read(pairs=["tile-size=8", "words=a=b"]) == {"tile_size": 8, "words": "a=b"}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--tilesize", "3"], "did you mean --tile-size"),
        (["--zzz"], "it has --tile-size, --strength"),
        (["--words"], "a value is missing"),
        (["--words", "--tiles"], "a value is missing"),
        (["--words", "a", "--words", "b"], "given twice"),
        (["stray"], "unexpected 'stray'"),
    ],
)
def test_wrong_words(words, fault):
    with pytest.raises(WrongUseError, match=fault):
        read(*words)


def test_the_options_of_the_command_are_suggested_too():
    with pytest.raises(WrongUseError, match="did you mean --seed"):
        read("--sed", "3", options=["--seed"])


def test_wrong_type():
    with pytest.raises(InvalidParamsError, match="tile_size"):
        read("--tile-size", "big")


@given(st.integers(), st.booleans(), st.text().filter(lambda t: not t.startswith("--")))
def test_what_is_written_is_read(number, flag, words):
    line = ["--tile-size", str(number), f"--tiles={json.dumps(flag)}", f"--words={words}"]
    assert read(*line) == {"tile_size": number, "tiles": flag, "words": words}


def test_descriptions():
    found = {item.name: item for item in describe_params(SCHEMA)}
    names = list(found)
    assert (names[0], names[-1]) == ("name", "secret")
    size = found["tile_size"]
    assert (size.option, size.type, size.unit) == ("--tile-size", "integer", "px")
    assert size.range == "8..512, multiple of 8"
    assert found["strength"].range == "> 0"
    assert found["strength"].default == "none"
    assert found["tiles"].option == "--tiles, --no-tiles"
    assert found["mode"].type == "fast|good"
    assert found["sizes"].type == "list of integer"
    assert found["sizes"].default == "1,2"
    assert found["name"].is_required
    text = size.describe(lambda template, **values: template.format(**values))
    assert text == "[8..512, multiple of 8, px, default 64]"
