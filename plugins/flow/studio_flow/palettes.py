"""Few colours: choosing them from a picture, and keeping to them. Plain NumPy.

Distances are taken in Oklab (Ottosson 2020), where they are those of the eye.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
ROUNDS: Final = 12


def to_oklab(colours: npt.NDArray[Any]) -> Floats:
    """Return (..., 3) of sRGB 0..255."""
    values = np.asarray(colours, np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ LMS.T) @ LAB.T)


def find_palette(colours: Pixels, count: int) -> Pixels:
    """Choose at most `count` colours for (N, 3): k-means, started far apart; no randomness.

    Every colour is one that occurs, so pixel art keeps its own.
    """
    unique, weights = np.unique(colours.reshape(-1, 3), axis=0, return_counts=True)
    if len(unique) <= count:
        return np.asarray(unique, np.uint8)
    places = to_oklab(unique)
    centres = _start(places, weights, count)
    for _ in range(ROUNDS):
        nearest = _find_nearest(places, centres)
        for index in range(count):
            mine = nearest == index
            if mine.any():
                centres[index] = np.average(places[mine], axis=0, weights=weights[mine])
    return np.asarray(unique[np.unique(_find_nearest(centres, places))], np.uint8)


def keep_to_palette(picture: Pixels, palette: Pixels) -> Pixels:
    """Give every opaque pixel of (H, W, 4) the nearest colour; the rest becomes 0."""
    made = np.zeros_like(picture)
    opaque = picture[..., 3] > 127
    if opaque.any() and len(palette):
        nearest = _find_nearest(to_oklab(picture[opaque][:, :3]), to_oklab(palette))
        made[opaque, :3] = palette[nearest]
    made[opaque, 3] = 255
    return made


def _start(places: Floats, weights: npt.NDArray[Any], count: int) -> Floats:
    """Take the commonest colour, then again and again the one worst served."""
    chosen = [int(weights.argmax())]
    far = np.square(places - places[chosen[0]]).sum(1)
    for _ in range(count - 1):
        chosen.append(int((far * np.sqrt(weights)).argmax()))
        far = np.minimum(far, np.square(places - places[chosen[-1]]).sum(1))
    return places[chosen].copy()


def _find_nearest(places: Floats, centres: Floats) -> npt.NDArray[np.intp]:
    return np.asarray(np.square(places[:, None] - centres[None]).sum(2).argmin(1))
