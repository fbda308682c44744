"""Validation from a JSON Schema: the host never imports a plugin's `Params` class.

It validates against the schema in the `GeneratorSpec`, fills the defaults, and turns command-line
text into values. (Apart from `params`, so that workers do not pay for a schema library.)
"""

import json
import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from studio.errors import InvalidParamsError

Schema = Mapping[str, Any]


def validate_params(
    generator: str, schema: Schema, values: Mapping[str, Any], *, partial: bool = False
) -> dict[str, Any]:
    """Check `values` against `schema` and return them with every default filled in.

    Args:
        generator: the generator's id, for the message.
        schema: JSON Schema of its `Params`.
        values: name -> JSON value.
        partial: a preset: nothing is required, and no default is filled in.

    Raises:
        InvalidParamsError: a name is unknown or missing, or a value has the wrong type or range.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, value in values.items():
        fault = _find_strange(generator, name, value, properties)
        if fault is not None:
            raise fault
    if partial:
        schema = {key: value for key, value in schema.items() if key != "required"}
    error = best_match(Draft202012Validator(schema).iter_errors(dict(values)))
    if error is not None:
        raise _build_error(generator, error)
    values = {name: _normalise(value, properties[name], schema) for name, value in values.items()}
    if partial:
        return values
    defaults = {name: field["default"] for name, field in properties.items() if "default" in field}
    return {**defaults, **values}


def find_param_faults(
    generator: str, schema: Schema, values: Mapping[str, Any]
) -> dict[str, InvalidParamsError]:
    """Return param -> what is wrong with it, of all params at once, for people who type.

    Args: as `validate_params`, which raises the first of what this returns.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    strange = {
        name: _find_strange(generator, name, value, properties) for name, value in values.items()
    }
    faults = {name: fault for name, fault in strange.items() if fault is not None}
    sound = {name: value for name, value in values.items() if name not in faults}
    groups: dict[str, list[ValidationError]] = {}
    for error in Draft202012Validator(schema).iter_errors(sound):
        groups.setdefault(_find_field(error), []).append(error)
    for name, errors in groups.items():
        worst = best_match(iter(errors))
        if worst is not None and name not in faults:
            faults[name] = _build_error(generator, worst)
    return faults


def parse_param(generator: str, schema: Schema, name: str, text: str) -> Any:
    """Turn the text of a command-line option into the value that `schema` wants.

    Text is taken as it stands where the schema admits a string; otherwise it is read as JSON.

    Raises:
        InvalidParamsError: no such param, or the text is no value of its type.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    if name not in properties:
        raise _build_unknown_error(generator, name, list(properties))
    types = set(_iterate_types(properties[name], schema))
    if "null" in types and text.lower() in {"none", "null"}:
        return None
    if "boolean" in types and text.lower() in {"yes", "on", "no", "off", "true", "false"}:
        return text.lower() in {"yes", "on", "true"}
    if types & {"integer", "number", "array", "object", "boolean"}:
        try:
            value = json.loads(text)
            is_one = types <= {"array", "null"} and not isinstance(value, list)
            return [value] if is_one else value
        except ValueError:
            if "array" in types:
                return [_parse_item(part.strip()) for part in text.split(",")]
            if not types & {"string"}:
                raise InvalidParamsError(
                    "{generator}: param '{param}' wants {types}, not '{text}'",
                    generator=generator,
                    param=name,
                    types=" or ".join(sorted(types)),
                    text=text,
                ) from None
    return text


def _find_strange(
    generator: str, name: str, value: Any, properties: Mapping[str, Any]
) -> InvalidParamsError | None:
    """Find what a schema does not say: an unknown name, or a value that is no JSON."""
    if name not in properties:
        return _build_unknown_error(generator, name, list(properties))
    for leaf in _iterate_leaves(value):
        if isinstance(leaf, float) and not math.isfinite(leaf):
            return InvalidParamsError(
                "{generator}: param '{param}' must be a finite number, not {value}",
                generator=generator,
                param=name,
                value=leaf,
                field=name,
            )
        if isinstance(leaf, str) and not _is_unicode(leaf):
            return InvalidParamsError(
                "{generator}: param '{param}' has half a character (a lone surrogate) in it",
                generator=generator,
                param=name,
                field=name,
            )
    return None


def _iterate_leaves(value: Any) -> Iterator[Any]:
    """Yield what is inside lists and dicts, names too."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _iterate_leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _iterate_leaves(item)
    else:
        yield value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _find_field(error: ValidationError) -> str:
    """Return the param that an error is about; that of a missing one is in its message."""
    if error.absolute_path:
        return str(error.absolute_path[0])
    if error.validator == "required":
        wanted: Any = error.validator_value
        names: list[str] = list(wanted)
        return next((name for name in names if error.message.startswith(repr(name))), "")
    return ""


def _parse_item(text: str) -> Any:
    """Read an element of `1,2,3` or `a,b`: a number if it is one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text


def _normalise(value: Any, field: Schema, root: Schema) -> Any:
    """Make 1 and 1.0 one value: equal params must make equal recipes."""
    types = set(_iterate_types(field, root))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if "integer" in types and value == int(value):
        return int(value)
    return float(value) if "number" in types and "integer" not in types else value


def _iterate_types(field: Schema, root: Schema) -> Iterator[str]:
    """Yield the JSON types a field admits, through `$ref`, `anyOf` and `enum`."""
    if "$ref" in field:
        target = root.get("$defs", {}).get(str(field["$ref"]).rpartition("/")[2], {})
        yield from _iterate_types(target, root)
    for key in ("anyOf", "oneOf", "allOf"):
        for option in field.get(key, ()):
            yield from _iterate_types(option, root)
    if "type" in field:
        types = field["type"]
        yield from [types] if isinstance(types, str) else types
    elif any(isinstance(value, str) for value in field.get("enum", ())):
        yield "string"


def _build_unknown_error(generator: str, name: str, known: list[str]) -> InvalidParamsError:
    close = get_close_matches(name, known, n=1)
    template = "{generator}: no param '{param}'; it has {known}"
    if close:
        template = "{generator}: no param '{param}'; did you mean '{close}'? It has {known}"
    return InvalidParamsError(
        template,
        generator=generator,
        param=name,
        close=close[0] if close else "",
        known=", ".join(known) or "none",
        field=name,
    )


def _build_error(generator: str, error: ValidationError) -> InvalidParamsError:
    where = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        return InvalidParamsError(
            "{generator}: {fault}; give it a value",
            generator=generator,
            fault=error.message,
            field=_find_field(error),
        )
    return InvalidParamsError(
        "{generator}: param '{param}': {fault}",
        generator=generator,
        param=where,
        fault=_describe_fault(error),
        field=_find_field(error),
    )


def _describe_fault(error: ValidationError) -> str:
    """Say in a few words what the schema wanted and what it got."""
    value = json.dumps(error.instance, default=str)
    wanted: Any = error.validator_value
    phrases = {
        "minimum": f"must be at least {wanted}, not {value}",
        "maximum": f"must be at most {wanted}, not {value}",
        "exclusiveMinimum": f"must be more than {wanted}, not {value}",
        "exclusiveMaximum": f"must be less than {wanted}, not {value}",
        "multipleOf": f"must be a multiple of {wanted}, not {value}",
        "type": f"must be {wanted}, not {value}",
    }
    if error.validator == "enum":
        return f"must be one of {', '.join(map(str, wanted))}; not {value}"
    return phrases.get(str(error.validator), error.message)
