"""Errors travel as data and come back as what they were."""

import pytest

from studio.errors import InvalidInputError, StudioError, error_from_dict


def test_a_round_trip_keeps_type_and_text():
    error = InvalidInputError("{path}: is {fault}", path="a {b}.png", fault=ValueError("no"))
    again = error_from_dict(error.to_dict())
    assert type(again) is InvalidInputError
    assert str(again) == str(error) == "a {b}.png: is no"


def test_an_unknown_type_is_still_an_error():
    error = error_from_dict({"type": "os.system", "template": "x", "values": {}})
    assert type(error) is StudioError
    assert str(error) == "x"


def test_braces_without_values_are_text():
    assert str(StudioError("a {b} c")) == "a {b} c"


@pytest.mark.parametrize("data", [{}, {"values": None}, {"template": "y"}])
def test_broken_data_is_no_crash(data):
    assert str(error_from_dict(data))
