"""Figures of symbolic music: single pieces, sets against sets, and what was copied.

Definitions of the single figures as in MusPy (Dong et al., 2020) and MuseGAN (2018); of sets
against sets as in Yang and Lerch (2020).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.notes import Note, Piece

Floats = npt.NDArray[np.float64]
MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
SLOTS: Final = 4
"""Places in a quarter at which onsets are compared."""
POINTS: Final = 400
"""Of a density at which two are compared."""


def list_notes(piece: Piece) -> list[Note]:
    """Return all pitched notes by start, then pitch."""
    notes = [note for part in piece.parts if not part.is_drum for note in part.notes]
    return sorted(notes, key=lambda note: (note.start, note.pitch))


def measure_pitch_class_entropy(piece: Piece) -> float:
    """Entropy of the pitch classes, in bits: 0 for one class, log2(12) = 3.585 for all alike."""
    counts = np.bincount([note.pitch % 12 for note in list_notes(piece)], minlength=12)
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log2(shares)).sum())


def measure_scale_consistency(piece: Piece) -> float:
    """Share of the notes in the major scale (or its relative minor) that holds most of them."""
    classes = [note.pitch % 12 for note in list_notes(piece)]
    if not classes:
        return 0.0
    counts = np.bincount(classes, minlength=12)
    best = max(sum(counts[(root + step) % 12] for step in MAJOR) for root in range(12))
    return float(best / len(classes))


def measure_groove_consistency(piece: Piece) -> float:
    """One minus the mean share of places where onsets of neighbouring bars differ."""
    rows = _lay_onsets(piece)
    if len(rows) < 2:
        return 1.0
    return float(1 - np.mean(rows[1:] != rows[:-1]))


def measure_empty_beat_rate(piece: Piece) -> float:
    """Share of the quarters in which nothing sounds."""
    count = max(1, int(np.ceil(piece.length - 1e-6)))
    sounding = np.zeros(count, bool)
    for part in piece.parts:
        for note in part.notes:
            sounding[int(note.start) : max(int(note.start) + 1, int(np.ceil(note.end - 1e-6)))] = (
                True
            )
    return float(1 - sounding.mean())


def measure_note_density(piece: Piece) -> float:
    """Notes a quarter."""
    return piece.note_count / max(1.0, piece.length)


def measure_pitch_range(piece: Piece) -> float:
    """Semitones from the lowest to the highest note."""
    pitches = [note.pitch for note in list_notes(piece)]
    return float(max(pitches) - min(pitches)) if pitches else 0.0


def measure_mean_interval(piece: Piece) -> float:
    """Mean size of the steps of the top line, semitones."""
    line = list_line(piece)
    moves = np.abs(np.diff([pitch for _, pitch in line]))
    return float(moves.mean()) if len(moves) else 0.0


SINGLE: Final[Mapping[str, Callable[[Piece], float]]] = {
    "pitch_class_entropy": measure_pitch_class_entropy,
    "scale_consistency": measure_scale_consistency,
    "groove_consistency": measure_groove_consistency,
    "empty_beat_rate": measure_empty_beat_rate,
    "note_density": measure_note_density,
    "pitch_range": measure_pitch_range,
    "mean_interval": measure_mean_interval,
}


def measure_piece(piece: Piece) -> dict[str, float]:
    """Return all figures of `SINGLE`."""
    return {name: measure(piece) for name, measure in SINGLE.items()}


def list_line(piece: Piece) -> list[tuple[float, int]]:
    """Return the highest note of every onset as (start, pitch)."""
    tops: dict[float, int] = {}
    for note in list_notes(piece):
        start = round(note.start, 2)
        tops[start] = max(tops.get(start, 0), note.pitch)
    return sorted(tops.items())


def measure_overlap(made: Floats, true: Floats) -> float:
    """Overlapping area, 0..1, of the distances inside a set and between it and the other.

    Args:
        made: one figure per piece that was made, two or more.
        true: the same of the reference.
    """
    inside = _pair(true, true)[~np.eye(len(true), dtype=bool)]
    between = _pair(made, true).ravel()
    if np.ptp(np.concatenate([inside, between])) < 1e-12:
        return 1.0
    return _overlap(inside, between)


def measure_overlaps(
    made: Sequence[Mapping[str, float]], true: Sequence[Mapping[str, float]]
) -> dict[str, float]:
    """Return `measure_overlap` of every figure, and their mean."""
    rows = {
        name: measure_overlap(
            np.array([row[name] for row in made]), np.array([row[name] for row in true])
        )
        for name in made[0]
    }
    return {**rows, "mean": float(np.mean(list(rows.values())))}


def find_longest_copy(piece: Piece, known: Sequence[Piece]) -> int:
    """Return how many notes in a row stand in another piece too, in any key and tempo.

    A note is its interval to the one before and the ratio of their lengths; so n intervals alike
    are n + 1 notes.
    """
    own = _to_figures(piece)
    others = [_to_figures(other) for other in known]
    low, high = 0, len(own)
    while low < high:
        middle = (low + high + 1) // 2
        grams = {tuple(own[at : at + middle]) for at in range(len(own) - middle + 1)}
        found = any(
            tuple(other[at : at + middle]) in grams
            for other in others
            for at in range(len(other) - middle + 1)
        )
        low, high = (middle, high) if found else (low, middle - 1)
    return low + 1 if low else 0


def _to_figures(piece: Piece) -> list[tuple[int, int]]:
    line = list_line(piece)
    starts = np.array([start for start, _ in line])
    gaps = np.maximum(np.diff(starts), 1e-3)
    moves = np.diff([pitch for _, pitch in line])
    ratios = np.round(12 * np.log2(gaps[1:] / gaps[:-1])).astype(int)
    return [(int(move), int(ratio)) for move, ratio in zip(moves[1:], ratios, strict=False)]


def _lay_onsets(piece: Piece) -> npt.NDArray[np.bool_]:
    """Return whether anything begins at each place of each full bar (bars, places)."""
    places = round(piece.bar * SLOTS)
    starts = [
        round((note.start - piece.pickup) * SLOTS) for part in piece.parts for note in part.notes
    ]
    bars = max((start // places for start in starts), default=-1) + 1
    rows = np.zeros((bars, places), bool)
    for start in starts:
        if start >= 0:
            rows[start // places, start % places] = True
    return rows


def _pair(one: Floats, two: Floats) -> Floats:
    return np.abs(one[:, None] - two[None])


def _overlap(one: Floats, two: Floats) -> float:
    from scipy.stats import gaussian_kde

    # A little noise, always the same: a set without spread has no density.
    spread = max(float(np.std(np.concatenate([one, two]))), 1e-9)
    rng = np.random.default_rng(0)
    one, two = (row + rng.normal(0, 1e-3 * spread, len(row)) for row in (one, two))
    low, high = min(one.min(), two.min()), max(one.max(), two.max())
    margin = 0.5 * (high - low)
    points = np.linspace(low - margin, high + margin, POINTS)
    first, second = gaussian_kde(one)(points), gaussian_kde(two)(points)
    return float(np.trapezoid(np.minimum(first, second), points))
