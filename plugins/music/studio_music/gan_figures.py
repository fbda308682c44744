"""How far the bars of the GAN are from real ones: distributions of what can be counted in them."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from studio_music.melody_data import FIRST, HOLD, LOWEST, REST
from studio_music.model_gan import Painter, paint_tokens

BEAT: Final = 4
WIDEST: Final = 12
"""Semitones; wider leaps are counted as this one."""
MOST: Final = 2048
Counts = npt.NDArray[np.float64]
Windows = npt.NDArray[np.int64]


def count_features(windows: Windows) -> dict[str, Counts]:
    """Count notes a window, pitch classes, steps between notes, rhythms of a beat, note lengths.

    Args:
        windows: (N, 32) tokens.
    """
    sounding = windows >= FIRST
    pitches = [row[row >= FIRST] for row in windows]
    steps = np.concatenate([np.diff(row) for row in pitches]).clip(-WIDEST, WIDEST) + WIDEST
    beats = sounding.reshape(-1, BEAT) @ (1 << np.arange(BEAT))
    classes = (windows[sounding] - FIRST + LOWEST) % 12
    lengths = np.fromiter(_find_lengths(windows), np.int64)
    ranges = [int(np.ptp(row)) if len(row) else 0 for row in pitches]
    return {
        "notes": _count(sounding.sum(1), windows.shape[1] + 1),
        "pitch_classes": _count(classes, 12),
        "steps": _count(steps, 2 * WIDEST + 1),
        "beats": _count(beats, 1 << BEAT),
        "lengths": _count(lengths, windows.shape[1] + 1),
        "ranges": _count(np.array(ranges), 64),
    }


def compare(made: Windows, real: Windows) -> dict[str, float]:
    """Return the distance in variation, 0..1, of each distribution, and their mean, `apart`."""
    ours, theirs = count_features(made), count_features(real)
    found = {name: float(np.abs(ours[name] - theirs[name]).sum() / 2) for name in ours}
    return {**found, "apart": float(np.mean(list(found.values())))}


def measure(net: Painter, real: Windows, seed: int = 0) -> dict[str, float]:
    """Return `apart` of drawn windows, how many of them are distinct, and how many are in scale."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((MOST, net.config.n_latent)).astype(np.float32)
    made = paint_tokens(net, torch.from_numpy(noise)).numpy()
    classes = count_features(made)["pitch_classes"]
    return {
        **{f"valid_{name}": value for name, value in compare(made, real).items()},
        "distinct": len(np.unique(made, axis=0)) / len(made),
        "in_scale": float(classes[[0, 2, 4, 5, 7, 9, 11]].sum()),
    }


def _find_lengths(windows: Windows) -> Iterator[int]:
    for row in windows:
        places = [*np.flatnonzero(row != HOLD).tolist(), len(row)]
        for start, end in pairwise(places):
            if row[start] != REST:
                yield end - start


def _count(values: npt.NDArray[np.int64], size: int) -> Counts:
    counts = np.bincount(values, minlength=size)[:size].astype(np.float64)
    return np.asarray(counts / max(1.0, counts.sum()))
