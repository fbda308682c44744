"""What sliders move: density, range, syncopation and interval size of a few bars, as directions.

A direction in latent space is found by how an attribute and the latent vectors vary together.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.melody_data import FIRST, Tokens

Floats = npt.NDArray[np.float64]
RIDGE: Final = 0.03
"""Variance below which a latent dimension counts for little: it says nothing."""
MELODY: Final = ("density", "range", "syncopation", "interval")
DRUM: Final = ("density", "syncopation", "toms", "cymbals")


def measure_melody(tokens: Tokens, bar: int) -> Floats:
    """Return the four attributes of `MELODY` of one window.

    Args:
        tokens: (N,), see `melody_data`.
        bar: steps of a bar.
    """
    onsets = np.flatnonzero(tokens >= FIRST)
    pitches = tokens[onsets].astype(np.float64)
    if not len(onsets):
        return np.zeros(4)
    moves = np.abs(np.diff(pitches))
    struck = np.zeros(len(tokens), bool)
    struck[onsets] = True
    return np.array(
        [
            len(onsets) / len(tokens),
            pitches.max() - pitches.min(),
            measure_syncopation(struck, bar),
            float(moves.mean()) if len(moves) else 0.0,
        ]
    )


def measure_drums(hits: npt.NDArray[np.float32]) -> Floats:
    """Return the four attributes of `DRUM` of a window (steps, 9)."""
    low = hits[:, :2].max(1) > 0.5
    return np.array(
        [
            float(hits.sum()) / len(hits),
            measure_syncopation(low, 16),
            float(hits[:, 4:7].sum()) / len(hits),
            float(hits[:, 7:].sum()) / len(hits),
        ]
    )


def measure_syncopation(struck: npt.NDArray[np.bool_], bar: int) -> float:
    """Return the share of onsets off the beat with nothing struck on the next beat, 0..1."""
    beat = 4 if bar % 16 == 0 else bar // 2
    places = np.flatnonzero(struck)
    if not len(places):
        return 0.0
    count = 0
    for place in places.tolist():
        after = -(-place // beat) * beat
        if place % beat and not struck[place + 1 : min(after, len(struck) - 1) + 1].any():
            count += 1
    return count / len(places)


def find_directions(z: Floats, values: Floats, names: tuple[str, ...]) -> Mapping[str, list[float]]:
    """Return for each attribute where z lies on average when it is one standard deviation up.

    That is the covariance of both (Haufe et al., 2014): it stays where latent vectors lie, which a
    regression's slope does not.

    Args:
        z: (N, n_latent).
        values: (N, len(names)).
        names: of the attributes.
    """
    centred = z - z.mean(0)
    scaled = (values - values.mean(0)) / np.maximum(values.std(0), 1e-9)
    directions = centred.T @ scaled / len(z)
    return {
        name: [round(float(value), 4) for value in directions[:, place]]
        for place, name in enumerate(names)
    }
