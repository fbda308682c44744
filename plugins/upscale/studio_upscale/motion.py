"""What moved between two frames, and what that is good for: steadier enlarged video."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

ROUNDS: Final = 4
SIGMA: Final = 3.0
"""Of the window in which motion is taken to be the same, pixels."""
LEAST: Final = 24
"""Shortest side of the smallest picture of the pyramid."""
TRUST: Final = 6.0
"""Difference between a frame and the moved last one at which half of that is believed, levels."""
REGULAR: Final = 4.0


def find_motion(now: Floats, before: Floats) -> Floats:
    """Find where each pixel of `now` (H, W) came from: (2, H, W) rows and columns, Lucas-Kanade.

    Args:
        now: luma, 0..255.
        before: the frame before it.
    """
    height, width = now.shape
    motion = np.zeros((2, height, width), np.float32)
    if min(now.shape) >= 2 * LEAST:
        halves = [_resize(frame, (height // 2, width // 2)) for frame in (now, before)]
        small = find_motion(*halves)
        motion = np.stack([2 * _resize(part, (height, width)) for part in small])
    for _ in range(ROUNDS):
        moved = move(before[..., None], motion)[..., 0]
        down, right = np.gradient((now + moved) / 2)
        late = moved - now
        a = gaussian_filter(down * down, SIGMA) + REGULAR
        b = gaussian_filter(down * right, SIGMA)
        c = gaussian_filter(right * right, SIGMA) + REGULAR
        first, second = gaussian_filter(down * late, SIGMA), gaussian_filter(right * late, SIGMA)
        scale = a * c - b * b
        step = np.stack([(c * first - b * second) / scale, (a * second - b * first) / scale])
        motion = motion - np.clip(step, -1, 1).astype(np.float32)
    return motion


def move(frame: npt.NDArray[np.generic], motion: Floats) -> Floats:
    """Fetch each pixel of (H, W, C) from where it came; beyond the border the border goes on."""
    places = np.mgrid[: frame.shape[0], : frame.shape[1]].astype(np.float32) + motion
    planes = np.moveaxis(frame.astype(np.float32), 2, 0)
    moved = [map_coordinates(plane, places, order=1, mode="nearest") for plane in planes]
    return np.stack(moved, axis=2)


class Steadier:
    """Mixes each enlarged frame with the one before it, moved to where things are now.

    Args:
        strength: share of the moved one where it fits perfectly, 0..1.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._small: Bytes | None = None
        self._large: Floats | None = None

    def steady(self, small: Bytes, large: Bytes) -> Bytes:
        """Return the enlarged frame (sH, sW, 3), mixed.

        Args:
            small: the frame (H, W, 3).
            large: enlarged.
        """
        result = large.astype(np.float32)
        if self._strength and self._small is not None and self._large is not None:
            motion = find_motion(_to_luma(small), _to_luma(self._small))
            fault = np.abs(move(self._small, motion) - small).max(2)
            fault = gaussian_filter(fault, 1.0)
            trust = self._strength / (1 + (fault / TRUST) ** 4)
            size = large.shape[:2]
            factor = size[0] / small.shape[0]
            wide = np.stack([factor * _resize(part, size) for part in motion])
            weight = _resize(trust.astype(np.float32), size)[..., None]
            result = result + weight * (move(self._large, wide) - result)
        self._small, self._large = small, result
        return np.asarray(np.clip(np.rint(result), 0, 255), np.uint8)


def measure_flicker(frames: list[Bytes], true: list[Bytes]) -> float:
    """Return how much more enlarged frames change than the true ones do, levels of 255.

    Mean |(f1 - f0) - (t1 - t0)| over all steps: 0 if what changes is what truly changed.
    """
    values = [np.stack(part).astype(np.float32) for part in (frames, true)]
    steps = [np.diff(part, axis=0) for part in values]
    return float(np.abs(steps[0] - steps[1]).mean())


def _to_luma(frame: Bytes) -> Floats:
    return np.asarray(frame.astype(np.float32) @ np.array((0.299, 0.587, 0.114), np.float32))


def _resize(values: Floats, shape: tuple[int, ...]) -> Floats:
    image = Image.fromarray(np.asarray(values, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
