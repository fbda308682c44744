"""What enlarging does to the seam of a tile.

The seam ratio of `pictures` sets the seam beside other lines of the same picture. Of a tile it is 1
on average, but lines differ, the more the sharper a picture is: what an enlargement with a higher
ratio than its original shows may be detail that happens to lie at the border. Here, the seam is set
beside the very same line inside of a picture.
"""

import numpy as np

from studio_upscale.enlarge import Pixels, Style, enlarge
from studio_upscale.network import EnlargingNet

FAINT = 0.25
"""Steps below this, in levels, are rounding."""


def measure_seam_step(network: EnlargingNet, tile: Pixels, factor: int, *, wraps: bool) -> float:
    """Return how steep the seam of an enlarged tile is, over the same line when it lies inside.

    The tile is rolled by half and enlarged as a picture that does not tile: what was its border is
    its middle now, and has its true neighbours. 1 is a seam like any other line.

    Args:
        network: enlarges.
        tile: (H, W, 3), of at least 8 pixels a side.
        factor: by which it is enlarged.
        wraps: False measures what not knowing of the other side costs.

    Returns: the axis that is further from 1.
    """
    made = enlarge(network, tile, factor, Style(wraps=wraps))
    half = (tile.shape[0] // 2, tile.shape[1] // 2)
    inside = enlarge(network, np.roll(tile, half, (0, 1)), factor, Style())
    steps = [
        max(FAINT, _measure_step(made, axis, 0))
        / max(FAINT, _measure_step(inside, axis, half[axis] * factor))
        for axis in (0, 1)
    ]
    return max(steps, key=lambda step: max(step, 1 / step))


def _measure_step(picture: Pixels, axis: int, line: int) -> float:
    """Mean step from the line before to a line, in levels."""
    lines = picture.swapaxes(0, axis).astype(np.float32)
    return float(np.abs(lines[line] - lines[line - 1]).mean())
