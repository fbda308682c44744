"""Arrays to pictures and back. Imported only where somebody brings an array."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs.pictures import MAX_PIXELS, to_eight_bit
from studio.errors import InvalidInputError

Floats = npt.NDArray[np.float32]


def build_image(array: Any, *, deep: bool = False) -> Image.Image:
    """Return a picture of an array (H, W) or (H, W, 1|3|4).

    Args:
        array: bool, uint8, uint16 or float. Floats mean 0..1 and are clipped; uint16 grey stays
            16-bit ("I;16"), uint16 colour becomes 8-bit, for there is no such picture in Pillow.
        deep: make 16-bit grey of any one-channel array.

    Raises:
        InvalidInputError: another shape or type, NaN, or floats that are clearly not 0..1.
    """
    values = np.asarray(array)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (3, 4)):
        raise InvalidInputError(
            "a picture array is (H, W) or (H, W, 1|3|4), not {shape}", shape=values.shape
        )
    if not 0 < values.shape[0] * values.shape[1] <= MAX_PIXELS:
        raise InvalidInputError(
            "a picture of {shape} pixels cannot be written; make it smaller", shape=values.shape
        )
    return Image.fromarray(_quantise(values, deep=deep and values.ndim == 2))


def to_array(image: Image.Image) -> Floats:
    """Return float32 0..1: (H, W) for grey, (H, W, 3|4) for colour; 16-bit grey keeps its depth."""
    image = to_eight_bit(image, deep=True)
    scale = 65535 if image.mode.startswith("I;16") else 255
    return np.asarray(image, np.float32) / np.float32(scale)


def _quantise(values: npt.NDArray[Any], *, deep: bool) -> npt.NDArray[Any]:
    """Integers of the depth a picture can hold."""
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        return (
            values if values.ndim == 2 else ((values.astype(np.uint32) + 128) // 257).astype("u1")
        )
    if values.dtype == np.uint8:
        return values.astype(np.uint16) * np.uint16(257) if deep else np.ascontiguousarray(values)
    if not np.issubdtype(values.dtype, np.floating):
        raise InvalidInputError(
            "a picture array is uint8, uint16 or float in 0..1, not {dtype}", dtype=values.dtype
        )
    low, high = float(values.min()), float(values.max())
    if not (-1 <= low and high <= 2):  # NaN compares false
        raise InvalidInputError(
            "a float picture lies in 0..1, this one in {low}..{high}; divide it by its range",
            low=low,
            high=high,
        )
    peak, dtype = (65535, np.uint16) if deep else (255, np.uint8)
    return np.asarray(np.rint(np.clip(values, 0, 1) * peak), dtype)
