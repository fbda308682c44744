"""What drawn thumbnails share: the dark card, the colours of voices, type."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from studio.codecs.base import THUMBNAIL_SIZE

Colour: TypeAlias = tuple[int, int, int]
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

CARD: Final = (THUMBNAIL_SIZE, THUMBNAIL_SIZE * 3 // 4)
"""Width and height of a drawn thumbnail, pixels."""
OVERSAMPLE: Final = 4
"""Shapes are drawn this much larger and averaged: Pillow does not smooth them itself."""
TOP: Final[Colour] = (37, 39, 46)
BOTTOM: Final[Colour] = (22, 23, 28)
RULE: Final[Colour] = (52, 55, 64)
INK: Final[Colour] = (222, 224, 230)
FAINT: Final[Colour] = (139, 144, 158)
VOICES: Final[Sequence[Colour]] = (
    (94, 200, 229),
    (255, 173, 92),
    (150, 214, 121),
    (240, 122, 150),
    (177, 148, 245),
    (245, 220, 106),
    (104, 214, 187),
    (226, 140, 222),
)
"""Easily told apart on the card, also by most people who see few colours."""
FACES: Final = {
    "sans": ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc"),
    "mono": ("DejaVuSansMono.ttf", "NotoSansMono-Regular.ttf", "Menlo.ttc", "consola.ttf"),
}


def build_card(oversample: int = 1) -> Image.Image:
    """Return the empty card, a soft vertical gradient, RGB."""
    return _build_gradient(CARD[0] * oversample, CARD[1] * oversample).copy()


@lru_cache(maxsize=2)
def _build_gradient(width: int, height: int) -> Image.Image:
    """Draw it once: every text and score has the same card behind it."""
    column = Image.new("RGB", (1, height))
    for y in range(height):
        column.putpixel((0, y), mix(TOP, BOTTOM, y / (height - 1)))
    return column.resize((width, height))


def finish_card(large: Image.Image) -> Image.Image:
    """Average an oversampled card down to its size."""
    return large.resize(CARD, Image.Resampling.BOX)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour `share` (0..1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@lru_cache(maxsize=8)
def find_font(size: float, face: str = "sans") -> Font:
    """Return a system font that knows many scripts, or Pillow's own, which knows ASCII."""
    for name in FACES[face]:
        with suppress(OSError):
            return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC)
    return ImageFont.load_default(size)


def draw_note(card: Image.Image, text: str) -> None:
    """Write one faint line at the bottom right of a finished card, in place."""
    font, draw = find_font(10), ImageDraw.Draw(card)
    width = draw.textlength(text, font=font)
    draw.text((CARD[0] - 12 - width, CARD[1] - 20), text, font=font, fill=FAINT)


def draw_page(title: str, text: str, note: str = "", face: str = "sans") -> Image.Image:
    """Return a card with a title over a rule, and the first lines of `text` fading out below.

    Args:
        title: one line, cut where it ends; "" for none.
        text: any text; only what fits is drawn.
        note: one faint line at the bottom.
        face: of `FACES`.
    """
    card = build_card()
    draw = ImageDraw.Draw(card)
    left, top, bottom = 14, 14, CARD[1] - (26 if note else 10)
    if title:
        font = find_font(13)
        line = next(_wrap(draw, title, font, CARD[0] - 2 * left), "")
        draw.text((left, top - 2), line, font=font, fill=VOICES[0])
        draw.line((left, top + 19, CARD[0] - left, top + 19), fill=RULE)
        top += 27
    font, step = find_font(11 if face == "sans" else 10, face), 15
    for line in _wrap(draw, text[:4000], font, CARD[0] - 2 * left):
        if top + step > bottom:
            break
        share = max(0.0, (top - CARD[1] * 0.55) / (CARD[1] * 0.45))
        draw.text((left, top), line, font=font, fill=mix(INK, BOTTOM, share * 0.85))
        top += step
    if note:
        draw_note(card, note)
    return card


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> Iterator[str]:
    """Yield lines that fit; words too long for a line are cut, control characters dropped."""
    for paragraph in text.expandtabs(4).splitlines():
        clean = "".join(c if c.isprintable() else " " for c in paragraph).rstrip()
        while draw.textlength(clean, font=font) > width:
            fits = _count_fitting(draw, clean, font, width)
            cut = clean.rfind(" ", 1, fits + 1)
            cut = cut if clean[: max(cut, 0)].strip() else fits
            yield clean[:cut]
            clean = clean[cut:].lstrip()
        yield clean


def _count_fitting(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> int:
    """Number of leading characters that fit, at least 1."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if draw.textlength(text[:middle], font=font) <= width:
            low = middle
        else:
            high = middle - 1
    return low
