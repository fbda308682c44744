"""Forms from schemas: every param has a control that can hold its default, whatever the plugin."""

import math
from enum import Enum
from typing import Literal, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field as Param
from pydantic import create_model

from studio.params import Params
from studio.ui.form import build_fields, find_start, offer_choices
from studio.ui.form_labels import build_choice_label, build_label, build_summary
from studio.ui.form_steps import choose_step, is_on_grid
from studio.validation import validate_params


class Engine(Enum):
    GODOT = "godot"
    UNITY = "unity_urp"


class Everything(Params):
    size: int = Param(512, ge=32, le=4096, json_schema_extra={"unit": "px"})
    strength: float = Param(0.5, ge=0, le=1, description="how much of it. ")
    temperature: float = Param(1.0, gt=0, le=2)
    steps: int = Param(20, ge=1)
    seedless: int | None = None
    limit: int | None = Param(None, ge=1, le=9)
    method: Literal["auto", "slow", "fast"] = "auto"
    scale: Literal[2, 3, 4] = 4
    engine: Engine = Engine.GODOT
    maybe: Literal["a", "b"] | None = None
    fit: bool = True
    tri: Optional[bool] = None  # noqa: UP045 - both ways of writing it
    prompt: str = Param("", max_length=2000)
    name: str = Param("", max_length=64)
    tint: str = Param("auto", pattern="^(auto|none|#[0-9a-fA-F]{6})$")
    paint: str = Param("#ff0000", json_schema_extra={"format": "color"})
    words: list[str] = []
    sizes: list[int] = Param([1, 2], json_schema_extra={"advanced": True})
    engines: list[Literal["godot", "unity"]] = []
    anything: dict[str, float] = {}
    needed: float = Param(ge=2, le=3)


FIELDS = {field.name: field for field in build_fields(Everything.model_json_schema())}


@pytest.mark.parametrize(
    ("name", "widget"),
    [
        ("size", "slider"), ("strength", "slider"), ("temperature", "slider"), ("steps", "number"),
        ("seedless", "number"), ("limit", "number"), ("method", "choice"), ("scale", "choice"),
        ("engine", "choice"), ("maybe", "choice"), ("fit", "checkbox"), ("tri", "choice"),
        ("prompt", "prompt"), ("name", "text"), ("tint", "colour"), ("paint", "colour"),
        ("words", "list"), ("sizes", "list"), ("engines", "choices"), ("anything", "json"),
    ],
)  # fmt: skip
def test_each_shape_has_its_control(name, widget):
    assert FIELDS[name].widget == widget


def test_order_is_that_of_the_params():
    assert list(FIELDS) == list(Everything.model_fields)


def test_what_a_slider_needs():
    assert (FIELDS["size"].minimum, FIELDS["size"].maximum, FIELDS["size"].step) == (32, 4096, 32)
    assert FIELDS["size"].unit == "px"
    assert FIELDS["strength"].step == 0.01
    assert FIELDS["temperature"].minimum == FIELDS["temperature"].step  # 0 itself is not allowed
    assert FIELDS["sizes"].is_advanced and not FIELDS["size"].is_advanced


def test_choices_are_values_not_texts():
    assert [value for _, value in FIELDS["scale"].choices] == [2, 3, 4]
    assert FIELDS["engine"].choices == (("Godot", "godot"), ("Unity URP", "unity_urp"))
    assert FIELDS["method"].is_inline and not FIELDS["maybe"].is_inline
    assert FIELDS["tint"].words == ("auto", "none") and FIELDS["paint"].words == ()


def test_what_may_be_null():
    nullable = {name for name, field in FIELDS.items() if field.is_optional}
    assert nullable == {"seedless", "limit", "maybe", "tri"}


def test_a_required_param_starts_with_something():
    assert FIELDS["needed"].is_required
    assert find_start(FIELDS["needed"], {}) == 2
    assert find_start(FIELDS["needed"], {"needed": 2.5}) == 2.5


