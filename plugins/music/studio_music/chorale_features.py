"""What the nets see of a chorale: whole numbers per frame, each an index into one table of vectors.

A frame is described by pitches, how long they are held, the last moves of the voices, intervals
between voices. All but the pitches stay the same under transposition.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.chorale_data import REST, VOICES, Chorale, Frames

Ints = npt.NDArray[np.int64]

MAX_AGE: Final = 17
MAX_MOVE: Final = 12
MAX_GAP: Final = 24
MAX_SHIFT: Final = 6
MAX_LEFT: Final = 56
"""Steps of the countdown to the end: frames up to 32, then by fours."""
UNKNOWN: Final = 0

STATE_SIZES: Final = (
    *(MAX_AGE + 1,) * VOICES,  # frames the pitch has been held, 0 before the beginning
    *(2 * MAX_MOVE + 2,) * VOICES,  # last move of the voice
    *(13,) * (VOICES - 1),  # pitch classes over the bass
    *(MAX_GAP + 8,) * (VOICES - 1),  # gaps between neighbours
    17,  # which voices moved; 16 before the beginning
)
PLACE_SIZES: Final = (
    16,  # frame in sixteen
    12,  # frame in twelve
    2 * MAX_SHIFT + 1,  # semitones by which the piece was transposed
    25,  # key, if known
    MAX_LEFT + 1,  # frames left, if known
    29,  # frame in the bar, if the metre is known
    13,  # bass and soprano over the tonic, if known
    13,
)


@dataclass(frozen=True)
class Wishes:
    """What is known of a piece before it is there; all of it may be left open.

    Attributes:
        tonic: pitch class, as it sounds; None if open.
        length: frames in all; 0 if open.
        bar: frames in a bar, 16 or 12; 0 if open.
        phase: frames before the first bar line.
        shift: semitones by which it is transposed from where a choir would sing it.
    """

    tonic: int | None = None
    is_minor: bool = False
    length: int = 0
    bar: int = 0
    phase: int = 0
    shift: int = 0


@dataclass(frozen=True)
class Scale:
    """Which pitches there are.

    Attributes:
        lowest: MIDI pitch of index 1; index 0 is a rest.
        pitches: how many.
    """

    lowest: int = 30
    pitches: int = 58

    @property
    def size(self) -> int:
        """Indices, the rest among them."""
        return self.pitches + 1

    def index(self, frames: npt.NDArray[np.integer]) -> Ints:
        """Turn MIDI pitches into indices; what is out of range is moved by octaves."""
        values = frames.astype(np.int64)
        low, high = self.lowest, self.lowest + self.pitches - 1
        values = np.where(values < low, low + (values - low) % 12, values)
        values = np.where(values > high, high - (high - values) % 12, values)
        return np.where(frames == REST, 0, values - low + 1)

    def pitch(self, index: int) -> int:
        """Turn an index into a MIDI pitch, or -1."""
        return index + self.lowest - 1 if index else REST


def describe_frames(frames: Frames) -> Ints:
    """Describe every frame and what led to it: (frames, len(STATE_SIZES))."""
    count = len(frames)
    ages, moves = np.zeros((count, VOICES), np.int64), np.zeros((count, VOICES), np.int64)
    age, move = np.zeros(VOICES, np.int64), np.zeros(VOICES, np.int64)
    for index in range(count):
        before = frames[index - 1] if index else None
        age, move = advance(frames[index], before, age, move)
        ages[index], moves[index] = age, move
    previous = np.concatenate([frames[:1], frames[:-1]])
    return _join(frames, previous, ages, moves)


def advance(frame: Frames, before: Frames | None, age: Ints, move: Ints) -> tuple[Ints, Ints]:
    """Tell ages and last moves of the voices after `frame`; moves are indices, 0 for none yet."""
    if before is None:
        return np.ones_like(age), np.zeros_like(move)
    changed = frame != before
    step = frame.astype(np.int64) - before
    clear = (frame != REST) & (before != REST)
    found = np.where(clear, np.clip(step, -MAX_MOVE, MAX_MOVE) + MAX_MOVE + 1, 0)
    return np.where(changed, 1, age + 1), np.where(changed, found, move)


def describe_frame(frame: Frames, before: Frames | None, age: Ints, move: Ints) -> Ints:
    """Describe one frame as `describe_frames` does, given what `advance` says after it."""
    previous = frame if before is None else before
    return np.asarray(_join(frame[None], previous[None], age[None], move[None])[0])


def build_start() -> Ints:
    """Describe the nothing before the first frame."""
    state = np.zeros(len(STATE_SIZES), np.int64)
    state[-1] = STATE_SIZES[-1] - 1
    return state


def _join(frames: Frames, previous: Frames, ages: Ints, moves: Ints) -> Ints:
    values = frames.astype(np.int64)
    silent = frames == REST
    over = np.where(silent[:, :-1] | silent[:, -1:], 12, (values[:, :-1] - values[:, -1:]) % 12)
    gaps = np.clip(values[:, :-1] - values[:, 1:], -6, MAX_GAP) + 7
    gaps = np.where(silent[:, :-1] | silent[:, 1:], 0, gaps)
    moved = ((frames != previous) * (1 << np.arange(VOICES))).sum(1)
    held = np.where(ages <= 12, ages, np.where(ages <= 16, 13, np.where(ages <= 24, 14, 15)))
    held = np.where(ages > 32, 16, held)
    return np.concatenate([held, moves, over, gaps, moved[:, None]], axis=1)


def describe_places(start: int, count: int, wishes: Wishes, states: Frames | None) -> Ints:
    """Describe frames yet to come: (count, len(PLACE_SIZES)).

    Args:
        start: number of the first, in the piece.
        count: of frames.
        wishes: what is known.
        states: (count, 4) frame before each, for what depends on the tonic; None at the beginning.
    """
    times = np.arange(start, start + count)
    made = np.zeros((count, len(PLACE_SIZES)), np.int64)
    made[:, 0], made[:, 1] = times % 16, times % 12
    made[:, 2] = np.clip(wishes.shift, -MAX_SHIFT, MAX_SHIFT) + MAX_SHIFT
    if wishes.tonic is not None:
        made[:, 3] = 1 + wishes.tonic % 12 + 12 * wishes.is_minor
        if states is not None:
            for column, voice in ((6, -1), (7, 0)):
                over = (states[:, voice].astype(np.int64) - wishes.tonic) % 12 + 1
                made[:, column] = np.where(states[:, voice] == REST, 0, over)
    if wishes.length:
        left = np.maximum(wishes.length - times, 1)
        by_four = np.minimum(32 + (left - 29) // 4, MAX_LEFT)
        made[:, 4] = np.where(left <= 32, left, by_four)
    if wishes.bar:
        first = 1 if wishes.bar == 16 else 17
        made[:, 5] = first + (times - wishes.phase) % wishes.bar
    return made


def get_wishes(chorale: Chorale, shift: int = 0) -> Wishes:
    """Tell all that can be known of a piece, transposed by `shift`."""
    traits = chorale.traits
    return Wishes(
        tonic=(traits.tonic + shift) % 12,
        is_minor=traits.is_minor,
        length=len(chorale.frames),
        bar=traits.bar,
        phase=traits.phase,
        shift=shift,
    )
