"""`$name` (assets) and `${name}` (values) inside a recipe."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_VALUE = re.compile(r"\$\$|\$\{([^{}]*)\}")
_ASSET = re.compile(r"^\$(each\.)?([A-Za-z][A-Za-z0-9_-]*)$")

EACH = "each"


def find_value_names(value: Any) -> Iterator[str]:
    """Yield the names of all `${name}` in a value, at any depth."""
    if isinstance(value, str):
        for match in _VALUE.finditer(value):
            if match.group(1) is not None:
                yield match.group(1)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from find_value_names(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from find_value_names(item)


def find_whole_name(value: Any) -> str | None:
    """Return the name if the whole of a string is one `${name}`."""
    if isinstance(value, str):
        match = _VALUE.fullmatch(value)
        if match is not None:
            return match.group(1)
    return None


def substitute(value: Any, names: Mapping[str, Any]) -> Any:
    """Fill in `${name}`: a whole string takes the value with its type, else its text.

    `$$` is a dollar sign. Raises `KeyError` for an unknown name.
    """
    if isinstance(value, str):
        whole = find_whole_name(value)
        if whole is not None:
            return names[whole]
        return _VALUE.sub(lambda match: _fill(match, names), value)
    if isinstance(value, Mapping):
        return {key: substitute(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(item, names) for item in value]
    return value


def parse_asset(text: str) -> tuple[bool, str] | None:
    """Read `$name`, `$each` or `$each.name` as (belongs to each, name); None is a wrong form."""
    match = _ASSET.match(text)
    return (bool(match.group(1)), match.group(2)) if match else None


def _fill(match: re.Match[str], names: Mapping[str, Any]) -> str:
    name = match.group(1)
    if name is None:
        return "$"
    value = names[name]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
