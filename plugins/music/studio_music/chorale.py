"""Chorales as a user asks for them: new, continued, harmonised, or with some bars written anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from studio.errors import InvalidInputError
from studio_music.chorale_data import VOICES, Frames, find_key
from studio_music.chorale_features import Wishes
from studio_music.chorale_rules import NAMES, Fault, count_out_of_range, find_faults
from studio_music.chorale_sampling import OPEN, Draft, Model, compose
from studio_music.chorale_score import (
    MAX_BARS,
    Look,
    Reading,
    build_piece,
    find_strikes,
    keep_notes,
    name_key,
    read_melody,
    read_voices,
)
from studio_music.melody import find_key as find_key_of_piece
from studio_music.notes import Piece
from studio_music.sampling import Taste

Task = Literal["new", "continue", "harmonise", "infill"]

USUAL_TONICS: Final = {False: (7, 2, 9, 5, 0, 10, 3, 4), True: (9, 4, 2, 7, 11, 6, 0)}
"""Of major and minor chorales, the most frequent first."""
NAMES_OF_TASKS: Final = {
    "continue": "{title}, continued",
    "harmonise": "{title}, in four parts",
    "infill": "{title}, with new bars",
}


@dataclass(frozen=True)
class ChoraleRequest:
    """What is wanted.

    Attributes:
        tonic, is_minor: key; None leaves it to chance, or to the score.
        bars: of a new chorale, or that are added.
        bar: frames in a bar; 0 is 4/4, or the score's.
        upbeat: whether a new chorale begins a quarter before the bar.
        span: first and last bar that are written anew; 1 is the first full bar, 0 the upbeat.
        voices: that are written anew, as numbers.
        tries: so many are written, and the best is taken.
    """

    task: Task = "new"
    tonic: int | None = None
    is_minor: bool | None = None
    bars: int = 12
    bar: int = 0
    upbeat: bool = True
    span: tuple[int, int] = (1, 4)
    voices: tuple[int, ...] = (0, 1, 2, 3)
    tries: int = 1
    taste: Taste = field(default_factory=Taste)
    look: Look = field(default_factory=Look)


@dataclass(frozen=True)
class Plan:
    """A request made precise: the same for every seed but for the key of what is new.

    Attributes:
        reading: of the user's score; None for something new.
    """

    frames: Frames
    wishes: Wishes
    begins: int = 0
    reading: Reading | None = None


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes:
        likelihood: mean log-probability of the notes.
        shift: semitones by which the user's melody had to be moved.
    """

    piece: Piece
    frames: Frames
    faults: tuple[Fault, ...]
    likelihood: float
    shift: int = 0


def build_plan(request: ChoraleRequest, piece: Piece | None) -> Plan:
    """Find out what is to be written.

    Raises:
        InvalidInputError: no score where one is needed, or one that does not suit.
    """
    if request.task == "new":
        bar = request.bar or 16
        phase = 4 if request.upbeat else 0
        length = phase + request.bars * bar
        wishes = Wishes(request.tonic, bool(request.is_minor), length, bar, phase)
        return Plan(np.full((length, VOICES), OPEN, np.int16), wishes)
    if piece is None:
        raise InvalidInputError(
            "the task '{task}' needs a score: give a MIDI or MusicXML file as 'score'",
            task=request.task,
        )
    reading = read_melody(piece) if request.task == "harmonise" else read_voices(piece)
    key = find_key_of_piece(piece)
    tonic, is_minor = (key.tonic + reading.shift) % 12, key.mode == "minor"
    if request.tonic is not None:
        tonic, is_minor = request.tonic, bool(request.is_minor)
    frames, begins = reading.frames, 0
    if request.task == "continue":
        frames = _add_bars(reading, request)
        begins = 0 if (reading.frames == OPEN).any() else len(reading.frames)
    elif request.task == "infill":
        frames = _open_bars(reading, request)
    wishes = Wishes(tonic, is_minor, len(frames), reading.bar, reading.phase)
    return Plan(frames, wishes, begins, reading)


