"""Measures of a texture: does it tile, does it clip, is it flat, does it repeat itself.

Pictures are float32 (H, W, C) in 0..1 with C = 1, 3 or 4; with alpha, what is measured is the
premultiplied colour, because a seam nobody can see is not a seam.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from studio_textures.pictures import luma, premultiplied

FLAT = 1e-4
"""A mean gradient below this (0.03 of one 8-bit step) cannot be seen: the picture is flat."""


class SeamRatio(NamedTuple):
    """Gradient across the wrap relative to the median inner gradient; 1.0 is invisible."""

    x: float
    """Across the left/right border."""
    y: float
    """Across the top/bottom border."""

    @property
    def worst(self) -> float:
        """The larger of both axes, the number to accept or refuse a tile by."""
        return max(self.x, self.y)


def measure_seams(img: NDArray[np.float32]) -> SeamRatio:
    """Compare the step across the wrap with the usual step between neighbours, per axis.

    Mean |gradient| across the wrap divided by the median over all inner columns (rows) of the
    same. A flat picture without a step gives 1.0.
    """
    shown = premultiplied(img)
    return SeamRatio(x=_seam_ratio(shown.swapaxes(0, 1)), y=_seam_ratio(shown))


def _seam_ratio(img: NDArray[np.float32]) -> float:
    steps = np.abs(np.roll(img, -1, axis=0) - img).mean(axis=(1, 2))  # (H,), last one is the wrap
    wrap = float(steps[-1])
    usual = float(np.median(steps[:-1])) if len(steps) > 1 else 0.0
    if wrap <= FLAT and usual <= FLAT:
        return 1.0
    return wrap / max(usual, FLAT)


def find_quiet_origin(img: NDArray[np.float32]) -> tuple[int, int]:
    """Rows and columns to roll a torus (H, W, C) by so that its border lies along a usual line.

    A torus has no border of its own; without this, one that happens to fall along a joint of
    bricks looks like a seam to every measure.
    """
    shifts = []
    shown = premultiplied(img)
    for axis in (0, 1):
        steps = np.abs(np.roll(shown, -1, axis=axis) - shown).mean(axis=(1 - axis, 2))
        shifts.append(-1 - int(np.abs(steps - np.median(steps)).argmin()))
    return shifts[0], shifts[1]


def measure_clipping(img: NDArray[np.float32]) -> float:
    """Share (0..1) of pixels with every colour channel at 0 or every one at 1."""
    colour = img[..., :3] if img.shape[-1] >= 3 else img[..., :1]
    black = (colour <= 0.0).all(axis=-1)
    white = (colour >= 1.0).all(axis=-1)
    return float((black | white).mean())


def measure_contrast(img: NDArray[np.float32]) -> float:
    """Standard deviation of luma, 0..0.5."""
    return float(luma(premultiplied(img)).std())


def measure_repetition(img: NDArray[np.float32]) -> float:
    """Highest circular autocorrelation of luma away from shift zero, 0..1.

    Shifts shorter than an eighth of the picture are grain, not repetition. Bricks are high by
    nature; gravel or grass above about 0.5 shows the same stones again and again.
    """
    grey = luma(premultiplied(img))
    grey = grey - grey.mean()
    if float(grey.std()) <= FLAT:
        return 0.0
    power = np.abs(fft.rfft2(grey)) ** 2
    correlation = fft.irfft2(power, s=grey.shape)
    correlation /= correlation[0, 0]
    height, width = grey.shape
    near_y = np.minimum(np.arange(height), height - np.arange(height)) * 8 < height
    near_x = np.minimum(np.arange(width), width - np.arange(width)) * 8 < width
    far = ~(near_y[:, None] & near_x[None, :])
    return float(max(correlation[far].max(initial=0.0), 0.0))


def measure(img: NDArray[np.float32]) -> dict[str, float]:
    """All measures by name, ready for an asset's metadata."""
    seams = measure_seams(img)
    return {
        "seam_x": seams.x,
        "seam_y": seams.y,
        "seam_ratio": seams.worst,
        "clipping": measure_clipping(img),
        "contrast": measure_contrast(img),
        "repetition": measure_repetition(img),
    }
