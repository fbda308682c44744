"""Chords under a melody: a hidden Markov model counted from songs with piano.

A state is a chord by its degree in the key; it is heard through the melody's pitch classes over
half a bar or so. Chords of the songs were named by matching their piano with templates.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.errors import CheckpointError
from studio_music.notes import Note, Piece

Floats = npt.NDArray[np.float64]
FAMILY: Final = "accompany"
QUALITIES: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    ("", (0, 4, 7)),
    ("m", (0, 3, 7)),
    ("dim", (0, 3, 6)),
    ("7", (0, 4, 7, 10)),
)
CHORDS: Final = tuple((root, name, tones) for root in range(12) for name, tones in QUALITIES)
"""(root over the tonic, quality, intervals over the root)."""
MODES: Final = ("major", "minor")
_ROOTS: Final = np.array([root for root, _, _ in CHORDS])
_TONES: Final = np.array(
    [[float((tone - root) % 12 in inside) for tone in range(12)] for root, _, inside in CHORDS]
)
SMOOTHING: Final = 0.5
OUTSIDE: Final = 0.55
"""What a sounding note that is not of a chord costs it, against one that is."""
FEWEST_NOTES: Final = 0.5
"""Quarters that must sound in a slot to name its chord."""


@dataclass(frozen=True)
class ChordModel:
    """Log-probabilities by mode.

    Attributes:
        start: (2, 48) of the first chord.
        end: (2, 48) of the last.
        move: (2, 48, 48) from chord to chord, staying included.
        sing: (2, 48, 12) of the melody's pitch class over the tonic.
    """

    start: Floats
    end: Floats
    move: Floats
    sing: Floats


@dataclass(frozen=True)
class Slot:
    """A stretch under one chord: quarters from start to end, and its melody's classes (12,)."""

    start: float
    end: float
    classes: Floats


def cut_slots(notes: Sequence[Note], piece: Piece, quarters: float) -> list[Slot]:
    """Cut the time of a melody into slots; the upbeat goes without chords.

    Args:
        notes: the melody.
        piece: gives metre and upbeat.
        quarters: of a slot.
    """
    end = max(note.end for note in notes)
    count = max(1, int(np.ceil((end - piece.pickup) / quarters - 1e-6)))
    slots = []
    for number in range(count):
        start = piece.pickup + number * quarters
        slots.append(Slot(start, start + quarters, weigh(notes, start, start + quarters)))
    return slots


def weigh(notes: Sequence[Note], start: float, end: float) -> Floats:
    """Return quarters by pitch class (12,); what is struck with the slot counts half more."""
    weights = np.zeros(12)
    for note in notes:
        heard = min(note.end, end) - max(note.start, start)
        if heard > 0:
            struck = 1.5 if abs(note.start - start) < 0.05 else 1.0
            weights[note.pitch % 12] += heard * struck
    return weights


def name_chord(weights: Floats, bass: int | None, tonic: int) -> int | None:
    """Return the place in `CHORDS` that pitch-class weights fit best; None for too few notes."""
    if weights.sum() < FEWEST_NOTES:
        return None
    turned = np.roll(weights, -tonic) / weights.sum()
    inside = _TONES @ turned
    # A seventh that hardly sounds is no seventh.
    scores = inside - OUTSIDE * (1 - inside) - 0.04 * (_TONES.sum(1) - 3)
    scores = scores + 0.12 * turned[_ROOTS]
    if bass is not None:
        scores = scores + 0.1 * (_ROOTS == (bass - tonic) % 12)
    return int(np.argmax(scores))


def guess_slot(piece: Piece) -> float:
    """Return how long a chord lasts, quarters: half a bar of 4/4 or 6/8, a bar of others."""
    bar = piece.bar
    return bar / 2 if bar >= 4 or piece.metre == (6, 8) else bar