def _add_bars(reading: Reading, request: ChoraleRequest) -> Frames:
    bars = -(-(len(reading.frames) - reading.phase) // reading.bar)
    if bars + request.bars > MAX_BARS:
        raise InvalidInputError(
            "bars: the score has {bars}, and {more} more make over {limit}; ask for fewer",
            bars=bars,
            more=request.bars,
            limit=MAX_BARS,
        )
    full = reading.phase + (bars + request.bars) * reading.bar
    more = np.full((full - len(reading.frames), VOICES), OPEN, np.int16)
    return np.concatenate([reading.frames, more])


def _open_bars(reading: Reading, request: ChoraleRequest) -> Frames:
    first, last = request.span
    start = max(0, reading.phase + (first - 1) * reading.bar)
    stop = reading.phase + last * reading.bar
    if last < first or start >= len(reading.frames):
        raise InvalidInputError(
            "from_bar, to_bar: there is nothing from bar {first} to bar {last}; the score has "
            "{bars} bars",
            first=first,
            last=last,
            bars=-(-(len(reading.frames) - reading.phase) // reading.bar),
        )
    frames = reading.frames.copy()
    frames[start:stop, list(request.voices)] = OPEN
    return frames


def write(
    model: Model,
    plan: Plan,
    request: ChoraleRequest,
    seed: int,
    on_frame: Callable[[], None] = lambda: None,
    title: str = "",
) -> Made:
    """Write what a plan asks for; the same seed gives the same notes."""
    rng = np.random.default_rng(seed)
    wishes = _choose_key(plan.wishes, request, rng) if request.task == "new" else plan.wishes
    draft = Draft(plan.frames, wishes, plan.begins)
    made = [compose(model, draft, request.taste, rng, on_frame) for _ in range(request.tries)]
    frames, likelihood = max(made, key=lambda pair: rate(pair[0], wishes, pair[1]))
    key = ((wishes.tonic or 0) % 12, wishes.is_minor)
    strikes = frozenset() if plan.reading is None else find_strikes(plan.reading)
    look = replace(request.look, bar=wishes.bar, phase=wishes.phase, strikes=strikes)
    piece = build_piece(frames, key, look)
    shift = 0
    if plan.reading is not None:
        piece = keep_notes(piece, plan.reading, _find_written(plan))
        name = NAMES_OF_TASKS[request.task].format(title=title or "Chorale")
        piece, shift = replace(piece, title=name), plan.reading.shift
    return Made(piece, frames, tuple(find_faults(frames)), likelihood, shift)


def _find_written(plan: Plan) -> npt.NDArray[np.bool_]:
    return np.asarray(plan.frames == OPEN)


def _choose_key(wishes: Wishes, request: ChoraleRequest, rng: np.random.Generator) -> Wishes:
    is_minor = bool(rng.random() < 0.45) if request.is_minor is None else request.is_minor
    usual = USUAL_TONICS[is_minor]
    tonic = usual[int(rng.integers(len(usual)))] if request.tonic is None else request.tonic
    return replace(wishes, tonic=tonic, is_minor=is_minor)


def rate(frames: Frames, wishes: Wishes, likelihood: float) -> float:
    """Rate a chorale: likely notes, few faults, the key that was asked for, an end on its tonic."""
    tonic = (wishes.tonic or 0) % 12
    third = 3 if wishes.is_minor else 4
    last = {(int(pitch) - tonic) % 12 for pitch in frames[-1] if pitch >= 0}
    ends = float(frames[-1, -1] % 12 == tonic) + float(last <= {0, 4, third, 7})
    is_in_key = float(find_key(frames) == (tonic, wishes.is_minor))
    faults = len(find_faults(frames)) + 10 * count_out_of_range(frames)
    return 4 * likelihood + ends + is_in_key - 8 * faults / len(frames)


def describe(made: Made, request: ChoraleRequest, phase: int, bar: int) -> dict[str, object]:
    """Return plain facts of what was made: key, and broken rules with bar numbers."""
    key = find_key(made.frames)
    facts: dict[str, object] = {
        "task": request.task,
        "key": name_key(*key),
        "broken_rules": [
            f"{fault.kind}, {_name_voices(fault.voices)}, bar {(fault.frame - phase) // bar + 1}"
            for fault in made.faults[:50]
        ],
    }
    if made.shift:
        facts["transposed"] = made.shift
    return facts


def _name_voices(voices: Sequence[int]) -> str:
    return " and ".join(NAMES[voice] for voice in voices)
