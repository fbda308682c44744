"""Fields as Gradio components. What they hold goes to the page's `studio.take`, not to Python."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.components import Component

from studio.ui.form import Field, find_start
from studio.ui.form_labels import build_summary

_PLACES = 8  # of what is asked for in a hurry, Gradio renders the first and the last

Say = Callable[[str], str]
"""English text -> the language of who looks at the form."""


@contextmanager
def place_form(turn: int) -> Iterator[None]:
    """Put a form where the one before was not.

    Gradio hands what is rendered to the controls that stood at the same places before, whatever
    they are: a number would be told "auto", and a prompt keep what the page had put beside it.

    Args:
        turn: number of the form, as the page counts what it asks for.
    """
    for _ in range(turn % _PLACES):
        gr.Column(visible=False)
    with gr.Column(elem_classes="s-fields"):
        yield


def build_form(
    name: str, fields: Sequence[Field], values: Mapping[str, Any], say: Say, prefix: str = "field"
) -> dict[str, Component]:
    """Build the controls of a form where it stands; the rare ones are folded away.

    Whatever is changed is told to the page: `studio.take(name, {param: value})`.

    Args:
        name: of the form, for the page; e.g. the generator's id.
        fields: as `studio.ui.form.build_fields`.
        values: what the controls start with; the default for those that are missing.
        say: translates labels.
        prefix: of the ids: the control of param "size" is `#field-size`.
    """
    built: dict[str, Component] = {}
    for field in (field for field in fields if not field.is_advanced):
        built[field.name] = build_component(field, values, say, prefix)
    rare = [field for field in fields if field.is_advanced]
    if rare:
        is_open = any(f.name in values and values[f.name] != f.default for f in rare)
        with gr.Accordion(say("More settings"), open=is_open, elem_classes="s-more"):
            for field in rare:
                built[field.name] = build_component(field, values, say, prefix)
    take = build_take(name, fields)
    for component in built.values():
        component.change(  # type: ignore[attr-defined]
            fn=None, inputs=list(built.values()), js=take, queue=False, api_visibility="private"
        )
    return built


def build_take(name: str, fields: Sequence[Field]) -> str:
    """Return the script that tells the page all values of a form."""
    names = [f.name for f in fields if not f.is_advanced] + [
        f.name for f in fields if f.is_advanced
    ]
    return (
        f"(...values) => {{ window.studio?.take({json.dumps(name)}, "
        f"Object.fromEntries({json.dumps(names)}.map((name, i) => [name, values[i]]))); "
        "return []; }"
    )


def describe_fields(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Return what the page needs to know of fields, to read values and show faults."""
    return [
        {
            "name": field.name,
            "label": field.label,
            "widget": field.widget,
            "default": field.default,
            "optional": field.is_optional,
            "open": field.is_open,
            "numeric": field.is_numeric,
            "whole": field.is_whole,
            "minimum": field.minimum,
            "maximum": field.maximum,
            "step": field.step,
            "unit": field.unit,
            "choices": [list(choice) for choice in field.choices],
            "words": list(field.words),
        }
        for field in fields
    ]


def build_component(field: Field, values: Mapping[str, Any], say: Say, prefix: str) -> Component:
    """Build the control of one field."""
    label = translate(field.label, say)
    common: dict[str, Any] = {
        "label": f"{label} ({field.unit})" if field.unit else label,
        "info": build_summary(say(field.summary)) or None,
        "elem_id": f"{prefix}-{field.name}",
        "elem_classes": ["s-field", f"s-field-{field.widget}"],
        "interactive": True,
    }
    builders = {
        "slider": _build_slider,
        "number": _build_number,
        "checkbox": _build_checkbox,
        "choice": _build_choice,
        "choices": _build_choices,
        "colour": _build_colour,
        "prompt": _build_text,
        "text": _build_text,
        "list": _build_text,
        "json": _build_text,
    }
    return builders[field.widget](field, find_start(field, values), common, say)


def translate(text: str, say: Say) -> str:
    """Translate a label, which a table may have as its author wrote it, without the capital."""
    small = text[:1].lower() + text[1:]
    for key in (text, small):
        said = say(key)
        if said != key:
            return build_summary(said)
    return text


def _build_slider(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    assert field.minimum is not None and field.maximum is not None
    return gr.Slider(
        field.minimum, field.maximum, value, step=field.step, buttons=["reset"], **common
    )


def _build_number(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    # No bounds here: Gradio would mend the value silently, and the check says what is wrong.
    empty = say("Automatic") if field.is_optional else None
    step = 1 if field.is_whole else (field.step or 0.01)
    return gr.Number(value, step=step, placeholder=empty, **common)


def _build_checkbox(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    return gr.Checkbox(bool(value), **common)


def _build_choice(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    names = field.choices if field.is_open else ()  # what has a name of its own keeps it
    choices = [
        (label if item and (label, item) in names else translate(label, say), _wrap(item))
        for label, item in field.choices
    ]
    if field.is_inline:
        return gr.Radio(choices, value=_wrap(value), **common)
    if field.is_optional:
        choices.insert(0, (say("Automatic"), _wrap(None)))
    return gr.Dropdown(
        choices,
        value=_wrap(value),
        filterable=field.is_open or len(choices) > 8,
        allow_custom_value=field.is_open,
        **common,
    )


def _build_choices(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    choices = [(translate(label, say), _wrap(item)) for label, item in field.choices]
    return gr.CheckboxGroup(choices, value=[_wrap(item) for item in value or ()], **common)


def _build_colour(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    if field.words or field.is_optional:
        # A word or a colour: a box for the word; the page puts a colour picker beside it.
        return gr.Textbox("" if value is None else value, max_lines=1, **common)
    return gr.ColorPicker(value, **common)


def _build_text(field: Field, value: Any, common: dict[str, Any], say: Say) -> Component:
    lines = {"prompt": 3, "json": 3}.get(field.widget, 1)
    if field.widget == "list":
        value = ", ".join(map(str, value or ()))
    elif field.widget == "json":
        value = "" if value is None else json.dumps(value, ensure_ascii=False)
    return gr.Textbox(
        value, lines=lines, max_lines=8 if lines > 1 else 1, max_length=None, **common
    )


def _wrap(value: Any) -> str:
    """Carry a value through a choice as JSON: Gradio would take 1, True and "1" for one."""
    return json.dumps(value, ensure_ascii=False)
