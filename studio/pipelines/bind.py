"""Fill a recipe with the values given, and check every call's params before anything runs."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.errors import InvalidInputError, PipelineError, StudioError
from studio.pipelines.host import Catalogue, StepAsset
from studio.pipelines.recipe import Gate, Pipeline, Step, suggest
from studio.pipelines.references import EACH, find_whole_name, substitute
from studio.spec import GeneratorSpec
from studio.validation import validate_params

MAX_COUNT = 100_000
MAX_TRIES = 100


@dataclass(frozen=True)
class BoundGate:
    """A `Gate` with its numbers."""

    metric: str
    low: float
    high: float
    tries: int
    required: bool


@dataclass(frozen=True)
class BoundStep:
    """A step whose every value is known.

    Attributes:
        source: input or step that `foreach` runs over; "" if none.
        values: what `foreach` runs over if that is a list; None if not.
        combos: one per combination of the matrix; param -> value.
        names: what `${name}` may stand for.
    """

    step: Step
    spec: GeneratorSpec
    pipeline_title: str
    enabled: bool
    source: str
    values: tuple[Any, ...] | None
    combos: tuple[Mapping[str, Any], ...]
    preset: Mapping[str, Any]
    count: int
    gate: BoundGate | None
    names: Mapping[str, Any]

    def build_params(self, combo: Mapping[str, Any], each: Any = None) -> dict[str, Any]:
        """Return the complete params of a call.

        Raises:
            InvalidParamsError: a value does not fit.
        """
        own = substitute(self.step.params, {**self.names, EACH: each})
        given = {**self.preset, **own, **combo}
        return validate_params(self.spec.id, self.spec.params_schema, given)


@dataclass(frozen=True)
class BoundPipeline:
    """A pipeline ready to run; `params` has the defaults."""

    pipeline: Pipeline
    params: Mapping[str, Any]
    steps: tuple[BoundStep, ...]


def bind_pipeline(
    pipeline: Pipeline, catalogue: Catalogue, params: Mapping[str, Any]
) -> BoundPipeline:
    """Fill in `params`. The recipe has passed `validate.check_pipeline`.

    Raises:
        InvalidParamsError: a param of the pipeline is unknown, missing or wrong.
        PipelineError: what a step makes of them is wrong.
    """
    values = validate_params(pipeline.name, pipeline.params_schema, params)
    steps = tuple(_bind_step(pipeline, step, catalogue, values) for step in pipeline.steps)
    return BoundPipeline(pipeline, values, steps)


def check_inputs(pipeline: Pipeline, inputs: Mapping[str, Sequence[StepAsset]]) -> None:
    """Check the assets given: names, kinds, how many.

    Raises:
        InvalidInputError: names the input.
    """
    for name in inputs:
        if name not in pipeline.inputs:
            raise InvalidInputError(
                "{pipeline}: no input '{name}'; did you mean {close}?",
                pipeline=pipeline.name,
                name=name,
                close=suggest(name, pipeline.inputs),
            )
    for name, slot in pipeline.inputs.items():
        given = inputs.get(name, ())
        wanted = " or ".join(slot.kinds)
        if not given and not slot.optional:
            raise InvalidInputError(
                "{pipeline}: input '{name}' is missing; give it {wanted}",
                pipeline=pipeline.name,
                name=name,
                wanted=wanted,
            )
        if len(given) > 1 and not slot.many:
            raise InvalidInputError(
                "{pipeline}: input '{name}' takes one asset, not {count}",
                pipeline=pipeline.name,
                name=name,
                count=len(given),
            )
        for asset in given:
            if asset.kind not in slot.kinds:
                raise InvalidInputError(
                    "{pipeline}: input '{name}' takes {wanted}; '{title}' is {kind}",
                    pipeline=pipeline.name,
                    name=name,
                    wanted=wanted,
                    title=asset.title or asset.id,
                    kind=asset.kind,
                )


def _bind_step(
    pipeline: Pipeline, step: Step, catalogue: Catalogue, names: Mapping[str, Any]
) -> BoundStep:
    spec = catalogue.get_spec(step.generator)
    over_list = find_whole_name(step.foreach) is not None
    preset = substitute(step.preset, names)
    field = "preset"
    try:
        bound = BoundStep(
            step=step,
            spec=spec,
            pipeline_title=pipeline.title,
            enabled=bool(substitute(step.when, names)),
            source="" if over_list else step.foreach.removeprefix("$"),
            values=tuple(substitute(step.foreach, names)) if over_list else None,
            combos=tuple(_iterate_combos(pipeline, step, names)),
            preset=catalogue.get_preset(spec.id, preset) if preset else {},
            count=_get_count(pipeline, step, spec, names),
            gate=_bind_gate(pipeline, step, step.gate, names) if step.gate else None,
            names=names,
        )
        field = "params"
        for each in (None,) if bound.values is None else bound.values:
            for combo in bound.combos:
                bound.build_params(combo, each)
    except PipelineError:
        raise
    except StudioError as error:
        raise PipelineError(
            "{pipeline}: step '{step}': {field}: {fault}",
            pipeline=pipeline.name,
            step=step.name,
            field=field,
            fault=error,
        ) from error
    return bound


def _iterate_combos(
    pipeline: Pipeline, step: Step, names: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    columns: list[list[tuple[str, Any]]] = []
    for name, given in step.matrix.items():
        values = substitute(given, names)
        unique = {json.dumps(value, sort_keys=True): value for value in values}
        if not unique:
            raise PipelineError(
                "{pipeline}: step '{step}': matrix.{name}: is empty; give it a value",
                pipeline=pipeline.name,
                step=step.name,
                name=name,
            )
        columns.append([(name, value) for value in unique.values()])
    for combo in itertools.product(*columns):
        yield dict(combo)


def _get_count(
    pipeline: Pipeline, step: Step, spec: GeneratorSpec, names: Mapping[str, Any]
) -> int:
    count = int(substitute(step.count, names))
    highest = MAX_COUNT if spec.seeded else 1  # without a seed all results would be the same
    if not 1 <= count <= highest:
        raise PipelineError(
            "{pipeline}: step '{step}': count: must be 1 to {highest} for {generator}, not {count}",
            pipeline=pipeline.name,
            step=step.name,
            highest=highest,
            generator=spec.id,
            count=count,
        )
    return count


def _bind_gate(pipeline: Pipeline, step: Step, gate: Gate, names: Mapping[str, Any]) -> BoundGate:
    low = -float("inf") if gate.min is None else float(substitute(gate.min, names))
    high = float("inf") if gate.max is None else float(substitute(gate.max, names))
    tries = int(substitute(gate.tries, names))
    if not (low <= high and 1 <= tries <= MAX_TRIES):
        raise PipelineError(
            "{pipeline}: step '{step}': gate: min {low} must not be above max {high}, and tries "
            "must be 1 to {most}, not {tries}",
            pipeline=pipeline.name,
            step=step.name,
            low=low,
            high=high,
            most=MAX_TRIES,
            tries=tries,
        )
    return BoundGate(gate.metric, low, high, tries, gate.required)
