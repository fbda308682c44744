"""Which part of a piece is its melody, and the key of notes, fast enough for thousands of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.errors import InvalidInputError
from studio_music.notes import Note, Part, Piece

_MAJOR: Final = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
_MINOR: Final = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)
"""Weights of the degrees (Temperley, The Cognition of Basic Musical Structures, 2001)."""
LAST_WEIGHT: Final = 0.15
"""What the last note adds to its class, as a share of all: tunes end on their tonic."""


@dataclass(frozen=True)
class FoundKey:
    """A key.

    Attributes:
        tonic: pitch class.
        mode: "major" or "minor".
        clarity: correlation of this key minus that of the next best, 0..2.
    """

    tonic: int
    mode: str
    clarity: float = 1.0


def find_melody(piece: Piece) -> Part:
    """Return the part that sings: not drums, mostly one note at a time, and high.

    Raises:
        InvalidInputError: only drums, or nothing.
    """
    parts = [part for part in piece.parts if part.notes and not part.is_drum]
    if not parts:
        raise InvalidInputError(
            "{title}: there is no melody in it; give a score with pitched notes",
            title=piece.title or "the score",
        )
    longest = max(len(part.notes) for part in parts)
    return max(parts, key=lambda part: _rate(part, longest))


def _rate(part: Part, longest: int) -> float:
    pitches = np.array([note.pitch for note in part.notes])
    starts = len({round(note.start, 3) for note in part.notes})
    alone = starts / len(part.notes)
    return float(np.median(pitches)) / 12 + 3 * alone + min(1.0, 2 * len(part.notes) / longest)


def find_key(piece: Piece) -> FoundKey:
    """Return the key: by the signature where there is one, else by the notes alone."""
    notes = [note for part in piece.parts if not part.is_drum for note in part.notes]
    found = find_key_of(notes)
    if piece.fifths is None:
        return found
    major = piece.fifths * 7 % 12
    keys = {"major": (major, "major"), "minor": ((major + 9) % 12, "minor")}
    if piece.mode in keys:
        return FoundKey(*keys[piece.mode])
    rates = rate_keys(weigh_classes(notes))
    best = max(keys.values(), key=lambda key: rates[int(key[1] == "minor"), key[0]])
    return FoundKey(*best, clarity=found.clarity)


def find_key_of(notes: Sequence[Note]) -> FoundKey:
    """Return the key whose degrees the notes fill best; C major without notes."""
    if not notes:
        return FoundKey(0, "major", 0.0)
    rates = rate_keys(weigh_classes(notes))
    order = np.argsort(-rates, axis=None, kind="stable")
    mode, tonic = divmod(int(order[0]), 12)
    clarity = float(rates.flat[order[0]] - rates.flat[order[1]])
    return FoundKey(tonic, "minor" if mode else "major", round(clarity, 4))


def weigh_classes(notes: Sequence[Note]) -> npt.NDArray[np.float64]:
    """Return the time of each pitch class (12,), with a premium for the last and lowest note."""
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += min(note.duration, 4.0)
    end = max(note.start for note in notes)
    last = min((note for note in notes if note.start >= end - 1e-6), key=lambda note: note.pitch)
    weights[last.pitch % 12] += LAST_WEIGHT * weights.sum()
    return weights


def rate_keys(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the correlation with every key (2, 12): major, then minor."""
    rates = np.zeros((2, 12))
    for mode, profile in enumerate((_MAJOR, _MINOR)):
        for tonic in range(12):
            turned = np.roll(np.array(profile), tonic)
            rates[mode, tonic] = _correlate(weights, turned)
    return rates


def _correlate(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / scale) if scale > 0 else 0.0
