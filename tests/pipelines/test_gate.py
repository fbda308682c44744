import math
from dataclasses import dataclass, field

import pytest

from studio.pipelines.bind import BoundGate
from studio.pipelines.gate import Attempt, compute_excess, find_value, pick_best

GATE = BoundGate("seam", 0.5, 1.3, tries=3, required=False)


@dataclass(frozen=True)
class Asset:
    metrics: dict[str, float] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("value", "excess"), [(1.0, 0.0), (0.5, 0.0), (1.3, 0.0), (1.8, 0.5), (0.25, 0.25)]
)
def test_excess(value: float, excess: float) -> None:
    assert compute_excess(GATE, value) == pytest.approx(excess)


def test_no_number_is_as_bad_as_can_be() -> None:
    assert compute_excess(GATE, math.nan) == math.inf


def test_a_group_is_as_good_as_its_worst() -> None:
    group = [Asset({"seam": 1.0}), Asset({}), Asset({"seam": 1.5}), Asset({"seam": 0.4})]
    assert find_value(GATE, group) == 1.5  # type: ignore[arg-type]
    assert find_value(GATE, [Asset({"other": 1.0})]) is None  # type: ignore[list-item]


def test_the_nearest_is_best_and_the_first_of_equals() -> None:
    attempts = [
        Attempt(1, (), math.nan),
        Attempt(2, (), 1.5),
        Attempt(3, (), 1.5),
        Attempt(4, (), 2),
    ]
    assert pick_best(GATE, attempts).seed == 2
