"""Steps of sliders: round, fine enough, and such that bounds and default lie on them."""

import math
from collections.abc import Mapping
from typing import Any

_FINE = 100  # steps a slider of real numbers should have, about
_COARSE = 64  # ... of whole numbers with a wide range


def choose_step(low: float, high: float, schema: Mapping[str, Any], is_whole: bool) -> float:
    """Return the step for a range; `step` and `multipleOf` of the schema win."""
    given = schema.get("step") or schema.get("multipleOf")
    if given:
        return float(given) if not is_whole else int(given) or 1
    default = schema.get("default")
    points = [high, *([default] if isinstance(default, int | float) else [])]
    return _choose_whole(low, high, points) if is_whole else _choose_real(low, high, points)


def is_on_grid(value: float, low: float, step: float) -> bool:
    """Tell whether a value is a whole number of steps above `low`."""
    steps = (value - low) / step
    return math.isclose(steps, round(steps), abs_tol=1e-6)


def _choose_whole(low: float, high: float, points: list[float]) -> int:
    """Pick a power of two for wide ranges, such as sizes in pixels; 1 otherwise."""
    step = 1
    while step * 2 <= (high - low) / _COARSE and all(
        is_on_grid(point, low, step * 2) for point in points
    ):
        step *= 2
    return step if step >= 8 else 1


def _choose_real(low: float, high: float, points: list[float]) -> float:
    """Pick 1, 2 or 5 times a power of ten; finer if a point would not be on it."""
    rough = (high - low) / _FINE
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    for _ in range(4):
        if all(is_on_grid(point, low, step) for point in points):
            break
        power /= 10
        step = power
    return float(f"{step:.6g}")
