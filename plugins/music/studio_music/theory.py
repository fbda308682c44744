"""Keys: of a whole piece, and where it goes to on its way."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio_music.notes import Piece
from studio_music.spelling import name_key

Weights = npt.NDArray[np.float64]

MAJOR: Final = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR: Final = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Shares of the degrees of a key (Albrecht and Shanahan 2013)."""
FINAL: Final = 0.08
"""What the last bass note adds to its key, in correlation."""
STAY: Final = 0.4
"""What a change to a neighbouring key costs in a walk through keys, in correlation."""


@dataclass(frozen=True, order=True)
class Key:
    """A key: pitch class of its tonic, and mode."""

    tonic: int
    mode: str

    @property
    def fifths(self) -> int:
        """Its signature, -6..6."""
        major = (self.tonic + 3) % 12 if self.mode == "minor" else self.tonic
        return (7 * major + 5) % 12 - 5

    @cached_property
    def name(self) -> str:
        """Such as `E flat major`."""
        return name_key(self.fifths, self.mode)

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes from the tonic; of minor the harmonic one."""
        steps = (0, 2, 4, 5, 7, 9, 11) if self.mode == "major" else (0, 2, 3, 5, 7, 8, 11)
        return tuple((self.tonic + step) % 12 for step in steps)


KEYS: Final = tuple(Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12))


def weigh_classes(piece: Piece, start: float = 0.0, end: float = float("inf")) -> Weights:
    """Return how long each pitch class sounds from quarter `start` to `end`; no drums."""
    weights = np.zeros(12)
    for part in piece.parts:
        if part.is_drum:
            continue
        for note in part.notes:
            heard = min(note.end, end) - max(note.start, start)
            if heard > 0:
                weights[note.pitch % 12] += heard
    return weights


def find_key(piece: Piece) -> Key:
    """Return the likeliest key; C major where there is nothing to tell it from."""
    return KEYS[int(np.argmax(rank_keys(piece)))]


def rank_keys(piece: Piece) -> Weights:
    """Return how well each of `KEYS` fits, about -1..1.

    The lowest note at the end speaks for its key; a written signature speaks for its two.
    """
    fit: Weights = _correlate(weigh_classes(piece)[None])[0]
    last = _find_last_bass(piece)
    for place, key in enumerate(KEYS):
        fit[place] += FINAL * (key.tonic == last)
        fit[place] += FINAL * (key.fifths == piece.fifths)
    return fit


def walk_keys(piece: Piece) -> list[tuple[float, Key]]:
    """Return the keys a piece goes through, each with the quarter where it begins.

    The best path over bars through 24 keys, where a change costs more the farther it is.
    """
    starts = list_bars(piece)
    if len(starts) < 2:
        return [(0.0, find_key(piece))]
    bars = np.array([weigh_classes(piece, at, at + piece.bar) for at in starts])
    padded = np.pad(bars, ((1, 1), (0, 0)))
    fit = _correlate(bars + 0.5 * (padded[:-2] + padded[2:]))
    fit += 0.15 * rank_keys(piece)
    path = find_path(fit, _measure_distances())
    regions = [(starts[0], KEYS[path[0]])]
    for at, state in zip(starts[1:], path[1:], strict=True):
        if KEYS[state] != regions[-1][1]:
            regions.append((at, KEYS[state]))
    return regions


def list_bars(piece: Piece) -> list[float]:
    """Return the quarters at which bars begin, the pickup's first."""
    first = [0.0] if piece.pickup > 0 else []
    count = int(np.ceil((piece.length - piece.pickup) / piece.bar - 1e-6))
    return first + [piece.pickup + number * piece.bar for number in range(max(count, 1))]


def find_path(fit: Weights, costs: Weights) -> list[int]:
    """Return the best state of each row of `fit` under the costs of changes (Viterbi)."""
    score = fit[0]
    back = np.zeros(fit.shape, np.int64)
    for row in range(1, len(fit)):
        ways = score[:, None] - costs
        back[row] = ways.argmax(axis=0)
        score = ways.max(axis=0) + fit[row]
    path = [int(score.argmax())]
    for row in range(len(fit) - 1, 0, -1):
        path.append(int(back[row, path[-1]]))
    return path[::-1]


def _correlate(weights: Weights) -> Weights:
    """Return the correlation of rows of class weights with the profile of each key."""
    profiles = np.array(
        [np.roll(MAJOR if key.mode == "major" else MINOR, key.tonic) for key in KEYS]
    )
    return _standardise(weights) @ _standardise(profiles).T / 12


def _standardise(rows: Weights) -> Weights:
    centred = rows - rows.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(spread > 0, spread, 1))


def _measure_distances() -> Weights:
    """Steps on the circle of fifths between signatures, and one for a change of mode."""
    steps = np.array([[(a.fifths - b.fifths) % 12 for b in KEYS] for a in KEYS])
    steps = np.minimum(steps, 12 - steps)
    modes = np.array([[a.mode != b.mode for b in KEYS] for a in KEYS])
    return np.asarray(STAY * (np.where(steps > 0, 0.6 + 0.4 * steps, 0) + 0.5 * modes))


def _find_last_bass(piece: Piece) -> int | None:
    length = piece.length
    ending: list[Any] = [
        note
        for part in piece.parts
        if not part.is_drum
        for note in part.notes
        if note.end >= length - 0.01
    ]
    return min((note.pitch for note in ending), default=-1) % 12 if ending else None


def label_chords(piece: Piece) -> dict[float, str]:
    """Return Roman numerals by quarter, with the key where it begins: `G: V6/5`."""
    from studio_music.chords import list_chords

    labels: dict[float, str] = {}
    key: Key | None = None
    for chord in list_chords(piece):
        if not chord.numeral:
            continue
        begins = chord.key != key
        prefix = ""
        if begins:
            tonic = chord.key.name.split()[0] + {"flat": "b", "sharp": "#"}.get(
                chord.key.name.split()[1], ""
            )
            prefix = f"{tonic if chord.key.mode == 'major' else tonic.lower()}: "
        labels[chord.start] = prefix + chord.numeral
        key = chord.key
    return labels
