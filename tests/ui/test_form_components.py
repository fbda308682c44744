"""Controls of Gradio, built from fields."""

import json

import gradio as gr
import pytest

from studio.ui.form import build_fields
from studio.ui.form_components import build_form, describe_fields, place_form

SCHEMA = {
    "properties": {
        "size": {"type": "integer", "minimum": 32, "maximum": 4096, "default": 512, "unit": "px"},
        "scale": {"enum": [2, 4], "default": 4},
        "tint": {"type": "string", "pattern": "^(auto|#[0-9a-fA-F]{6})$", "default": "auto"},
        "prompt": {"type": "string", "title": "Prompt", "default": ""},
        "sizes": {"type": "array", "items": {"type": "integer"}, "default": [1, 2]},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        "odd": {"type": "object", "default": {"a": 1}},
        "rare": {"type": "boolean", "default": True, "advanced": True},
    }
}
FIELDS = build_fields(SCHEMA)


def build(values=None, say=str):
    with gr.Blocks() as blocks:
        built = build_form("a.b", FIELDS, values or {}, say)
    return blocks, built


def test_controls_by_shape():
    _, built = build()
    kinds = {name: type(component) for name, component in built.items()}
    assert kinds == {
        "size": gr.Slider, "scale": gr.Radio, "tint": gr.Textbox, "prompt": gr.Textbox,
        "sizes": gr.Textbox, "limit": gr.Number, "odd": gr.Textbox, "rare": gr.Checkbox,
    }  # fmt: skip


def test_values_given_win_over_defaults():
    _, built = build({"size": 64, "scale": 2, "sizes": [3], "rare": False})
    assert built["size"].value == 64
    assert json.loads(built["scale"].value) == 2
    assert built["sizes"].value == "3"
    assert built["rare"].value is False
    assert built["tint"].value == "auto"


def test_labels_are_translated_and_have_units():
    _, built = build(say=lambda text: text.upper())
    assert built["size"].label == "SIZE (px)"


@pytest.mark.parametrize("written", ["Of the tile", "of the tile", "Of the tile.", "of the tile."])
def test_a_summary_is_translated_however_its_author_wrote_it(written):
    schema = {"properties": {"side": {"type": "integer", "description": written}}}
    table = {written: "de la tesela."}
    with gr.Blocks():
        built = build_form("a.b", build_fields(schema), {}, lambda text: table.get(text, text))
    assert built["side"].info == "De la tesela"


def test_rare_params_are_folded_until_one_differs():
    for values, is_open in (({}, False), ({"rare": False}, True)):
        blocks, _ = build(values)
        (fold,) = [b for b in blocks.blocks.values() if isinstance(b, gr.Accordion)]
        assert fold.open is is_open


def test_changes_go_to_the_page_and_not_to_python():
    blocks, built = build()
    functions = list(blocks.fns.values())
    assert len(functions) == len(built)
    for function in functions:
        assert function.fn is None
        assert "studio?.take" in function.js and '"a.b"' in function.js
        assert len(function.inputs) == len(FIELDS)


def test_what_the_page_is_told_is_json():
    described = json.loads(json.dumps(describe_fields(FIELDS)))
    assert described[0]["name"] == "size" and described[0]["unit"] == "px"


def iterate_all(blocks):
    """Gradio puts controls of one look into a box of their own."""
    for block in blocks:
        yield block
        yield from iterate_all(getattr(block, "children", ()))


def test_a_form_stands_where_the_one_before_did_not():
    places = []
    for turn in (0, 1, 7, 8):
        with gr.Blocks() as blocks, place_form(turn):
            built = build_form("a.b", FIELDS, {}, str)
        forms = [one.children for one in blocks.children]
        (place,) = [n for n, one in enumerate(forms) if built["size"] in iterate_all(one)]
        places.append(place)
        assert [one.visible for one in blocks.children] == [False] * place + [True]
    assert places == [0, 1, 7, 0]
