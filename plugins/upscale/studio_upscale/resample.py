"""Antialiased bicubic reduction of any part of a picture, the same however it is cut up."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Axis:
    """How one side of a part is made of a finer picture.

    Attributes:
        start: first fine pixel needed; may be negative, and lie beyond the end.
        weights: (made, needed), rows sum to 1.
    """

    start: int
    weights: Floats

    @property
    def stop(self) -> int:
        """One past the last fine pixel needed."""
        return self.start + len(self.weights[0])


def plan_axis(first: int, last: int, ratio: float) -> Axis:
    """Say how pixels `first` to `last` (exclusive) come of a picture `ratio` (>= 1) times finer."""
    places = (np.arange(first, last, dtype=np.float64) + 0.5) * ratio - 0.5
    reach = 2 * ratio
    start = math.ceil(float(places[0]) - reach)
    stop = math.floor(float(places[-1]) + reach) + 1
    if ratio == 1:
        return Axis(first, np.eye(last - first, dtype=np.float32))
    weights = _cubic((places[:, None] - np.arange(start, stop, dtype=np.float64)) / ratio)
    return Axis(start, (weights / weights.sum(1, keepdims=True)).astype(np.float32))


def reduce_part(fine: Floats, rows: Axis, columns: Axis) -> Floats:
    """Reduce (needed rows, needed columns, C) to (made rows, made columns, C)."""
    if (
        rows.weights.shape[0] == rows.weights.shape[1]
        and columns.weights.shape[0] == (columns.weights.shape[1])
    ):
        return fine
    made = np.tensordot(rows.weights, fine, axes=(1, 0))
    return np.ascontiguousarray(np.moveaxis(np.tensordot(columns.weights, made, axes=(1, 1)), 0, 1))


def _cubic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keys' kernel with a = -0.5, as Pillow and MATLAB have it."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))
