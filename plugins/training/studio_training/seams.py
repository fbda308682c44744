"""Does a picture tile? The same measure as in the textures plugin."""

from typing import Final

import numpy as np
import numpy.typing as npt

FLAT: Final = 1e-4
"""A mean gradient below this cannot be seen: the picture is flat."""

Pixels = npt.NDArray[np.uint8]
Steps = npt.NDArray[np.float64]


def measure_seams(picture: Pixels) -> dict[str, float]:
    """Gradient across the wrap, relative to the median inner one; 1.0 is invisible.

    Args:
        picture: (H, W, C).
    """
    across, down = _get_ratio(picture.swapaxes(0, 1)), _get_ratio(picture)
    return {"seam_x": across, "seam_y": down, "seam_ratio": max(across, down)}


def measure_quiet_seams(picture: Pixels) -> dict[str, float]:
    """Measure the seams of a picture that tiles anywhere, as after `roll_to_quiet`."""
    across, down = _get_quiet_ratio(picture.swapaxes(0, 1)), _get_quiet_ratio(picture)
    return {"seam_x": across, "seam_y": down, "seam_ratio": max(across, down)}


def roll_to_quiet(picture: Pixels) -> Pixels:
    """Roll a torus so that its border lies along a usual line.

    A torus has no border; one along a joint of bricks looks like a seam to every measure.
    """
    for axis in (0, 1):
        steps = _get_steps(picture.swapaxes(0, axis))
        picture = np.roll(picture, -1 - _find_quiet(steps), axis=axis)
    return picture


def _find_quiet(steps: Steps) -> int:
    return int(np.abs(steps - np.median(steps)).argmin())


def _get_steps(picture: Pixels) -> Steps:
    """Mean step from each row to the next, the last one around the torus, in 0..1."""
    rows = picture.reshape(len(picture), -1).astype(np.int16)
    steps = np.abs(np.diff(rows, axis=0, append=rows[:1]))
    return np.asarray(steps.sum(1, dtype=np.int64) / (255 * rows.shape[1]), np.float64)


def _get_quiet_ratio(picture: Pixels) -> float:
    steps = _get_steps(picture)
    return _compare(np.roll(steps, -1 - _find_quiet(steps)))


def _get_ratio(picture: Pixels) -> float:
    return _compare(_get_steps(picture))


def _compare(steps: Steps) -> float:
    """Return the last step as a multiple of the usual one of the others."""
    wrap, usual = float(steps[-1]), float(np.median(steps[:-1])) if len(steps) > 1 else 0.0
    return 1.0 if wrap <= FLAT and usual <= FLAT else wrap / max(usual, FLAT)
