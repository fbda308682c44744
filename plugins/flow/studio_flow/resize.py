"""Resizing on the torus: what tiles goes on tiling."""

from math import gcd
from typing import Final

from PIL import Image

REACH: Final = 8
"""Pixels around the border that the filter may look at."""


def resize_torus(image: Image.Image, width: int, height: int) -> Image.Image:
    """Resize with a Lanczos filter that looks around the border."""
    if image.size == (width, height):
        return image
    rims = [_find_rim(image.width, width), _find_rim(image.height, height)]
    wide = Image.new(image.mode, (image.width + 2 * rims[0][0], image.height + 2 * rims[1][0]))
    for x in range(rims[0][0] % image.width - image.width, wide.width, image.width):
        for y in range(rims[1][0] % image.height - image.height, wide.height, image.height):
            wide.paste(image, (x, y))
    made = wide.resize((width + 2 * rims[0][1], height + 2 * rims[1][1]), Image.Resampling.LANCZOS)
    left, top = rims[0][1], rims[1][1]
    return made.crop((left, top, left + width, top + height))


def _find_rim(before: int, after: int) -> tuple[int, int]:
    """Return a rim before and after resizing, both whole pixels."""
    common = gcd(before, after)
    small, large = before // common, after // common
    times = -(-max(REACH, REACH * before // after) // small)
    return times * small, times * large
