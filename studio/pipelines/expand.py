"""From a step and one item to its calls. Pure, and independent of all other items.

So a picture more, or fewer, changes nothing for the others: what was made is found again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.errors import InvalidInputError
from studio.pipelines.bind import BoundPipeline, BoundStep
from studio.pipelines.host import Call, StepAsset
from studio.pipelines.references import EACH, parse_asset, substitute


@dataclass(frozen=True)
class Made:
    """An asset of the run; `origins` are the ids it comes from, its own included."""

    asset: StepAsset
    origins: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Item:
    """What one round of `foreach` is about; all None for a step without.

    Attributes:
        identity: payload hash of the asset, or the value as JSON; decides the seeds.
    """

    identity: str = ""
    made: Made | None = None
    value: Any = None
    title: str = ""


def build_item(made: Made) -> Item:
    """Make an item of an asset."""
    asset = made.asset
    return Item(identity=asset.payload_hash, made=made, title=asset.title)


def build_value_item(value: Any) -> Item:
    """Make an item of a value of a list."""
    identity = json.dumps(value, sort_keys=True)
    return Item(identity=identity, value=value, title=str(value)[:60])


def derive_seed(seed: int, step: str, identity: str, position: int, attempt: int = 0) -> int:
    """Return a seed, 0..2**31-1, that depends on these five things only."""
    key = json.dumps([seed, step, identity, position, attempt])
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") & 0x7FFFFFFF


def derive_seeds(seed: int, step: str, identity: str, count: int) -> tuple[int, ...]:
    """Return `count` different seeds; a larger count begins with the same ones."""
    seeds: dict[int, None] = {}
    for position in range(count):
        attempt = 0
        fresh = derive_seed(seed, step, identity, position)
        while fresh in seeds:
            attempt -= 1  # negative: never what a gate's attempts use
            fresh = derive_seed(seed, step, identity, position, attempt)
        seeds[fresh] = None
    return tuple(seeds)


def expand(
    bound: BoundStep, item: Item, available: Mapping[str, Sequence[Made]], seed: int
) -> list[Call]:
    """Return the calls of one item: one per combination of the matrix.

    Args:
        bound: the step.
        item: what this round of `foreach` is about.
        available: input or step -> its assets, for whatever the step takes besides `$each`.
        seed: of the pipeline.

    Returns:
        Nothing if a slot that must be filled stays empty.
    """
    inputs = _fill_slots(bound, item, available)
    if inputs is None:
        return []
    step = bound.step
    seeds = derive_seeds(seed, step.name, item.identity, bound.count)
    return [
        Call(
            step=step.name,
            generator=step.generator,
            params=bound.build_params(combo, item.value),
            inputs=inputs,
            seeds=seeds if bound.spec.seeded else (0,),
            titles=tuple(_build_title(bound, item, combo, n) for n in range(1, bound.count + 1)),
            item=item.title,
            with_trash=bound.gate is not None,
        )
        for combo in bound.combos
    ]


def count_calls(bound: BoundPipeline, inputs: Mapping[str, Sequence[StepAsset]]) -> dict[str, int]:
    """Return step -> calls at most, if every call gives one asset per seed."""
    assets = {
        name: len({asset.payload_hash for asset in inputs.get(name, ())})
        for name in bound.pipeline.inputs
    }
    calls: dict[str, int] = {}
    for step in bound.steps:
        rounds = 1
        if step.values is not None:
            rounds = len({json.dumps(value, sort_keys=True) for value in step.values})
        elif step.source:
            rounds = assets[step.source]
        elif not _can_fill(step, assets):
            rounds = 0
        calls[step.step.name] = rounds * len(step.combos) if step.enabled else 0
        assets[step.step.name] = calls[step.step.name] * step.count
    return calls


def check_work(bound: BoundPipeline, inputs: Mapping[str, Sequence[StepAsset]]) -> None:
    """Check that a pipeline with inputs, all of them optional and none given, has work to do.

    Raises:
        InvalidInputError: every step lacks what it takes.
    """
    lacks = bound.pipeline.inputs and not any(inputs.values())
    if lacks and not any(count_calls(bound, inputs).values()):
        raise InvalidInputError(
            "{pipeline}: there is nothing to make; give inputs ({inputs}) or params ({params})",
            pipeline=bound.pipeline.name,
            inputs=", ".join(bound.pipeline.inputs),
            params=", ".join(bound.pipeline.params) or "-",
        )


def _can_fill(step: BoundStep, assets: Mapping[str, int]) -> bool:
    """Say whether there is something for every slot that must be filled."""
    for slot in step.spec.inputs:
        given = step.step.inputs.get(slot.name, [])
        parsed = [parse_asset(text) for text in ([given] if isinstance(given, str) else given)]
        found = sum(assets.get(place[1], 0) for place in parsed if place)
        if not found and not slot.optional:
            return False
    return True


def is_related(item: Made, other: Made) -> bool:
    """Say whether one of two assets comes from the other."""
    return item.asset.id in other.origins or other.asset.id in item.origins


def _fill_slots(
    bound: BoundStep, item: Item, available: Mapping[str, Sequence[Made]]
) -> dict[str, tuple[StepAsset, ...]] | None:
    slots: dict[str, tuple[StepAsset, ...]] = {}
    for slot in bound.spec.inputs:
        given = bound.step.inputs.get(slot.name, [])
        found: list[StepAsset] = []
        for text in [given] if isinstance(given, str) else given:
            # Of a group of results (a texture and a report), those that the slot takes.
            assets = _find_assets(text, item, available)
            found += [asset for asset in assets if asset.kind in slot.kinds]
        if found:
            slots[slot.name] = tuple(found)
        elif not slot.optional:
            return None
    return slots


def _find_assets(text: str, item: Item, available: Mapping[str, Sequence[Made]]) -> list[StepAsset]:
    parsed = parse_asset(text)
    if parsed is None:
        return []
    belongs, name = parsed
    if name == EACH and not belongs:
        return [item.made.asset] if item.made else []
    made = available.get(name, ())
    if belongs and item.made is not None:
        return [other.asset for other in made if is_related(item.made, other)]
    return [other.asset for other in made]


def _build_title(bound: BoundStep, item: Item, combo: Mapping[str, Any], n: int) -> str:
    """Name a result: by the step's template, else item, matrix values and number."""
    step = bound.step
    if step.title:
        names = {
            **bound.names, **combo,
            "item": item.title, "n": n, "step": step.name, "pipeline": bound.pipeline_title,
        }  # fmt: skip
        return str(substitute(step.title, names))
    parts = [item.title or f"{bound.pipeline_title} {step.name}", *map(str, combo.values())]
    if bound.count > 1:
        parts.append(str(n))
    return " ".join(parts)
