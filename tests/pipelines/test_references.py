import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.pipelines.references import (
    find_value_names,
    find_whole_name,
    parse_asset,
    substitute,
)


def test_whole_string_keeps_type() -> None:
    names = {"n": 3, "flag": True, "list": ["a"]}
    assert substitute({"a": "${n}", "b": ["${flag}"], "c": "${list}"}, names) == {
        "a": 3,
        "b": [True],
        "c": ["a"],
    }


def test_embedded_becomes_text() -> None:
    assert substitute("a ${n} of ${flag}", {"n": 3, "flag": False}) == "a 3 of false"


def test_dollar_is_escaped() -> None:
    assert substitute("$${n} costs $$5", {}) == "${n} costs $5"
    assert list(find_value_names("$${n}")) == []
    assert find_whole_name("$$") is None


def test_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        substitute("${who}", {})


def test_names_are_found_at_any_depth() -> None:
    value = {"a": ["${x}", {"b": "is ${y}"}], "c": 1}
    assert list(find_value_names(value)) == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("$each", (False, "each")),
        ("$vary", (False, "vary")),
        ("$each.vary", (True, "vary")),
        ("vary", None),
        ("$vary.each", None),
        ("${vary}", None),
        ("$", None),
    ],
)
def test_asset_references(text: str, parsed: tuple[bool, str] | None) -> None:
    assert parse_asset(text) == parsed


@given(st.text().filter(lambda text: "$" not in text))
def test_plain_text_is_left_alone(text: str) -> None:
    assert substitute(text, {}) == text


@given(st.text())
def test_escaped_text_comes_back(text: str) -> None:
    assert substitute(text.replace("$", "$$"), {}) == text
