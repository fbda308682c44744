"""Pictures to arrays and back: what tiles, what is transparent, and what may become how large."""

from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.errors import InvalidInputError

Pixels = npt.NDArray[Any]
Tiling = Literal["auto", "yes", "no"]

MAX_SIDE: Final = 16_384
"""Of the result, pixels: larger files are refused by most programs, and by Studio."""
MAX_SEAM: Final = 1.3
"""Seam ratio up to which a picture is taken to tile."""
BLEED: Final = 12
"""How far colour is carried into what is transparent, pixels."""
STRIP: Final = 512
"""Rows treated at a time."""


def to_pixels(image: Image.Image) -> Pixels:
    """Turn L, I;16, RGB or RGBA into (H, W, C) uint8 or uint16."""
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def take_around(
    pixels: Pixels, rows: tuple[int, int], columns: tuple[int, int], wraps: bool
) -> Pixels:
    """Cut out a part that may reach beyond the border: the other side, or the border repeated."""
    height, width = pixels.shape[:2]
    down, right = np.arange(*rows), np.arange(*columns)
    if wraps:
        down, right = down % height, right % width
    part: Pixels = pixels[np.ix_(down.clip(0, height - 1), right.clip(0, width - 1))]
    return part


def take_mirrored(pixels: Pixels, rows: tuple[int, int], columns: tuple[int, int]) -> Pixels:
    """Cut out a part that may reach beyond the border, which is a mirror."""
    height, width = pixels.shape[:2]
    return pixels[np.ix_(_mirror(np.arange(*rows), height), _mirror(np.arange(*columns), width))]


def _mirror(places: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.int64]:
    turned = places % (2 * side)
    return np.minimum(turned, 2 * side - 1 - turned)


def to_image(pixels: Pixels) -> Image.Image:
    """Turn (H, W, 1|3|4) back into a picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def check_growth(width: int, height: int, factor: float, title: str) -> None:
    """Refuse results that no program opens.

    Raises:
        InvalidInputError: a side would be above `MAX_SIDE`.
    """
    if max(width, height) > MAX_SIDE:
        raise InvalidInputError(
            "{title}: {width} x {height} is above {limit} pixels a side already; cut it first",
            title=title or "picture",
            width=width,
            height=height,
            limit=MAX_SIDE,
        )
    if max(width, height) * factor > MAX_SIDE:
        raise InvalidInputError(
            "{title}: {width} x {height} times {factor} is above {limit} pixels a side; choose a "
            "scale of at most {most}",
            title=title or "picture",
            width=width,
            height=height,
            factor=f"{factor:g}",
            limit=MAX_SIDE,
            most=f"{int(MAX_SIDE / max(width, height) * 100) / 100:g}",
        )


def is_tiling(pixels: Pixels, choice: Tiling) -> bool:
    """Say whether a picture tiles: as told, or because its border looks like its inside."""
    if choice != "auto":
        return choice == "yes"
    return min(pixels.shape[:2]) >= 8 and measure_seam(pixels) <= MAX_SEAM


def measure_seam(pixels: Pixels, factor: float = 1) -> float:
    """Return the seam ratio, the worse axis.

    Mean |gradient| across the wrap, over the median of the same between inner columns (rows): of an
    enlarged picture, those where two pixels of the small one met, as they do at the wrap. Any
    interpolation is steepest there.

    Args:
        pixels: (H, W, C).
        factor: by which it was enlarged.
    """
    return max(measure_seams(pixels, factor))


def measure_seams(pixels: Pixels, factor: float = 1) -> tuple[float, float]:
    """Return the seam ratios across and down, as `measure_seam` takes them."""
    return _measure_axis(pixels, factor), _measure_axis(pixels.swapaxes(0, 1), factor)


def bleed(picture: Pixels, wraps: bool) -> Pixels:
    """Carry colour (H, W, 4) into what is transparent, so that no hidden colour leaks out.

    Returns: (H, W, 3).
    """
    seen = picture[..., 3] > 0
    if seen.all() or not seen.any():
        return picture[..., :3]
    made = np.empty((*picture.shape[:2], 3), picture.dtype)
    far = np.array([picture[..., channel].mean(where=seen) for channel in range(3)])
    for top in range(0, picture.shape[0], STRIP):
        bottom = min(top + STRIP, picture.shape[0])
        rows = (top - BLEED, bottom + BLEED)
        strip = take_around(picture, rows, (0, picture.shape[1]), wraps)
        made[top:bottom] = _bleed_strip(strip, far, wraps)[BLEED:-BLEED]
    return made


def _bleed_strip(strip: Pixels, far: Pixels, wraps: bool) -> Pixels:
    colour = strip[..., :3].astype(np.float32)
    known = (strip[..., 3] > 0).astype(np.float32)
    for _ in range(BLEED):
        weight = _sum_around(known, wraps)
        fresh = (known == 0) & (weight > 0)
        if not fresh.any():
            break
        for channel in range(3):
            shade = _sum_around(colour[..., channel] * known, wraps)
            colour[fresh, channel] = shade[fresh] / weight[fresh]
        known[fresh] = 1
    colour[known == 0] = far
    return np.asarray(np.rint(colour), strip.dtype)


def _measure_axis(pixels: Pixels, factor: float) -> float:
    """Of the seam between the last and the first column."""
    values = pixels.astype(np.float32)
    places = np.arange(1, max(2, int(pixels.shape[1] / factor))) * factor
    places = np.clip(np.rint(places).astype(int), 1, pixels.shape[1] - 1)
    steps = np.abs(values[:, places] - values[:, places - 1]).mean((0, 2))
    seam = float(np.abs(values[:, 0] - values[:, -1]).mean())
    return seam / max(float(np.median(steps)), 1e-3 * np.iinfo(pixels.dtype).max)


def _sum_around(values: npt.NDArray[np.float32], wraps: bool) -> npt.NDArray[np.float32]:
    """Sum of each 3x3 neighbourhood; above and below the strip is nothing."""
    wide = np.pad(values, ((1, 1), (0, 0)))
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    wide = np.pad(rows, ((0, 0), (1, 1)), mode="wrap" if wraps else "constant")
    return np.asarray(wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:], np.float32)
