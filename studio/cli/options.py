"""From a JSON Schema to command-line options, and from the words given to values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from studio.cli.command import WrongUseError
from studio.validation import parse_param

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class ParamHelp:
    """What is shown of a param.

    Attributes:
        type: "integer", "number", "a|b|c", "list of number", ...
        range: "1..64", ">= 0", "" where there is none.
        default: as it would be typed; "" if the param must be given.
    """

    name: str
    type: str
    range: str
    default: str
    unit: str
    description: str
    is_required: bool
    is_advanced: bool

    @property
    def option(self) -> str:
        """The option as it is typed."""
        name = self.name.replace("_", "-")
        return f"--{name}, --no-{name}" if self.type == "boolean" else f"--{name}"

    def describe(self, text: Callable[..., str]) -> str:
        """Put description, range, unit and default into a line."""
        parts = [part for part in (self.range, self.unit) if part]
        if self.is_required:
            parts.append(text("must be given"))
        else:
            parts.append(text("default {value}", value=self.default))
        bracket = f"[{', '.join(parts)}]"
        return f"{text(self.description)}  {bracket}" if self.description else bracket


def describe_params(schema: Schema) -> list[ParamHelp]:
    """Describe every param of a schema, the common ones first."""
    required = set(schema.get("required", ()))
    described = [
        _describe_param(name, field, schema, name in required)
        for name, field in schema.get("properties", {}).items()
    ]
    return sorted(described, key=lambda item: (not item.is_required, item.is_advanced))


def read_params(
    owner: str,
    schema: Schema,
    words: Sequence[str],
    *,
    pairs: Iterable[str] = (),
    options: Iterable[str] = (),
) -> dict[str, Any]:
    """Turn `--some-param 3 --flag --no-other` into values.

    Args:
        owner: generator or pipeline, for messages.
        schema: JSON Schema of its params.
        words: what the parser did not know.
        pairs: `NAME=VALUE`, for params whose name is an option's.
        options: the names the parser knows, for the did-you-mean.

    Raises:
        WrongUseError: an option is unknown, has no value or is given twice.
        InvalidParamsError: the text is no value of the param's type.
    """
    properties = schema.get("properties", {})
    texts: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        option, equals, value = word.partition("=")
        name, switch = _find_param(option, properties)
        if not name:
            raise _build_unknown_error(owner, option, [*map(_get_option, properties), *options])
        if switch == "false":
            value = switch
        elif not equals:
            value = _take_value(waiting, _is_switch(properties[name], schema), word)
        _keep(texts, name, value)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise WrongUseError("--param {pair}: write it NAME=VALUE", pair=pair)
        _keep(texts, name.replace("-", "_"), value)
    return {name: parse_param(owner, schema, name, text) for name, text in texts.items()}


def _find_param(option: str, properties: Schema) -> tuple[str, str]:
    """Return the param an option names ("" if none), and "false" if it says no to it."""
    if not option.startswith("--"):
        return "", ""
    name = option[2:].replace("-", "_")
    for known in properties:
        if known.replace("-", "_") == name:
            return known, ""
        if name == f"no_{known}":
            return known, "false"
    return "", ""


def _take_value(waiting: list[str], is_switch: bool, option: str) -> str:
    if waiting and not waiting[0].startswith("--"):
        if not is_switch or waiting[0].lower() in {"true", "false", "yes", "no", "on", "off"}:
            return waiting.pop(0)
    if is_switch:
        return "true"
    raise WrongUseError("{option}: a value is missing", option=option)


def _keep(texts: dict[str, str], name: str, value: str) -> None:
    if name in texts:
        raise WrongUseError("{option} is given twice", option=_get_option(name))
    texts[name] = value


def _get_option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _build_unknown_error(owner: str, option: str, known: list[str]) -> WrongUseError:
    if not option.startswith("--"):
        return WrongUseError("{owner}: unexpected '{word}'", owner=owner, word=option)
    names = {name.lstrip("-"): name for name in known}
    close = get_close_matches(option.lstrip("-").replace("_", "-"), names, n=1)
    if close:
        return WrongUseError(
            "{owner}: no param {option}; did you mean {close}?",
            owner=owner,
            option=option,
            close=names[close[0]],
        )
    return WrongUseError(
        "{owner}: no param {option}; it has {known}",
        owner=owner,
        option=option,
        known=", ".join(known),
    )


def _is_switch(field: Schema, root: Schema) -> bool:
    return "boolean" in _describe_type(field, root).split("|")


def _describe_param(name: str, field: Schema, root: Schema, is_required: bool) -> ParamHelp:
    flat = _flatten(field, root)
    return ParamHelp(
        name=name,
        type=_describe_type(field, root),
        range=_describe_range(flat),
        default="" if is_required else _format_default(field.get("default")),
        unit=str(field.get("unit", "")),
        description=str(field.get("description", "")),
        is_required=is_required,
        is_advanced=bool(field.get("advanced", False)),
    )


def _flatten(field: Schema, root: Schema) -> Schema:
    """Follow a reference, and take the option of `anyOf` that is not null."""
    if "$ref" in field:
        target = root.get("$defs", {}).get(str(field["$ref"]).rpartition("/")[2], {})
        return _flatten(target, root)
    for key in ("anyOf", "oneOf", "allOf"):
        real = [option for option in field.get(key, ()) if option.get("type") != "null"]
        if len(real) == 1:
            return _flatten(real[0], root)
    return field


def _describe_type(field: Schema, root: Schema) -> str:
    flat = _flatten(field, root)
    if "enum" in flat:
        return "|".join(map(str, flat["enum"]))
    if "const" in flat:
        return str(flat["const"])
    options = [*flat.get("anyOf", ()), *flat.get("oneOf", ())]
    if options:
        return "|".join(dict.fromkeys(_describe_type(option, root) for option in options))
    if flat.get("type") == "array":
        return f"list of {_describe_type(flat.get('items', {}), root)}"
    types = flat.get("type", "JSON")
    return types if isinstance(types, str) else "|".join(types)


def _describe_range(field: Schema) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    if low is not None and high is not None:
        text = f"{low:g}..{high:g}"
    else:
        bounds = ((">=", low), (">", above), ("<=", high), ("<", below))
        text = " and ".join(f"{sign} {value:g}" for sign, value in bounds if value is not None)
    if "multipleOf" in field:
        text = f"{text}, " if text else ""
        text += f"multiple of {field['multipleOf']:g}"
    return text


def _format_default(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(_format_default, value)) or "none"
    return str(value) if str(value) else '""'
