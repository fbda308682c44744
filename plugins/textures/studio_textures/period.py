"""Regular structure: the row height of bricks, the pitch of tiles, the thread of a fabric.

A tile can only be regular if it holds a whole number of periods, so a picture with a period is
resized by a few per cent until it does.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from studio_textures.pictures import luma

STRONG = 0.2
"""Autocorrelation peak (above the valley before it) that counts as regular structure."""


REACH = 0.65
"""Longest period looked for, share of the picture: two periods should be visible."""

LINES = 256
"""Lines of a picture that are looked at, enough to average noise out."""


def find_period(img: NDArray[np.float32], axis: int) -> float | None:
    """Period of (H, W, C) along `axis` (0 down, 1 across) in pixels, or None if irregular.

    The first clear peak of the autocorrelation that is nearly as high as the highest one,
    refined on its multiples, which measure the same period more exactly.
    """
    curve = _autocorrelation(img, axis)
    peaks = _peaks(curve)
    if not peaks:
        return None
    highest = max(curve[p] for p in peaks)
    first = next(p for p in peaks if curve[p] >= 0.8 * highest)
    period = _refine(curve, first)
    multiple = 2
    while period * multiple < len(curve) - 2:
        guess = round(period * multiple)
        reach = max(1, round(period / 8))
        best = guess - reach + int(curve[guess - reach : guess + reach + 1].argmax())
        if best not in peaks:
            break
        period = _refine(curve, best) / multiple
        multiple += 1
    return float(period)


def _autocorrelation(img: NDArray[np.float32], axis: int) -> NDArray[np.float64]:
    """Unbiased autocorrelation for shifts 0..REACH n along one axis, 1 at shift 0."""
    grey = np.moveaxis(luma(img), axis, 0)
    grey = grey[:, :: max(1, grey.shape[1] // LINES)].astype(np.float64)
    n = grey.shape[0]
    for_light = max(3, n // 2)
    grey = grey - ndimage.uniform_filter1d(grey, for_light, axis=0)
    grey -= grey.mean()
    reach = int(REACH * n)
    power = np.abs(fft.rfft(grey, 2 * n, axis=0)) ** 2
    curve = fft.irfft(power.sum(axis=1))[:reach]
    curve /= n - np.arange(reach)
    return np.asarray(curve / max(float(curve[0]), 1e-12))


def _peaks(curve: NDArray[np.float64]) -> list[int]:
    """Local maxima that stand out of the valley before them."""
    found = []
    low = 1.0
    for i in range(2, len(curve) - 1):
        low = min(low, curve[i])
        top = curve[i] >= curve[i - 1] and curve[i] > curve[i + 1]
        # The longer the shift, the fewer pixels overlap, and the likelier chance is.
        clear = 0.1 + (REACH * i / len(curve)) ** 2
        if top and curve[i] > max(clear, low + STRONG):
            found.append(i)
            low = curve[i]
    return found


def _refine(curve: NDArray[np.float64], peak: int) -> float:
    """Vertex of the parabola through a peak and its neighbours."""
    left, top, right = curve[peak - 1 : peak + 2]
    bend = left - 2.0 * top + right
    return peak + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def fit_period(
    img: NDArray[np.float32], height: int, width: int, limit: float = 0.12
) -> NDArray[np.float32]:
    """Resize so that whole periods fill (height, width); unchanged where none is found.

    `limit` is the largest stretch per axis, relative; a period needing more is left alone.
    """
    zoom = [1.0, 1.0]
    for axis, length in enumerate((height, width)):
        period = find_period(img, axis)
        if period is None or period > length / 1.5:
            continue
        wanted = length / max(1, round(length / period)) / period
        if abs(wanted - 1.0) <= limit:
            zoom[axis] = wanted
    if zoom == [1.0, 1.0]:
        return img
    resized = ndimage.zoom(img, (*zoom, 1.0), order=3, mode="mirror", grid_mode=False)
    return np.asarray(np.clip(resized, 0.0, 1.0), dtype=np.float32)


def whole_periods(img: NDArray[np.float32]) -> NDArray[np.float32]:
    """Crop a regular picture to whole periods and enlarge it to its old size.

    Axes without a period, or with fewer than two, stay as they are.
    """
    height, width = img.shape[:2]
    keep = [height, width]
    for axis in (0, 1):
        period = find_period(img, axis)
        if period is not None and keep[axis] >= 2 * period:
            keep[axis] = round(int(keep[axis] / period + 0.02) * period)
    keep = [min(keep[0], height), min(keep[1], width)]
    if keep == [height, width]:
        return img
    zoom = (height / keep[0], width / keep[1], 1.0)
    resized = ndimage.zoom(img[: keep[0], : keep[1]], zoom, order=3, mode="nearest", grid_mode=True)
    return np.asarray(np.clip(resized, 0.0, 1.0), dtype=np.float32)
