"""How alike two pieces are, whatever their key and tempo."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio_music.form import find_melody_part
from studio_music.notes import Piece
from studio_music.theory import find_key, weigh_classes

Features = dict[str, npt.NDArray[np.float64]]

WEIGHTS: Final = {"intervals": 0.3, "steps": 0.15, "rhythm": 0.25, "classes": 0.2, "shape": 0.1}
REACH: Final = 12
LENGTHS: Final = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def measure_features(piece: Piece) -> Features:
    """Return what `compare` compares: melody, rhythm, degrees of the key, and general shape."""
    melody = find_melody_part(piece)
    pitches = np.array([note.pitch for note in melody.notes])
    leaps = np.clip(np.diff(pitches), -REACH, REACH) + REACH
    pairs = np.clip(np.diff(pitches), -4, 4) + 4
    gaps = np.diff([note.start for note in melody.notes])
    tonic = find_key(piece).tonic
    time = sum(note.duration for part in piece.parts for note in part.notes)
    spread = [note.pitch for part in piece.parts if not part.is_drum for note in part.notes] or [60]
    quarters = max(piece.length, 1.0)
    return {
        "intervals": _count(leaps, 2 * REACH + 1),
        "steps": _count(pairs[:-1] * 9 + pairs[1:], 81),
        "rhythm": _count(_name_lengths(gaps), len(LENGTHS) * 1),
        "classes": np.roll(weigh_classes(piece), -tonic),
        "shape": np.array(
            [
                np.log1p(piece.note_count / quarters),
                time / quarters / 4,
                len(piece.parts) / 6,
                np.std(spread) / 12,
                piece.metre[0] * 4 / piece.metre[1] / 4,
                any(part.is_drum for part in piece.parts),
            ],
            float,
        ),
    }


def compare(one: Features, two: Features) -> float:
    """Return likeness 0..1; a piece is 1 with itself, in any key and tempo."""
    total = 0.0
    for name, weight in WEIGHTS.items():
        if name == "shape":
            total += weight * float(np.exp(-np.abs(one[name] - two[name]).sum()))
        else:
            total += weight * _cosine(one[name], two[name])
    return total


def _count(values: Iterable[Any], size: int) -> npt.NDArray[np.float64]:
    # The root tames one interval that is everywhere.
    counts = np.bincount(np.asarray(values, np.int64), minlength=size)
    return np.asarray(np.sqrt(counts), np.float64)


def _name_lengths(gaps: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    far = np.abs(gaps[:, None] - np.array(LENGTHS))
    return np.asarray(far.argmin(axis=1), np.int64)


def _cosine(one: npt.NDArray[np.float64], two: npt.NDArray[np.float64]) -> float:
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    if not size:
        return 1.0 if not one.any() and not two.any() else 0.0
    return float(one @ two / size)
