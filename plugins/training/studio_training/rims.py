"""Rims: a line or two of other colour around a picture, left by whoever cut it out.

On a torus a rim is a cross of lines, and in a nearly flat material it is the loudest thing there
is: a net that learns from such tiles draws streaks.
"""

from typing import Final

import numpy as np

WIDEST: Final = 3
"""Pixels that are cut off a side; what goes deeper belongs to the picture."""
LOUD: Final = 2.2
"""A rim changes so many times as much as all but a few of the lines within."""
FAINT: Final = 1.3
"""The same for the other sides of a picture that has a rim."""
QUIET: Final = 0.7
"""Of 255: smaller changes are compression."""
MANY: Final = 95
"""Percentile of the changes within: joints between tiles are there as well as at the border."""


def trim_rim(pixels: np.ndarray) -> np.ndarray:
    """Return a picture (H, W, 3) without its rim; the same where it has none."""
    changes = [_measure_changes(pixels, axis) for axis in (0, 1)]
    if not any(_is_loud(change, LOUD).any() for change in changes):
        return pixels
    # A picture with a rim on one side mostly has a fainter one on the others.
    rows, columns = (_find_inner(_is_loud(change, FAINT)) for change in changes)
    return pixels[rows, columns]


def _measure_changes(pixels: np.ndarray, axis: int) -> np.ndarray:
    """Return how much each line differs from the one before, as a multiple of what is usual."""
    change = np.abs(np.diff(pixels.astype(np.float32), axis=axis)).mean((1 - axis, 2))
    usual = max(float(np.percentile(change[WIDEST:-WIDEST], MANY)), QUIET)
    return np.asarray(change / usual)


def _is_loud(change: np.ndarray, limit: float) -> np.ndarray:
    """Return (2, WIDEST), at both ends, outermost first."""
    return np.stack([change[:WIDEST], change[::-1][:WIDEST]]) > limit


def _find_inner(loud: np.ndarray) -> slice:
    """Return what lies between rims; the pixel within a rim is half of it, so goes too."""
    first, last = (int(np.flatnonzero(end)[-1]) + 2 if end.any() else 0 for end in loud)
    return slice(first, -last or None)
