"""A piano roll to look at: notes by part, bars, names of the octaves."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from studio_music.notes import Piece

COLOURS: Final = (
    *("#c8553d", "#2f6690", "#3a7d44", "#8a5a9e", "#c58b1f", "#3c8f92", "#a23b72", "#6b6b6b"),
)
BLACK_KEYS: Final = (1, 3, 6, 8, 10)
EDGE: Final = 46


def draw_piano_roll(piece: Piece, width: int = 1400, row: int = 10, title: str = "") -> Image.Image:
    """Draw a piece `width` pixels wide, one row of pixels high `row` for each semitone."""
    pitches = [note.pitch for part in piece.parts for note in part.notes]
    low, high = min(pitches) - 2, max(pitches) + 2
    height = (high - low + 1) * row
    top = 64
    picture = Image.new("RGB", (width + EDGE + 12, height + top + 26), "white")
    draw = ImageDraw.Draw(picture)
    small, large = ImageFont.load_default(12), ImageFont.load_default(17)
    scale = width / max(piece.length, piece.bar)
    for pitch in range(low, high + 1):
        y = top + (high - pitch) * row
        if pitch % 12 in BLACK_KEYS:
            draw.rectangle((EDGE, y, EDGE + width, y + row - 1), fill="#f1f3f6")
        if pitch % 12 == 0:
            draw.text((EDGE - 6, y + row / 2), f"C{pitch // 12 - 1}", "#50586a", small, anchor="rm")
            draw.line((EDGE, y + row, EDGE + width, y + row), fill="#ccd2dc")
    _draw_bars(draw, piece, (scale, top, height), small)
    for place, part in enumerate(piece.parts):
        colour = COLOURS[place % len(COLOURS)]
        for note in part.notes:
            x0, x1 = EDGE + note.start * scale, EDGE + note.end * scale - 1
            y = top + (high - note.pitch) * row
            draw.rectangle((x0, y + 1, max(x1, x0 + 2), y + row - 2), fill=colour)
    draw.text((EDGE, 12), title or piece.title, "#20242e", large)
    x = float(EDGE)
    for place, part in enumerate(piece.parts[:12]):
        draw.rectangle((x, 42, x + 11, 53), fill=COLOURS[place % len(COLOURS)])
        draw.text((x + 16, 40), part.name, "#50586a", small)
        x += 34 + draw.textlength(part.name, small)
    return picture


def _draw_bars(
    draw: ImageDraw.ImageDraw,
    piece: Piece,
    frame: tuple[float, int, int],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    scale, top, height = frame
    count = int((piece.length - piece.pickup) / piece.bar + 0.999)
    every = next(step for step in (1, 2, 4, 8, 16, 64, 10**9) if count / step <= 40)
    for number in range(0, count + 1, every):
        x = EDGE + (piece.pickup + number * piece.bar) * scale
        draw.line((x, top, x, top + height), fill="#b9c0cc")
        if number < count:
            draw.text((x + 3, top + height + 6), str(number + 1), "#50586a", font)
