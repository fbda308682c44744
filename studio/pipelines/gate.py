"""Judge results by a metric. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from studio.pipelines.bind import BoundGate
from studio.pipelines.host import StepAsset


@dataclass(frozen=True)
class Attempt:
    """One seed's result and the metric's value; its worst, if the result is a group."""

    seed: int
    assets: tuple[StepAsset, ...]
    value: float = math.nan


@dataclass(frozen=True)
class Replacement:
    """What a gate did for one result.

    Attributes:
        rejected: (seed, value) of those that failed.
        seed, value: of the one that was kept.
        passed: False where every try failed, and the best one was kept or the call failed.
    """

    step: str
    item: str
    metric: str
    rejected: tuple[tuple[int, float], ...]
    seed: int
    value: float
    passed: bool


def find_value(gate: BoundGate, assets: Sequence[StepAsset]) -> float | None:
    """Return the worst value of the metric among `assets`; None if none has it."""
    values = [asset.metrics[gate.metric] for asset in assets if gate.metric in asset.metrics]
    return max(values, key=lambda value: compute_excess(gate, value), default=None)


def compute_excess(gate: BoundGate, value: float) -> float:
    """Return how far a value is out of bounds; 0 inside, infinite for no number."""
    if math.isnan(value):
        return math.inf
    return max(gate.low - value, value - gate.high, 0.0)


def pick_best(gate: BoundGate, attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt nearest to the bounds, the first of equals."""
    return min(attempts, key=lambda attempt: compute_excess(gate, attempt.value))
