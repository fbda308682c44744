"""Dead leaves: pictures of shapes that cover one another, coloured and textured by photographs.

Sizes follow a power law, as those of things in photographs do (Lee, Mumford and Huang, 2001); what
is learnt from such pictures holds for photographs (Achddou et al., *Synthetic images as a
regularity prior for image restoration neural networks*, 2021).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Bytes = npt.NDArray[np.uint8]

SIDE: Final = 256
FINE: Final = 3
"""Shapes are drawn this much larger and averaged down, so that edges are antialiased."""
SHAPES: Final = 300
CORNERS: Final = 48
"""Of an outline: so many that it looks round."""
SMALLEST, LARGEST = 2.5, 90.0
"""Radii of shapes, pixels of the result."""
POWER: Final = 2.2
"""Of the law of sizes; 3 keeps the statistics of sizes at every scale, less shows larger ones."""
WAVES: Final = 5
"""Of an outline, at most: how many lobes."""
TEXTURED, BLURRED = 0.45, 0.35
"""Shares of shapes that show a piece of a photograph, and of pictures that are a little soft."""
STROKE_POINTS: Final = 24
THINNEST, THICKEST = 0.4, 4.0
"""Half the widths of strokes, pixels of the result."""
SHORTEST, LONGEST = 12.0, 160.0
"""Lengths of strokes, pixels of the result."""


def draw_leaves(seed: int, photos: Sequence[Image.Image], strokes: float = 0) -> Image.Image:
    """Draw one (256, 256) RGB picture, with colours and pieces of RGB photographs.

    Args:
        seed: names the picture.
        photos: RGB.
        strokes: share of the shapes that are thin and curved: twigs, veins, wires and hair, which
            ellipses leave out; 0..1.
    """
    rng = np.random.default_rng((seed, SHAPES))
    side = SIDE * FINE
    canvas = _cut(photos, (side, side), rng)
    for _ in range(SHAPES):
        _lay(canvas, photos, rng, strokes)
    picture = canvas.resize((SIDE, SIDE), Image.Resampling.BOX)
    if rng.random() < BLURRED:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 0.9))))
    return picture


def draw_outline(radius: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the corners (K, 2) of a shape around the origin: an ellipse with lobes, or angular."""
    is_angular = rng.random() < 0.3
    count = int(rng.integers(3, 7)) if is_angular else CORNERS
    angles = np.arange(count) * (2 * np.pi / count)
    if is_angular:
        angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    distance = np.ones(count)
    for wave in range(2, WAVES + 1) if not is_angular else ():
        distance += rng.uniform(0, 0.5 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    flat = np.stack([np.cos(angles), np.sin(angles) * rng.uniform(0.15, 1)], 1)
    turn = rng.uniform(0, 2 * np.pi)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners: npt.NDArray[np.float64] = radius * distance[:, None] * flat @ turned
    return corners


def draw_stroke(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the corners (K, 2) of a curved line that tapers at one end or at both."""
    along = np.linspace(0, 1, STROKE_POINTS)
    length, half = (
        FINE * float(np.exp(rng.uniform(np.log(low), np.log(high))))
        for low, high in ((SHORTEST, LONGEST), (THINNEST, THICKEST))
    )
    bends = rng.normal(0, 1.5, 2)
    heading = rng.uniform(0, 2 * np.pi) + bends[0] * along + bends[1] * along**2
    way = np.stack([np.cos(heading), np.sin(heading)], 1)
    middle = np.cumsum(way, axis=0) * (length / STROKE_POINTS)
    taper = np.abs(along - rng.choice((0.0, 0.5))) * rng.uniform(0, 1)
    aside = np.stack([-way[:, 1], way[:, 0]], 1) * (half * (1 - taper))[:, None]
    corners: npt.NDArray[np.float64] = np.concatenate([middle + aside, (middle - aside)[::-1]])
    return corners


def _lay(
    canvas: Image.Image, photos: Sequence[Image.Image], rng: np.random.Generator, strokes: float
) -> None:
    if strokes and rng.random() < strokes:
        corners = draw_stroke(rng)
    else:
        corners = draw_outline(FINE * _draw_radius(rng), rng)
    low = corners.min(axis=0)
    width, height = (int(size) + 2 for size in corners.max(axis=0) - low)
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in corners - low], fill=1)
    place = (rng.uniform(-0.1, 1.1, 2) * canvas.width + low).astype(int)
    box = (int(place[0]), int(place[1]))
    if rng.random() < TEXTURED:
        canvas.paste(_cut(photos, (width, height), rng), box, mask)
    else:
        canvas.paste(_pick(photos, rng), box, mask)


def _draw_radius(rng: np.random.Generator) -> float:
    a, b = SMALLEST ** (1 - POWER), LARGEST ** (1 - POWER)
    return float((a + (b - a) * rng.random()) ** (1 / (1 - POWER)))


def _pick(photos: Sequence[Image.Image], rng: np.random.Generator) -> tuple[int, int, int]:
    photo = photos[int(rng.integers(len(photos)))]
    place = int(rng.integers(photo.width)), int(rng.integers(photo.height))
    red, green, blue = np.asarray(photo.crop((*place, place[0] + 1, place[1] + 1)))[0, 0].tolist()
    return red, green, blue


def _cut(
    photos: Sequence[Image.Image], size: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Cut a piece out of a photograph, so that a pixel of it is about one of the result."""
    photo = photos[int(rng.integers(len(photos)))]
    zoom = FINE * float(rng.uniform(0.5, 1))
    width, height = (min(int(s / zoom) + 1, p) for s, p in zip(size, photo.size, strict=True))
    left = int(rng.integers(photo.width - width + 1))
    top = int(rng.integers(photo.height - height + 1))
    piece = photo.crop((left, top, left + width, top + height))
    return piece.resize(size, Image.Resampling.BICUBIC)
