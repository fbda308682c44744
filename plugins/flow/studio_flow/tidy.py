"""Pixel art as a person would leave it: no specks, no holes, few colours, an outline if wanted.

Sprites are uint8 (S, S, 4), colour 0 where transparent.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_flow.palettes import find_palette, keep_to_palette, to_oklab

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
SPECK: Final = 0.06
"""A loose part smaller than this share of the largest is a speck."""
SETTLING: Final = 2
"""Rounds."""
ALIKE: Final = 0.12
"""Distance in Oklab at which two shades side by side are hardly one."""
DARKER: Final = 0.45
"""Of an outline against the palette's darkest colour, where that is not dark."""
DARK: Final = 0.35
"""Lightness (Oklab) that an outline may have."""


def tidy(
    sprites: Sequence[Pixels], colours: int, palette: Pixels | None, *, settles: bool = True
) -> list[Pixels]:
    """Return sprites of one animation with one palette.

    Args:
        sprites: of one size.
        colours: at most so many; 0 leaves them.
        palette: (N, 3) to keep to instead.
        settles: shades that differ little become one; not where they are a user's own.
    """
    cleaned = [remove_specks(sprite) for sprite in sprites]
    if settles:
        cleaned = [settle(sprite) for sprite in cleaned]
    if palette is None and colours:
        opaque = [sprite[sprite[..., 3] > 0][:, :3] for sprite in cleaned]
        every = np.concatenate(opaque)
        palette = find_palette(every, colours) if len(every) else None
    if palette is None:
        return cleaned
    return [smooth(keep_to_palette(sprite, palette)) for sprite in cleaned]


def settle(sprite: Pixels) -> Pixels:
    """Draw shades together that lie side by side and differ little; edges and outlines stay.

    A bilateral filter of 3 x 3 (Tomasi and Manduchi, ICCV 1998) in Oklab: the nets leave grain
    where a person would fill a plane.
    """
    colours, shades = sprite[..., :3].astype(float), to_oklab(sprite[..., :3])
    opaque = sprite[..., 3] > 127
    for _ in range(SETTLING):
        both = np.concatenate([colours, shades], -1)
        wide = np.pad(both, ((1, 1), (1, 1), (0, 0)), mode="edge")
        there = np.pad(opaque, 1)
        total, weights = np.zeros_like(both), np.zeros(opaque.shape)
        for y, x in np.ndindex(3, 3):
            near = wide[y : y + opaque.shape[0], x : x + opaque.shape[1]]
            far = ((near[..., 3:] - shades) ** 2).sum(-1) / ALIKE**2 + (y - 1) ** 2 + (x - 1) ** 2
            weight = there[y : y + opaque.shape[0], x : x + opaque.shape[1]] * np.exp(-far / 2)
            total += near * weight[..., None]
            weights += weight
        both = np.where(opaque[..., None], total / np.maximum(weights, 1e-9)[..., None], both)
        colours, shades = both[..., :3], both[..., 3:]
    return np.concatenate([np.rint(colours).astype(np.uint8), sprite[..., 3:]], -1)


def remove_specks(sprite: Pixels) -> Pixels:
    """Drop loose parts much smaller than the largest, and fill holes of one pixel."""
    labels = label_parts(sprite[..., 3] > 127)
    made = sprite.copy()
    if labels.max() > 0:
        sizes = np.bincount(labels.ravel())[1:]
        small = np.flatnonzero(sizes < max(2, SPECK * sizes.max())) + 1
        made[np.isin(labels, small)] = 0
    return fill_holes(made)


def fill_holes(sprite: Pixels) -> Pixels:
    """Fill transparent pixels that have opaque ones on all four sides."""
    made = sprite.copy()
    opaque = np.pad(sprite[..., 3] > 127, 1)
    inside = opaque[:-2, 1:-1] & opaque[2:, 1:-1] & opaque[1:-1, :-2] & opaque[1:-1, 2:]
    for y, x in np.argwhere(inside & ~opaque[1:-1, 1:-1]):
        made[y, x] = sprite[y, x - 1]
    return made


def smooth(sprite: Pixels) -> Pixels:
    """A pixel whose four neighbours agree with each other, and not with it, is noise."""
    wide = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))
    up, down, left, right = wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]
    agree = (up == down).all(-1) & (left == right).all(-1) & (up == left).all(-1)
    lone = agree & (up != sprite).any(-1) & (sprite[..., 3] > 0) & (up[..., 3] > 0)
    # An eye is a lone pixel too: only what is near its surroundings is noise.
    far = np.linalg.norm(to_oklab(sprite[..., :3]) - to_oklab(up[..., :3]), axis=-1)
    made = sprite.copy()
    noise = lone & (far < 0.12)
    made[noise] = up[noise]
    return made


def add_outline(sprite: Pixels, colour: tuple[int, int, int] | None = None) -> Pixels:
    """Draw a line of one pixel around the sprite; shrinks nothing, and stays inside the cell."""
    opaque = np.pad(sprite[..., 3] > 127, 1)
    near = opaque[:-2, 1:-1] | opaque[2:, 1:-1] | opaque[1:-1, :-2] | opaque[1:-1, 2:]
    rim = near & ~opaque[1:-1, 1:-1]
    made = sprite.copy()
    made[rim] = (*(find_line_colour(sprite) if colour is None else colour), 255)
    return made


def find_line_colour(sprite: Pixels) -> tuple[int, int, int]:
    """Return the darkest colour, made darker if it is not dark."""
    colours = sprite[sprite[..., 3] > 127][:, :3]
    if not len(colours):
        return (0, 0, 0)
    light = to_oklab(colours)[:, 0]
    darkest = colours[int(light.argmin())].astype(float)
    if float(light.min()) > DARK:
        darkest = darkest * DARKER
    red, green, blue = (int(value) for value in darkest)
    return red, green, blue


def label_parts(opaque: Mask) -> npt.NDArray[np.intp]:
    """Number the parts that hang together, corners included; 0 is transparent."""
    height, width = opaque.shape
    labels = np.where(opaque, np.arange(1, height * width + 1).reshape(height, width), 0)
    while True:
        wide = np.pad(labels, 1)
        shifted = [
            wide[1 + y : 1 + y + height, 1 + x : 1 + x + width]
            for y in (-1, 0, 1)
            for x in (-1, 0, 1)
        ]
        spread = np.where(opaque, np.max(shifted, axis=0), 0)
        if (spread == labels).all():
            return np.asarray(np.unique(labels, return_inverse=True)[1].reshape(labels.shape))
        labels = spread
