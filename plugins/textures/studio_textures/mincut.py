"""Minimum-error boundary cuts through the overlap of two patches (Efros & Freeman, 2001)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Sides(NamedTuple):
    """Width in pixels of the overlap along each side of a patch; 0 where nothing is there yet."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


def cut_path(error: NDArray[np.float32]) -> NDArray[np.intp]:
    """Cheapest top-to-bottom path through an error band.

    Args:
        error: (N, W) cost of cutting at each pixel, >= 0.

    Returns:
        (N,) column of the path in every row; neighbouring rows differ by at most one.
    """
    rows, width = error.shape
    total = np.full((rows, width + 2), np.inf, dtype=np.float32)  # a wall on either side
    total[0, 1:-1] = error[0]
    for row in range(1, rows):
        above = total[row - 1]
        best = np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
        np.add(best, error[row], out=total[row, 1:-1])
    path = np.empty(rows, dtype=np.intp)
    column = int(total[-1].argmin())
    path[-1] = column - 1
    for row in range(rows - 2, -1, -1):
        column += int(total[row, column - 1 : column + 2].argmin()) - 1
        path[row] = column - 1
    return path


def cut_mask(error: NDArray[np.float32], sides: Sides) -> NDArray[np.bool_]:
    """Which pixels of a square patch replace what lies below it.

    Args:
        error: (P, P) difference between the patch and what is there; 0 where nothing is.
        sides: overlap widths; each overlap is cut by its own path, and the patch keeps what is
            inside all of them.

    Returns:
        (P, P), True where the patch is shown.
    """
    keep = _beyond_path(error, sides.left)
    keep &= _beyond_path(error[:, ::-1], sides.right)[:, ::-1]
    keep &= _beyond_path(error.T, sides.top).T
    keep &= _beyond_path(error.T[:, ::-1], sides.bottom)[:, ::-1].T
    return keep


def _beyond_path(error: NDArray[np.float32], width: int) -> NDArray[np.bool_]:
    """True right of the cut through the first `width` columns."""
    if width <= 0:
        return np.ones(error.shape, dtype=np.bool_)
    path = cut_path(error[:, :width])
    return np.arange(error.shape[1])[None, :] >= path[:, None]
