"""The colours a person would name when asked what a picture looks like."""

import re
from bisect import bisect
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from studio.errors import InvalidParamsError

if TYPE_CHECKING:
    from PIL.Image import Image

COLOURS: Final = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink",
    "brown", "white", "grey", "black",
)  # fmt: skip

_OTHER_NAMES: Final = {
    "gray": "grey",
    "cyan": "teal",
    "turquoise": "teal",
    "magenta": "pink",
    "violet": "purple",
}
_HEX: Final = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
_LIMITS: Final = (15, 42, 68, 160, 195, 255, 290, 345)
"""Degrees from which a hue has the next name of `_HUES`."""
_HUES: Final = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "red",
)  # fmt: skip

_SIDE: Final = 24
_ROUNDED: Final = bytes(value & ~3 | 2 for value in range(256))
"""The middle of every four values, for then many pixels are of the same colour."""
_MOST: Final = 3
_LEAST_SHARE: Final = 0.12
_OPAQUE: Final = 128


def find_colours(picture: "Image", *, centre: bool = False) -> list[str]:
    """Name up to three colours that cover an eighth of a picture or more, the largest first.

    Args:
        picture: of any mode.
        centre: look at the middle alone, where a material's sphere is.
    """
    if centre:
        width, height = picture.size
        picture = picture.crop((width // 4, height // 4, width - width // 4, height - height // 4))
    is_opaque = picture.mode == "RGB" and "transparency" not in picture.info
    plain = picture if is_opaque else picture.convert("RGBA")
    small = plain.resize((_SIDE, _SIDE))
    small.frombytes(small.tobytes().translate(_ROUNDED))
    counts: dict[str, int] = {}
    # With the last number left out where all is opaque.
    for count, (red, green, blue, *alpha) in small.getcolors(_SIDE * _SIDE) or ():  # type: ignore[misc]
        if not alpha or alpha[0] >= _OPAQUE:
            name = name_colour(red, green, blue)
            counts[name] = counts.get(name, 0) + count
    total = sum(counts.values())
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    return [name for name in ranked[:_MOST] if counts[name] >= _LEAST_SHARE * total]


@lru_cache(1 << 14)  # pictures of one job are of much the same colours
def name_colour(red: int, green: int, blue: int) -> str:
    """Name a colour, 0..255 each."""
    high, low = max(red, green, blue), min(red, green, blue)
    chroma = high - low
    if high < 42:
        return "black"
    if chroma < 26 or chroma < 0.13 * high:
        return "white" if low > 220 else "grey"
    if high == red:
        degrees = 60 * ((green - blue) / chroma % 6)
    elif high == green:
        degrees = 60 * ((blue - red) / chroma + 2)
    else:
        degrees = 60 * ((red - green) / chroma + 4)
    return _shade(_HUES[bisect(_LIMITS, degrees)], high, chroma / high)


def get_colour(text: str) -> str:
    """Return the one of `COLOURS` that is meant by a name or by `#rrggbb`.

    Raises:
        InvalidParamsError: it is neither.
    """
    wanted = text.strip().lower()
    match = _HEX.fullmatch(wanted)
    if match:
        return name_colour(*(int(part, 16) for part in match.groups()))
    wanted = _OTHER_NAMES.get(wanted, wanted)
    if wanted not in COLOURS:
        raise InvalidParamsError(
            "colour '{colour}': must be #rrggbb or one of {known}",
            colour=text[:40],
            known=", ".join(COLOURS),
        )
    return wanted


def _shade(name: str, high: int, saturation: float) -> str:
    """Say brown, pink or purple where dark or pale orange, red and pink are called so."""
    if name == "orange" and (high < 165 or saturation < 0.45):
        return "brown"
    if name == "yellow" and high < 115:
        return "brown"
    if name == "red" and high > 190 and saturation < 0.5:
        return "pink"
    if name == "red" and high < 130 and saturation < 0.6:
        return "brown"
    if name == "pink" and high < 130:
        return "purple"
    return name
