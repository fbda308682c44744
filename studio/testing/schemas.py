"""Looking into a JSON Schema of params: what a field admits, and values it must refuse."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]

_LOW = ("minimum", "exclusiveMinimum")
_HIGH = ("maximum", "exclusiveMaximum")


def iterate_variants(field: Schema, root: Schema) -> Iterator[Schema]:
    """Yield the plain schemas a field may be, through `$ref`, `anyOf`, `oneOf` and `allOf`."""
    if "$ref" in field:
        target = root.get("$defs", {}).get(str(field["$ref"]).rpartition("/")[2], {})
        yield from iterate_variants(target, root)
    options = [option for key in ("anyOf", "oneOf", "allOf") for option in field.get(key, ())]
    for option in options:
        yield from iterate_variants(option, root)
    if not options and "$ref" not in field:
        yield field


def is_bounded(field: Schema, root: Schema) -> bool:
    """Tell whether every number a field admits has a smallest and a largest."""
    for variant in iterate_variants(field, root):
        if variant.get("type") not in ("integer", "number") or "enum" in variant:
            continue
        if "const" in variant:
            continue
        if not (any(key in variant for key in _LOW) and any(key in variant for key in _HIGH)):
            return False
    return True


def find_wrong_values(field: Schema, root: Schema) -> list[Any]:
    """Collect values that a field's schema refuses: out of range, of another type, not listed."""
    candidates: list[Any] = [{"wrong": "type"}, [{"wrong": "type"}], "no such value \u2620"]
    for variant in iterate_variants(field, root):
        candidates += [variant[key] - 1 for key in _LOW if key in variant]
        candidates += [variant[key] + 1 for key in _HIGH if key in variant]
        if "maxLength" in variant:
            candidates.append("x" * (variant["maxLength"] + 1))
        if "maxItems" in variant:
            candidates.append([0] * (variant["maxItems"] + 1))
    schema = {**field, "$defs": root.get("$defs", {})}
    validator = Draft202012Validator(schema)
    return [value for value in candidates if not validator.is_valid(value)]


def admits_fractions(field: Schema, root: Schema) -> bool:
    """Tell whether a field takes floating-point numbers."""
    return any(variant.get("type") == "number" for variant in iterate_variants(field, root))
