"""Checks that need no run: the class, its params, its checkpoint and footprint."""

import json
import math
from typing import Any

from pydantic import ValidationError

from studio.contract import check_generator_class
from studio.errors import InvalidParamsError, StudioError
from studio.generator import Footprint
from studio.testing.bench import Bench
from studio.testing.report import CheckFailure
from studio.testing.schemas import admits_fractions, find_wrong_values, is_bounded
from studio.validation import validate_params


def check_class(bench: Bench) -> str:
    """Everything the registration demands, and words for people."""
    check_generator_class(bench.generator, bench.plugin)
    for field in ("title", "summary"):
        if not getattr(bench.generator, field).strip():
            raise CheckFailure(f"`{field}` is empty")
    return str(bench.generator.output.value)


def check_described(bench: Bench) -> str:
    """Forms and sliders are built from descriptions and bounds."""
    schema = bench.spec.params_schema
    fields = schema.get("properties", {})
    for name, field in fields.items():
        if not field.get("description"):
            raise CheckFailure(f"param '{name}' has no description")
        if not is_bounded(field, schema):
            raise CheckFailure(f"param '{name}' has no bounds; give it ge= and le=")
    return f"{len(fields)} params"


def check_defaults(bench: Bench) -> str:
    """Without required params the defaults alone make a valid call."""
    schema = bench.spec.params_schema
    required = schema.get("required", [])
    if required:
        return f"required: {', '.join(required)}"
    filled = validate_params(bench.generator.id, schema, {})
    made = bench.generator.Params().model_dump(mode="json")
    for name, value in made.items():
        if name not in filled:
            raise CheckFailure(f"the default of '{name}' is not in the schema; give a plain value")
        if filled[name] != value:
            raise CheckFailure(f"the default of '{name}' is {value}, in the schema {filled[name]}")
    _build(bench, filled)
    return ""


def check_round_trip(bench: Bench) -> str:
    """Params -> JSON Schema -> values -> Params, through JSON text, gives the same."""
    schema = json.loads(json.dumps(bench.spec.params_schema, allow_nan=False))
    values = json.loads(json.dumps(bench.values, allow_nan=False))
    again = validate_params(bench.generator.id, schema, values)
    if again != bench.values or _build(bench, again) != bench.params:
        raise CheckFailure("params changed on their way through JSON")
    dumped = json.loads(bench.params.model_dump_json())
    if _build(bench, dumped) != bench.params:
        raise CheckFailure("Params cannot read what `model_dump_json` wrote")
    return ""


def check_unknown(bench: Bench) -> str:
    """A misspelt param is told, by the host and by the class."""
    values = {**bench.values, "no_such_param": 1}
    _expect_refusal(bench, values, "the unknown param 'no_such_param'")
    return ""


def check_wrong_values(bench: Bench) -> str:
    """Out of range, of the wrong type, not in the list: refused by the host and by the class."""
    schema = bench.spec.params_schema
    count = 0
    for name, field in schema.get("properties", {}).items():
        wrong = find_wrong_values(field, schema)
        if admits_fractions(field, schema):
            wrong += [math.nan, math.inf]
        for value in wrong:
            count += 1
            _expect_refusal(bench, {**bench.values, name: value}, f"{name}={str(value)[:40]!r}")
    return f"{count} values"


def check_checkpoint_name(bench: Bench) -> str:
    """The host decides by `checkpoint_from` what is resident, so nothing else may count."""
    spy = _Spy(bench.params)
    name = bench.generator.checkpoint(spy)
    if not isinstance(name, str):
        raise CheckFailure(f"checkpoint() returned {name!r}; it must return a text")
    others = sorted(spy.read - set(bench.generator.checkpoint_from))
    if others:
        raise CheckFailure(f"checkpoint() reads {others[0]!r}, which is not in checkpoint_from")
    chosen = (getattr(bench.params, field) for field in bench.generator.checkpoint_from)
    expected = "/".join(str(value) for value in chosen if value)
    if name != expected:
        raise CheckFailure(
            f"checkpoint() returned {name!r}; the host, which runs no plugin, takes {expected!r}, "
            "the values of checkpoint_from"
        )
    return name or "none"


def check_footprint(bench: Bench) -> str:
    """A guess in bytes."""
    guess = bench.generator.footprint(bench.params)
    sizes = (guess.device_bytes, guess.host_bytes) if isinstance(guess, Footprint) else (-1,)
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise CheckFailure(f"footprint() returned {guess!r}; it must be a Footprint of bytes")
    return f"{guess.host_bytes >> 20} MiB, on the device {guess.device_bytes >> 20} MiB"


def _build(bench: Bench, values: dict[str, Any]) -> object:
    return bench.generator.Params.model_validate(values)


def _expect_refusal(bench: Bench, values: dict[str, Any], what: str) -> None:
    try:
        validate_params(bench.generator.id, bench.spec.params_schema, values)
    except InvalidParamsError:
        pass
    except StudioError as error:
        raise CheckFailure(f"{what} raised {type(error).__name__}: {error}") from error
    else:
        raise CheckFailure(f"the schema takes {what}")
    try:
        _build(bench, values)
    except ValidationError:
        return
    raise CheckFailure(f"Params takes {what}, which its schema refuses")


class _Spy:
    """Params that remember which fields were read."""

    def __init__(self, params: object) -> None:
        self._params = params
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._params, name)
