"""Everything that is wrong with a call, at once, and what it would take: while somebody types.

Nothing is imported, hashed or queued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from studio.app.asset import Asset
from studio.app.forecasts import Estimate, Forecaster
from studio.app.submission import Ask, Tray, build_request, choose_seeds, get_priority
from studio.checkpoints import CheckpointBook
from studio.errors import StudioError
from studio.presets import PresetBook
from studio.recipe import Recipe
from studio.registry import Registry
from studio.spec import GeneratorSpec
from studio.validation import find_param_faults

Place = Literal["call", "params", "inputs"]


@dataclass(frozen=True)
class Fault:
    """A wrong field: of the call itself (seed, count, ...), a param, or an input slot."""

    place: Place
    field: str
    error: StudioError


class CheckStudio(Protocol):
    """The part of `Studio` that is asked."""

    registry: Registry
    presets: PresetBook
    checkpoints: CheckpointBook
    forecaster: Forecaster


def check_call(
    studio: CheckStudio, ask: Ask, inputs: Mapping[str, Sequence[Asset]], priority: str = "normal"
) -> tuple[list[Fault], Estimate | None]:
    """Find every fault of a call; the estimate if there is none.

    Args:
        studio: the home.
        ask: its own inputs are not looked at.
        inputs: slot -> assets.
        priority: name of a class.
    """
    try:
        spec = studio.registry.get(ask.generator)
    except StudioError as error:
        return [Fault("call", "generator", error)], None
    faults: list[Fault] = []
    values = dict(ask.params)
    if ask.preset is not None:
        try:
            values = {**studio.presets.get(ask.preset, spec.id).params, **values}
        except StudioError as error:
            faults.append(Fault("call", "preset", error))
    found = find_param_faults(spec.id, spec.params_schema, values)
    faults += [Fault("params", name, error) for name, error in found.items()]
    faults += _check_rest(spec, ask, priority)
    kinds = {slot: [asset.kind for asset in assets] for slot, assets in inputs.items()}
    faults += [Fault("inputs", slot, e) for slot, e in spec.find_input_faults(kinds).items()]
    params = {**spec.get_defaults(), **values}
    if not found:
        faults += _check_checkpoint(studio, spec, params)
    if faults:
        return faults, None
    seeds = choose_seeds(spec, replace(ask, seed=ask.seed or 0))
    recipe = Recipe(
        generator=spec.id, plugin=spec.plugin, plugin_version=spec.plugin_version, params=params
    )
    request = build_request(spec, recipe, {}, seeds, Tray(priority=get_priority(priority)))
    return [], studio.forecaster.estimate(request)


def _check_rest(spec: GeneratorSpec, ask: Ask, priority: str) -> list[Fault]:
    faults = []
    for asked in (replace(ask, seed=0, seeds=None), replace(ask, count=1)):
        try:
            choose_seeds(spec, asked)
        except StudioError as error:
            faults.append(Fault("call", error.values.get("field", "seed"), error))
    try:
        get_priority(priority)
    except StudioError as error:
        faults.append(Fault("call", "priority", error))
    return faults


def _check_checkpoint(
    studio: CheckStudio, spec: GeneratorSpec, params: Mapping[str, object]
) -> list[Fault]:
    chosen = [name for name in spec.checkpoint_from if params.get(name)]
    if not chosen:
        return []
    try:
        studio.checkpoints.check("/".join(str(params[name]) for name in chosen), spec)
    except StudioError as error:
        return [Fault("params", chosen[-1], error)]
    return []
