"""From the JSON Schema of params to fields of a form: plain data, no component yet."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from studio.ui.form_labels import build_choice_label, build_label
from studio.ui.form_steps import choose_step, is_on_grid

Schema = Mapping[str, Any]
Widget = Literal[
    "slider", "number", "checkbox", "choice", "choices", "colour", "text", "prompt", "list", "json"
]

_FEW = 4  # choices up to which all of them are shown side by side
_SHORT = 34  # letters that fit side by side
_MOST_STEPS = 100_000  # a slider with more cannot be set by hand
_COLOUR = re.compile(r"#\[0-9a-f(?:A-F)?\]|#\[0-9a-fA-F\]|#\[A-Fa-f0-9\]|#\[a-fA-F0-9\]")
_PROMPTS = ("prompt", "negative_prompt", "lyrics", "text", "description")


@dataclass(frozen=True)
class Field:
    """One param of a form.

    Attributes:
        name: of the param.
        label: what people read, English.
        summary: a sentence of help, as its author wrote it, English, or "".
        widget: which control.
        default: JSON value; None also when there is none.
        is_optional: may be null; an empty control means null.
        is_required: has no default.
        is_advanced: folded away.
        is_whole: an integer, or a list of them.
        is_numeric: a number, or a list of them.
        minimum, maximum, step: of a slider always, of a number where known.
        unit: e.g. "px", or "".
        choices: label and value of each, for "choice" and "choices".
        words: what a "colour" may be besides a colour, e.g. ("auto", "none").
        is_open: other texts than the choices may be typed.
        is_inline: few short choices, shown side by side.
        longest: characters a text may have; None: any number.
    """

    name: str
    label: str
    widget: Widget
    summary: str = ""
    default: Any = None
    is_optional: bool = False
    is_required: bool = False
    is_advanced: bool = False
    is_whole: bool = False
    is_numeric: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, Any], ...] = ()
    words: tuple[str, ...] = ()
    is_open: bool = False
    is_inline: bool = False
    longest: int | None = None


def build_fields(schema: Schema) -> list[Field]:
    """Return a field for each param, in the order of the schema.

    Args:
        schema: JSON Schema of an object, as pydantic writes it; `json_schema_extra` may have
            added `unit`, `step`, `advanced`, `widget`, `labels` (value -> text).
    """
    required = set(schema.get("required", ()))
    return [
        _build_field(name, raw, schema, name in required)
        for name, raw in schema.get("properties", {}).items()
    ]


def offer_choices(field: Field, values: Mapping[str, str], current: Any = None) -> Field:
    """Return a text field that offers values, such as the checkpoints there are.

    Args:
        field: of a text.
        values: what is offered -> how it is called.
        current: what the field holds, offered too.
    """
    known = [field.default, *values, current]
    texts = list(dict.fromkeys(value for value in known if isinstance(value, str)))
    if field.widget not in ("text", "prompt") or not any(texts):
        return field
    choices = tuple((values.get(text) or text or "Automatic", text) for text in texts)
    return replace(field, widget="choice", choices=choices, is_open=True)


def find_start(field: Field, given: Mapping[str, Any]) -> Any:
    """Return the value a control starts with: what is given, the default, or something that fits.

    A required param without default starts with the middle of its range, its first choice, or
    empty: a first click should have something to go on.
    """
    if field.name in given:
        return given[field.name]
    if field.default is not None or not field.is_required:
        return field.default
    starts: dict[str, Any] = {
        "checkbox": False,
        "choice": field.choices[0][1] if field.choices else None,
        "choices": [],
        "colour": field.words[0] if field.words else "#808080",
        "text": "",
        "prompt": "",
        "list": [],
    }
    if field.widget == "slider":
        return field.minimum
    return starts.get(field.widget)


def _build_field(name: str, raw: Schema, root: Schema, is_required: bool) -> Field:
    schema, is_optional = _flatten(raw, root)
    common: dict[str, Any] = {
        "name": name,
        "label": build_label(str(schema.get("title") or name)),
        "summary": str(schema.get("description", "")),
        "default": schema.get("default"),
        "is_optional": is_optional,
        "is_required": is_required,
        "is_advanced": bool(schema.get("advanced")),
        "unit": str(schema.get("unit", "")),
    }
    for build in (_build_choice, _build_scalar, _build_array):
        found = build(schema, root, is_optional)
        if found:
            return Field(**{**common, **found})
    return Field(**common, widget="json")


def _build_choice(schema: Schema, root: Schema, is_optional: bool) -> dict[str, Any] | None:
    values = find_choices(schema)
    if not values or not all(isinstance(value, str | int | float) for value in values):
        return None
    labels: Mapping[str, str] = schema.get("labels", {})
    unit = str(schema.get("unit", ""))
    choices = [
        (str(labels.get(str(value), build_choice_label(value, unit))), value) for value in values
    ]
    length = sum(len(label) + 2 for label, _ in choices)
    return {
        "widget": "choice",
        "choices": tuple(choices),
        "is_inline": len(choices) <= _FEW and length <= _SHORT and not is_optional,
        "is_numeric": all(_is_number(value) for value in values),
        "is_whole": all(isinstance(value, int) for value in values),
    }


def _build_scalar(schema: Schema, root: Schema, is_optional: bool) -> dict[str, Any] | None:
    kind = schema.get("type")
    if kind == "boolean":
        if not is_optional:
            return {"widget": "checkbox"}
        choices = (("Yes", True), ("No", False))
        return {"widget": "choice", "choices": choices}
    if kind in ("integer", "number"):
        return _build_number(schema, kind == "integer", is_optional)
    if kind == "string":
        return _build_text(schema)
    return None


def _build_number(schema: Schema, is_whole: bool, is_optional: bool) -> dict[str, Any]:
    low, high = _find_bounds(schema, is_whole)
    found = {
        "widget": "number",
        "is_numeric": True,
        "is_whole": is_whole,
        "minimum": low,
        "maximum": high,
        "step": schema.get("step") or schema.get("multipleOf") or (1 if is_whole else None),
    }
    wanted = schema.get("widget")
    if low is None or high is None or high <= low or is_optional or wanted == "number":
        return found
    step = choose_step(low, high, schema, is_whole)
    if (high - low) / step > _MOST_STEPS and wanted != "slider":
        return found
    if "exclusiveMinimum" in schema and not is_whole:
        low += step
    if "exclusiveMaximum" in schema and not is_whole:
        high -= step
    default = schema.get("default")
    if high <= low or (_is_number(default) and not is_on_grid(float(default or 0), low, step)):
        return found
    return {**found, "widget": "slider", "minimum": low, "maximum": high, "step": step}


def _build_text(schema: Schema) -> dict[str, Any]:
    pattern = str(schema.get("pattern", ""))
    wanted = schema.get("widget") or schema.get("format")
    if wanted in ("color", "colour") or _COLOUR.search(pattern):
        return {"widget": "colour", "words": _find_words(pattern)}
    longest = schema.get("maxLength")
    title = str(schema.get("title", "")).lower().replace(" ", "_")
    is_long = wanted in ("prompt", "textarea") or (wanted is None and title in _PROMPTS)
    return {"widget": "prompt" if is_long else "text", "longest": longest}


def _build_array(schema: Schema, root: Schema, is_optional: bool) -> dict[str, Any] | None:
    if schema.get("type") != "array" or "prefixItems" in schema:
        return None
    items, _ = _flatten(schema.get("items", {}), root)
    values = find_choices(items)
    if values and all(isinstance(value, str | int | float) for value in values):
        choices = tuple((build_choice_label(value, ""), value) for value in values)
        return {"widget": "choices", "choices": choices}
    if items.get("type") in ("string", "integer", "number"):
        is_numeric = items["type"] != "string"
        return {
            "widget": "list",
            "is_numeric": is_numeric,
            "is_whole": items["type"] == "integer",
        }
    return None


def find_choices(schema: Schema) -> list[Any]:
    """Return the values of `enum` or `const`; none if any value would do."""
    if "const" in schema:
        return [schema["const"]]
    return [value for value in schema.get("enum", ()) if value is not None]


def _flatten(raw: Schema, root: Schema, depth: int = 0) -> tuple[dict[str, Any], bool]:
    """Resolve references and "or null"; return the schema and whether it may be null."""
    schema = dict(raw)
    if "$ref" in schema and depth < 8:
        target = root.get("$defs", {}).get(str(schema.pop("$ref")).rpartition("/")[2], {})
        inner, is_null = _flatten(target, root, depth + 1)
        return {**inner, **schema}, is_null
    parts = [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, ())]
    if parts and depth < 8:
        real = [part for part in parts if part.get("type") != "null"]
        outer = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf", "allOf")}
        if len(real) == 1:
            inner, is_null = _flatten(real[0], root, depth + 1)
            return {**inner, **outer}, is_null or len(real) < len(parts)
        return outer, len(real) < len(parts)
    kinds = schema.get("type")
    if isinstance(kinds, list):
        real_kinds = [kind for kind in kinds if kind != "null"]
        schema["type"] = real_kinds[0] if len(real_kinds) == 1 else "any"
        return schema, "null" in kinds
    return schema, None in schema.get("enum", ())


def _find_bounds(schema: Schema, is_whole: bool) -> tuple[float | None, float | None]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + (1 if is_whole else 0)
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - (1 if is_whole else 0)
    return low, high


def _find_words(pattern: str) -> tuple[str, ...]:
    """Read the words out of a pattern such as ^(auto|none|#...)$."""
    return tuple(_iterate_words(pattern))


def _iterate_words(pattern: str) -> Iterator[str]:
    for part in pattern.strip("^$").strip("()").split("|"):
        if re.fullmatch(r"[a-z][a-z_-]*", part):
            yield part


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
