"""Form and cadences: which parts of a piece are alike, and where its phrases close."""

import itertools
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from studio_music.chords import Chord
from studio_music.notes import Note, Part, Piece

SAME: Final = 0.92
"""Likeness from which two sections have one letter."""
VARIED: Final = 0.72
"""Likeness from which the letter gets a prime."""
GRID: Final = 4


@dataclass(frozen=True)
class Cadence:
    """Where a phrase closes: bar, kind, and the numerals that make it."""

    bar: int
    kind: str
    numerals: str


def find_melody_part(piece: Piece) -> Part:
    """Return the part that is highest for most of the time."""
    sung = [part for part in piece.parts if not part.is_drum and part.notes] or list(piece.parts)
    return max(sung, key=lambda part: _mean_pitch(part.notes))


def find_form(piece: Piece) -> tuple[int, str]:
    """Return the bars of a section and the letters of the sections: (4, "A A' B A")."""
    bars = max(1, round((piece.length - piece.pickup) / piece.bar))
    unit = next((size for size in (8, 4, 2) if bars >= 4 * size), 1 if bars < 4 else 2)
    unit = 4 if 8 <= bars < 32 else unit
    part = find_melody_part(piece)
    sections = [
        _draw_section(part, piece.pickup + at * piece.bar, unit * piece.bar)
        for at in range(0, bars, unit)
    ]
    letters: list[str] = []
    first: dict[str, Any] = {}
    for section in sections:
        likeness = {letter: _compare(section, other) for letter, other in first.items()}
        best = max(likeness, key=lambda letter: likeness[letter], default="")
        if best and likeness[best] >= SAME:
            letters.append(best)
        elif best and likeness[best] >= VARIED:
            letters.append(best + "'")
        else:
            name = chr(ord("A") + len(first) % 26) * (1 + len(first) // 26)
            first[name] = section
            letters.append(name)
    return unit, " ".join(letters)


def find_cadences(piece: Piece, chords: list[Chord]) -> list[Cadence]:
    """Return the closes: a long chord, or one before a silence, and how it is reached."""
    found = []
    heard = [chord for chord in chords if chord.root >= 0]
    part = find_melody_part(piece)
    for before, chord in itertools.pairwise(heard):
        is_last = chord.end >= piece.length - 0.01
        if not (is_last or _rests(part, chord)):
            continue
        kind = _name_cadence(before, chord)
        if kind:
            numerals = f"{before.numeral} {chord.numeral}"
            found.append(Cadence(piece.find_bar(chord.start), kind, numerals))
    return found


def _name_cadence(before: Chord, chord: Chord) -> str:
    """Return the name of the step from one chord to the next, or ""."""
    tonic = chord.key.tonic
    here, there = (before.root - tonic) % 12, (chord.root - tonic) % 12
    is_dominant = here == 7 and before.quality in ("maj", "7")
    at_rest = chord.quality in ("maj", "min")
    if is_dominant and there == 0 and at_rest:
        closed = before.bass == before.root and chord.bass == chord.root
        return "authentic" if closed else "imperfect authentic"
    if is_dominant and there in (8, 9):
        return "deceptive"
    if here == 5 and there == 0 and at_rest:
        return "plagal"
    if there == 7 and chord.quality == "maj" and chord.bass == chord.root:
        return "half"
    return ""


def _rests(part: Part, chord: Chord) -> bool:
    """Whether the melody stays on this chord for two quarters, or is silent after it."""
    for place, note in enumerate(part.notes):
        if note.start > chord.end + 1e-6:
            break
        if chord.start - 1e-6 <= note.start < chord.end:
            last = part.notes[place + 1] if place + 1 < len(part.notes) else None
            if note.duration >= 2 - 1e-6 or (last is not None and last.start - note.end >= 0.5):
                return True
    return False


def _draw_section(part: Part, start: float, length: float) -> Any:
    """Return pitch on a grid of sixteenths, NaN for silence, and where notes begin."""
    count = round(length * GRID)
    line, onsets = np.full(count, np.nan), np.zeros(count)
    for note in part.notes:
        low = round((note.start - start) * GRID)
        high = round((note.end - start) * GRID)
        if high <= 0 or low >= count:
            continue
        line[max(low, 0) : min(high, count)] = note.pitch
        if 0 <= low < count:
            onsets[low] = 1
    return line, onsets


def _compare(one: Any, two: Any) -> float:
    """Likeness of two sections, 0..1: the same pitches, or the same line elsewhere, and rhythm."""
    (line, onsets), (other, beats) = one, two
    count = min(len(line), len(other))
    if count < max(len(line), len(other)) * 0.6:
        return 0.0
    gap = line[:count] - other[:count]
    known = gap[~np.isnan(gap)]
    if not len(known):
        return 0.0
    shifts = [0.0, float(np.median(known))]
    same = max(np.mean(known == shift) * (1.0 if shift == 0 else 0.9) for shift in shifts)
    either = np.maximum(onsets[:count], beats[:count]).sum()
    rhythm = np.minimum(onsets[:count], beats[:count]).sum() / max(either, 1)
    return float(0.7 * same * (len(known) / count) + 0.3 * rhythm)


def _mean_pitch(notes: tuple[Note, ...]) -> float:
    time = sum(note.duration for note in notes)
    return sum(note.pitch * note.duration for note in notes) / max(time, 1e-9)
