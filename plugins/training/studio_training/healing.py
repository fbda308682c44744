"""Healing tiles that do not quite tile, so that a net that rolls them learns no cross of lines.

Most previews of tileable materials were made smaller with a border of nothing around them, and
compressed in blocks that end at the border: the outermost pixels are paler or greyer, and the
colours of a dozen more with them. On a torus that is a cross, as loud as anything in a calm
material, and a net that is shown the tile rolled by random distances draws it wherever it likes.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from studio_training.colours import BASIS

Floats = npt.NDArray[np.float64]

DEEP: Final = 16
"""Pixels from the border: a block of colours in a JPEG file."""
USUAL: Final = 0.8
"""Quantile of what lines within differ from the mean by: so much may those at the border."""
LEAST: Final = 4 * DEEP
"""Smaller pictures have too little within to be compared with."""


def heal_tile(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a tile (H, W, 3) whose borders are as what lies between them, and meet.

    First the mean of each line near the border is brought within what is usual inside, then the
    jump that is left is spread over the tile.
    """
    basis = np.array(BASIS)
    healed = pixels.astype(np.float64) @ basis.T
    for axis in (0, 1):
        if pixels.shape[axis] >= LEAST:
            healed = _level_lines(healed, axis)
    healed = make_periodic(healed) @ basis
    return np.asarray(np.rint(healed).clip(0, 255), np.uint8)


def make_periodic(field: Floats) -> Floats:
    """Return the periodic component of (H, W, C), which has no jump at the border.

    Moisan, "Periodic plus smooth image decomposition" (J. Math. Imaging and Vision 39, 2011).
    """
    height, width = field.shape[:2]
    jumps = np.zeros_like(field)
    down, across = field[-1] - field[0], field[:, -1] - field[:, 0]
    jumps[0] += down
    jumps[-1] -= down
    jumps[:, 0] += across
    jumps[:, -1] -= across
    rows = 2 * np.cos(2 * np.pi * np.arange(height) / height)
    columns = 2 * np.cos(2 * np.pi * np.arange(width // 2 + 1) / width)
    curve = rows[:, None] + columns - 4
    curve[0, 0] = 1.0
    found = np.fft.rfft2(jumps, axes=(0, 1)) / curve[:, :, None]
    found[0, 0] = 0.0
    smooth = np.fft.irfft2(found, s=(height, width), axes=(0, 1))
    return np.asarray(field - smooth)


def _level_lines(field: Floats, axis: int) -> Floats:
    """Bring means of lines near both ends of an axis within what is usual, the less the deeper."""
    means = field.mean(1 - axis)
    inner = means[DEEP:-DEEP]
    centre = inner.mean(0)
    usual = np.quantile(np.abs(inner - centre), USUAL, axis=0)
    away = means - centre
    excess = np.sign(away) * np.maximum(np.abs(away) - usual, 0)
    count = len(means)
    depth = np.minimum(np.arange(count), np.arange(count)[::-1])
    share = ((DEEP - depth) / (DEEP / 2)).clip(0, 1)
    return np.asarray(field - np.expand_dims(excess * share[:, None], 1 - axis))
