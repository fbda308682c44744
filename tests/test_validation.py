"""Validation of params against a schema, and of command-line text."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from studio.errors import InvalidParamsError
from studio.params import Params
from studio.validation import parse_param, validate_params


class Sample(Params):
    size: int = Field(64, ge=8, le=512)
    name: str = "x"
    mode: Literal["fast", "good"] = "fast"
    weight: float = Field(0.5, gt=0, lt=1)
    tags: list[str] = []
    maybe: int | None = None
    flag: bool = False
    needed: str


SCHEMA = Sample.model_json_schema()


def test_defaults_are_filled_in():
    values = validate_params("a.b", SCHEMA, {"needed": "y"})
    assert values == {**Sample(needed="y").model_dump()}


@given(
    st.fixed_dictionaries(
        {"needed": st.text()},
        optional={
            "size": st.integers(-10, 600),
            "mode": st.sampled_from(["fast", "good", "bad"]),
            "weight": st.floats(allow_nan=True, allow_infinity=True),
            "maybe": st.none() | st.integers(),
            "flag": st.booleans(),
            "tags": st.lists(st.text(), max_size=2),
        },
    )
)
def test_the_schema_says_what_the_class_says(values):
    try:
        expected = Sample(**values).model_dump()
    except ValidationError:
        with pytest.raises(InvalidParamsError):
            validate_params("a.b", SCHEMA, values)
    else:
        assert validate_params("a.b", SCHEMA, values) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ["needed"]),
        ({"needed": "y", "sise": 1}, ["sise", "did you mean 'size'"]),
        ({"needed": "y", "size": 7}, ["size", "at least 8", "7"]),
        ({"needed": "y", "size": 513}, ["size", "at most 512"]),
        ({"needed": "y", "size": 8.5}, ["size", "integer"]),
        ({"needed": "y", "weight": 1}, ["weight", "less than 1"]),
        ({"needed": "y", "weight": float("inf")}, ["weight", "finite"]),
        ({"needed": "y", "mode": "best"}, ["mode", "fast", "good", "best"]),
        ({"needed": 3}, ["needed", "string"]),
        ({"needed": "y", "tags": [1]}, ["tags"]),
    ],
)
def test_faults_are_named(values, words):
    with pytest.raises(InvalidParamsError) as raised:
        validate_params("a.b", SCHEMA, values)
    for word in ["a.b", *words]:
        assert word in str(raised.value)


def test_equal_numbers_are_the_same_value():
    given = {"needed": "y", "size": 64.0}
    assert repr(validate_params("a.b", SCHEMA, given)["size"]) == "64"
    schema = {"properties": {"x": {"type": "number", "default": 1.0}}, "type": "object"}
    assert repr(validate_params("a.b", schema, {"x": 1})["x"]) == "1.0"
    assert repr(validate_params("a.b", schema, {})["x"]) == "1.0"


def test_a_preset_needs_nothing_and_gets_no_defaults():
    assert validate_params("a.b", SCHEMA, {"size": 9}, partial=True) == {"size": 9}
    with pytest.raises(InvalidParamsError):
        validate_params("a.b", SCHEMA, {"size": 7}, partial=True)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("size", "12", 12),
        ("weight", "0.25", 0.25),
        ("name", "12", "12"),
        ("needed", "true", "true"),
        ("flag", "yes", True),
        ("flag", "false", False),
        ("maybe", "none", None),
        ("maybe", "4", 4),
        ("tags", '["a", "b"]', ["a", "b"]),
        ("tags", "a, b", ["a", "b"]),
        ("mode", "good", "good"),
    ],
)
def test_command_line_text(name, text, value):
    assert parse_param("a.b", SCHEMA, name, text) == value


def test_command_line_faults():
    with pytest.raises(InvalidParamsError, match="integer"):
        parse_param("a.b", SCHEMA, "size", "large")
    with pytest.raises(InvalidParamsError, match="size"):
        parse_param("a.b", SCHEMA, "sise", "3")
