"""A pipeline as written: TOML into frozen models, every fault named by step and field."""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.errors import PipelineError
from studio.media import MediaType


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputSlot(_Model):
    """Assets the user gives: `[inputs.NAME]`."""

    kinds: tuple[MediaType, ...] = Field(min_length=1)
    many: bool = False
    optional: bool = False
    summary: str = ""


class Gate(_Model):
    """What a metric must be; a seed that fails is replaced by another.

    Attributes:
        metric: a name in `Artifact.metrics`.
        min, max: bounds, inclusive; a number or `"${param}"`. At least one is given.
        tries: seeds tried for one result, the first included; 1..100 or `"${param}"`.
        required: fail the call where every try failed; otherwise the best one is kept and tagged.
    """

    metric: str = Field(min_length=1)
    min: float | str | None = None
    max: float | str | None = None
    tries: int | str = 4
    required: bool = False


class Step(_Model):
    """One generator and what flows into it: an element of `[[steps]]`.

    Attributes:
        foreach: an input or an earlier step (one call per asset), or `"${param}"` naming a list
            (one call per value); "" makes one call.
        when: `true`, `false` or `"${param}"`; a step that is off gives nothing.
        inputs: slot -> `"$name"` (all assets of an input or an earlier step), `"$each"`, or
            `"$each.step"` (those of a step that belong together with `$each`), or a list of them.
        params: values; `"${param}"` keeps its type, `"${each}"` is the value of `foreach`.
        matrix: param -> list, or `"${param}"` naming one; one call per combination.
        preset: name of a preset of the generator; `params` win over it.
        count: results per call, each with its own seed.
        title: of the assets; `${item}`, `${n}`, `${step}`, `${pipeline}`, matrix names and params.
        partial: go on with what is there when a step it takes all assets of failed in part.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    generator: str
    foreach: str = ""
    when: bool | str = True
    inputs: dict[str, str | list[str]] = {}
    params: dict[str, Any] = {}
    matrix: dict[str, str | list[Any]] = {}
    preset: str = ""
    count: int | str = 1
    title: str = ""
    gate: Gate | None = None
    partial: bool = False


class Pipeline(_Model):
    """A recipe of steps with named assets flowing between them.

    Attributes:
        name: stem of its file.
        params: name -> JSON Schema of one value; one without `default` must be given.
    """

    name: str
    title: str
    summary: str = ""
    inputs: dict[str, InputSlot] = {}
    params: dict[str, dict[str, Any]] = {}
    steps: tuple[Step, ...] = Field(min_length=1)

    @property
    def params_schema(self) -> dict[str, Any]:
        """JSON Schema of all params, for CLI options and forms."""
        required = [name for name, field in self.params.items() if "default" not in field]
        return {
            "type": "object",
            "properties": self.params,
            "required": required,
            "additionalProperties": False,
        }


def load_pipeline(path: Path) -> Pipeline:
    """Read a recipe; `validate.check_pipeline` then checks it against the generators.

    Raises:
        PipelineError: unreadable, no TOML, or a key is unknown, missing or of the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError("{path}: cannot be read: {fault}", path=path, fault=error) from error
    return parse_pipeline(text, path.stem)


def parse_pipeline(text: str, name: str) -> Pipeline:
    """Turn the TOML text of a recipe into a `Pipeline`.

    Raises:
        PipelineError: as `load_pipeline`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PipelineError(
            "{pipeline}: no valid TOML: {fault}", pipeline=name, fault=error
        ) from error
    try:
        return Pipeline(**{"title": name, **data, "name": name})
    except ValidationError as error:
        raise _build_error(name, data, error) from error


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the name that was probably meant; all of them if none is near."""
    names = list(known)
    return ", ".join(get_close_matches(name, names, n=1) or names) or "-"


def _build_error(name: str, data: Mapping[str, Any], error: ValidationError) -> PipelineError:
    fault = error.errors()[0]
    place = [str(part) for part in fault["loc"]]
    where = _describe_place(data, place)
    if fault["type"] == "extra_forbidden":
        return PipelineError(
            "{pipeline}: {where}: unknown key '{key}'; did you mean {close}?",
            pipeline=name,
            where=where,
            key=place[-1],
            close=suggest(place[-1], _list_keys(place)),
        )
    return PipelineError(
        "{pipeline}: {where}: '{key}': {fault}",
        pipeline=name,
        where=where,
        key=".".join(place[2:] or place[:1] if place[0] == "steps" else place),
        fault=fault["msg"],
    )


def _describe_place(data: Mapping[str, Any], place: list[str]) -> str:
    """Say where: "step 2 'vary'", "[inputs.pictures]", or "top level"."""
    if place[0] != "steps" or not place[1:]:
        return f"[{'.'.join(place[:-1])}]" if place[1:] else "top level"
    number = int(place[1])
    steps = data["steps"]
    step = steps[number] if isinstance(steps, list) else None
    name = step.get("name", "") if isinstance(step, dict) else ""
    return f"step {number + 1} '{name}'" if name else f"step {number + 1}"


def _list_keys(place: list[str]) -> list[str]:
    """List the keys allowed beside an unknown one."""
    models: dict[str, type[_Model]] = {"steps": Step, "inputs": InputSlot}
    if "gate" in place[:-1]:
        return list(Gate.model_fields)
    model = models.get(place[0], Pipeline) if len(place) > 1 else Pipeline
    return [key for key in model.model_fields if (model, key) != (Pipeline, "name")]
