"""Which part of a piece is its melody, and its key for models that think in degrees."""

from typing import Final

import numpy as np

from studio.errors import InvalidInputError
from studio_music.notes import Part, Piece
from studio_music.theory import KEYS, Key, rank_keys

SINGING: Final = 3.0
"""How much one note at a time counts, against an octave of height."""


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
    return (
        float(np.median(pitches)) / 12 + SINGING * alone + min(1.0, 2 * len(part.notes) / longest)
    )


def find_key(piece: Piece) -> Key:
    """Return the key; where there is a signature, one of the two keys that it can mean."""
    ranks = rank_keys(piece)
    places = [
        place
        for place, key in enumerate(KEYS)
        if piece.fifths is not None
        and (key.fifths - piece.fifths) % 12 == 0
        and piece.mode in ("", key.mode)
    ]
    return KEYS[max(places or range(len(KEYS)), key=lambda place: float(ranks[place]))]