class ChordCounter:
    """Counts songs into a model."""

    def __init__(self) -> None:
        size = len(CHORDS)
        self.start = np.zeros((2, size))
        self.end = np.zeros((2, size))
        self.move = np.zeros((2, size, size))
        self.sing = np.zeros((2, size, 12))

    def add(
        self, chords: Sequence[int | None], slots: Sequence[Slot], key: tuple[int, int]
    ) -> None:
        """Add a song: the chord of each slot, its melody, and (tonic, mode)."""
        tonic, mode = key
        known = [chord for chord in chords if chord is not None]
        if not known:
            return
        self.start[mode, known[0]] += 1
        self.end[mode, known[-1]] += 1
        for before, after in itertools.pairwise(chords):
            if before is not None and after is not None:
                self.move[mode, before, after] += 1
        for chord, slot in zip(chords, slots, strict=True):
            if chord is not None:
                self.sing[mode, chord] += np.roll(slot.classes, -tonic)

    def build(self) -> ChordModel:
        """Turn counts into log-probabilities; rare chords lean on those of their quality."""
        size = len(CHORDS)
        general = self.move.sum(1, keepdims=True) + SMOOTHING
        general /= general.sum(-1, keepdims=True)
        move = self.move + 8 * general
        tones = np.zeros((size, 12))
        for place, (root, _, inside) in enumerate(CHORDS):
            tones[place] = 0.15
            tones[place, [(root + tone) % 12 for tone in inside]] = 3.0
        sing = self.sing + 4 * tones / tones.sum(-1, keepdims=True)
        return ChordModel(
            _normalise(self.start + SMOOTHING * general[:, 0]),
            _normalise(self.end + SMOOTHING * general[:, 0]),
            _normalise(move),
            _normalise(sing),
        )


def _normalise(counts: Floats) -> Floats:
    return np.asarray(np.log(counts / counts.sum(-1, keepdims=True)))


def find_chords(
    model: ChordModel, slots: Sequence[Slot], key: tuple[int, int], temperature: float, seed: int
) -> list[int]:
    """Return a chord for each slot: drawn from all progressions, or the likeliest at 0.

    Args:
        model: of the songs.
        slots: see `cut_slots`.
        key: tonic and mode.
        temperature: 0 takes the likeliest progression, 1 draws as the songs vary.
        seed: decides the draw.
    """
    tonic, mode = key
    heard = np.array([np.roll(slot.classes, -tonic) for slot in slots])
    fit = heard @ model.sing[mode].T
    fit[0] += model.start[mode]
    fit[-1] += model.end[mode]
    scale = 1 / max(temperature, 1e-3)
    fit, move = fit * scale, model.move[mode] * scale
    forward = [fit[0]]
    for row in fit[1:]:
        # Sums over the past in draws, the best past at temperature 0.
        past = forward[-1][:, None] + move
        best = past.max(0)
        total = best if temperature <= 0 else best + np.log(np.exp(past - best).sum(0))
        forward.append(total + row)
    rng = np.random.default_rng([seed, 11])
    path = [_pick(forward[-1], temperature, rng)]
    for row in reversed(forward[:-1]):
        path.append(_pick(row + move[:, path[-1]], temperature, rng))
    return path[::-1]


def _pick(scores: Floats, temperature: float, rng: np.random.Generator) -> int:
    if temperature <= 0:
        return int(np.argmax(scores))
    shares = np.exp(scores - scores.max())
    return int(rng.choice(len(scores), p=shares / shares.sum()))


def load_model(path: Path) -> ChordModel:
    """Load what `fit_accompany` wrote.

    Raises:
        CheckpointError: damaged, or of another family.
    """
    from studio_training import load_weights

    config, tensors = load_weights(path)
    size = len(CHORDS)
    shapes = {"start": (2, size), "end": (2, size), "move": (2, size, size), "sing": (2, size, 12)}
    if config.get("family") != FAMILY or any(
        name not in tensors or tuple(tensors[name].shape) != shape for name, shape in shapes.items()
    ):
        raise CheckpointError(
            "{path}: this checkpoint is of another family ({family}); choose one of accompaniments",
            path=path,
            family=config.get("family", "unknown"),
        )
    return ChordModel(*(tensors[name].double().numpy() for name in shapes))
