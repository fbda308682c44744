"""Procedural pictures: the sharp edges, curves, stripes and letters that photographs lack."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIDE: Final = 256
FINE: Final = 4
"""Shapes are drawn this much larger and averaged down, so that edges are antialiased."""
WORDS: Final = (
    "Studio",
    "texture",
    "0123456789",
    "Kiln & Co.",
    "the quick brown fox",
    "EXIT",
    "SR x4",
)


def draw_picture(seed: int) -> Image.Image:
    """Draw one (256, 256) RGB picture."""
    rng = np.random.default_rng(seed)
    side = SIDE * FINE
    canvas = Image.new("RGB", (side, side), _colour(rng))
    draw = ImageDraw.Draw(canvas)
    makers = (_draw_polygons, _draw_curves, _draw_stripes, _draw_words)
    for index in range(3):
        makers[(seed + index * int(rng.integers(1, 4))) % len(makers)](draw, rng, side)
    picture = canvas.resize((SIDE, SIDE), Image.Resampling.BOX)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))
    shade = np.linspace(rng.uniform(0.7, 1), rng.uniform(0.7, 1), SIDE)[:, None, None]
    values = np.asarray(picture, np.float32) * shade
    return Image.fromarray(np.clip(np.round(values), 0, 255).astype(np.uint8))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def _point(rng: np.random.Generator, side: int) -> tuple[float, float]:
    x, y = rng.uniform(-0.1, 1.1, 2) * side
    return float(x), float(y)


def _draw_polygons(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    for _ in range(int(rng.integers(4, 14))):
        points = [_point(rng, side) for _ in range(int(rng.integers(3, 6)))]
        draw.polygon(points, fill=_colour(rng))


def _draw_curves(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    for _ in range(int(rng.integers(6, 20))):
        x, y = _point(rng, side)
        radius = float(rng.uniform(0.02, 0.4)) * side
        width = int(rng.integers(1, 12)) * FINE
        box = (x - radius, y - radius, x + radius, y + radius * float(rng.uniform(0.3, 1)))
        if rng.random() < 0.4:
            draw.ellipse((box[0], min(box[1::2]), box[2], max(box[1::2])), fill=_colour(rng))
        else:
            start = float(rng.uniform(0, 360))
            draw.arc(box, start, start + float(rng.uniform(60, 300)), _colour(rng), width)


def _draw_stripes(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    angle, pitch = float(rng.uniform(0, np.pi)), float(rng.uniform(5, 24)) * FINE
    width = int(pitch * rng.uniform(0.3, 0.6))
    colour, reach = _colour(rng), int(rng.uniform(0.2, 0.8) * side)
    across = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-across[1], across[0]]) * reach
    centre = np.array(_point(rng, side))
    for number in range(-int(reach / pitch), int(reach / pitch)):
        middle = centre + across * pitch * number
        draw.line([*(middle - along), *(middle + along)], colour, width)


def _draw_words(draw: ImageDraw.ImageDraw, rng: np.random.Generator, side: int) -> None:
    for _ in range(int(rng.integers(4, 14))):
        font = ImageFont.load_default(float(rng.uniform(9, 48)) * FINE)
        x, y = _point(rng, side)
        draw.text((x - side * 0.2, y), str(rng.choice(WORDS)), font=font, fill=_colour(rng))