def test_words_for_people():
    assert build_label("Guidance Scale") == "Guidance scale"
    assert build_label("num_inference_steps") == "Num inference steps"
    assert build_label("Bpm") == "BPM"
    assert build_summary("how much  of it. ") == "How much of it"
    assert build_choice_label("unity_hdrp", "") == "Unity HDRP"
    assert build_choice_label("gltf", "") == "glTF"
    assert build_choice_label(4, "x") == "4 x"


def test_an_unknown_shape_is_still_editable():
    schema = {"properties": {"odd": {"oneOf": [{"type": "object"}, {"type": "array"}]}}}
    assert build_fields(schema)[0].widget == "json"


def test_checkpoints_are_offered_and_others_may_be_typed():
    field = offer_choices(FIELDS["name"], {"tiny": "tiny", "01abc": "My own"}, "mine/own")
    assert field.widget == "choice" and field.is_open
    assert [value for _, value in field.choices] == ["", "tiny", "01abc", "mine/own"]
    assert [label for label, _ in field.choices] == ["Automatic", "tiny", "My own", "mine/own"]
    assert offer_choices(FIELDS["size"], {"tiny": "tiny"}) == FIELDS["size"]
    assert offer_choices(FIELDS["name"], {}).widget == "text"


def test_a_schema_that_refers_to_itself_ends():
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert build_fields(schema)[0].widget == "json"


BOUNDS = st.tuples(st.integers(-10_000, 10_000), st.integers(1, 100_000)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


@given(BOUNDS, st.floats(0, 1))
def test_whole_steps_meet_bounds_and_default(bounds, share):
    low, high = bounds
    default = low + round((high - low) * share)
    step = choose_step(low, high, {"default": default}, True)
    assert step >= 1 and step == int(step)
    assert is_on_grid(default, low, step) and is_on_grid(high, low, step)


@given(st.integers(-5, 5), st.sampled_from([0.5, 1, 2, 4, 10, 100]), st.integers(0, 20))
def test_real_steps_are_fine_and_meet_the_default(low, width, place):
    default = low + width * place / 20
    step = choose_step(low, low + width, {"default": default}, False)
    assert 0 < step <= width / 10
    assert is_on_grid(default, low, step)


SHAPES = st.one_of(
    BOUNDS.flatmap(
        lambda b: st.tuples(st.just(int), st.integers(*b).map(lambda d: Param(d, ge=b[0], le=b[1])))
    ),
    st.floats(-100, 100).map(lambda d: (float, Param(d, ge=-100, le=100))),
    st.floats(0.25, 4).map(lambda d: (float, Param(d, gt=0, lt=5))),
    st.booleans().map(lambda d: (bool, d)),
    st.lists(st.text("abc_-é", min_size=1, max_size=9), min_size=1, max_size=9, unique=True).map(
        lambda values: (Literal[tuple(values)], values[0])
    ),
    st.text(max_size=20).map(lambda d: (str, d)),
    st.none().map(lambda d: (int | None, d)),
    st.lists(st.integers(0, 9), max_size=3).map(lambda d: (list[int], d)),
)


@settings(max_examples=40)
@given(st.lists(SHAPES, min_size=1, max_size=6))
def test_what_controls_start_with_is_accepted(shapes):
    definitions = {f"p{i}": shape for i, shape in enumerate(shapes)}
    schema = create_model("Generated", __base__=Params, **definitions).model_json_schema()
    fields = build_fields(schema)
    assert [field.name for field in fields] == list(definitions)
    values = {field.name: find_start(field, {}) for field in fields}
    assert validate_params("a.b", schema, values) == validate_params("a.b", schema, {})
    for field in fields:
        if field.widget == "slider":
            assert field.minimum <= values[field.name] <= field.maximum
            assert math.isfinite(field.step) and field.step > 0
        if field.widget == "choice" and not field.is_optional:
            assert values[field.name] in [value for _, value in field.choices]


def test_every_installed_generator_gets_a_form(studio):
    for spec in studio.registry.find():
        fields = build_fields(spec.params_schema)
        assert [field.name for field in fields] == list(spec.params_schema.get("properties", {}))
        assert "json" not in {field.widget for field in fields}, spec.id
