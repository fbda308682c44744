"""The melody of a user's piece as the folk net sees it, to go on from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.errors import InvalidInputError
from studio_music.folk_abc import TICKS, Event
from studio_music.folk_data import (
    HIGHEST,
    LENGTHS,
    LOWEST,
    METRES,
    MODES,
    FolkTune,
    Phrase,
    TuneFault,
    encode_event,
    find_dance,
    get_bar,
)
from studio_music.folk_features import SectionPlan
from studio_music.melody import find_key, find_melody
from studio_music.notes import Note, Part, Piece

STEPS: Final = (6, 8, 3)
"""Ticks of 16ths, triplets of eighths and 32nds, as they are tried."""


@dataclass(frozen=True)
class Opening:
    """The melody of a user's piece, as the net sees it.

    Attributes:
        events: pitch and length tokens.
        form: of the section in which it breaks off.
        shift: octaves, in semitones, by which it was moved to fit the net's range.
        end: quarter at which the new notes begin.
    """

    part: Part
    events: tuple[tuple[int, int], ...]
    form: SectionPlan
    tonic: int
    mode: str
    shift: int
    end: float


def read_opening(piece: Piece) -> Opening:
    """Read what is to be continued.

    Raises:
        InvalidInputError: see `FolkComposer.continue_`.
    """
    if piece.metre not in METRES:
        raise InvalidInputError(
            "a tune in {metre} cannot be continued in folk style; give one in {known}",
            metre=f"{piece.metre[0]}/{piece.metre[1]}",
            known=", ".join(f"{upper}/{lower}" for upper, lower in METRES),
        )
    part = find_melody(piece)
    key = find_key(piece)
    mode = "major" if key.mode == "major" else "minor"
    bar, pickup = get_bar(piece.metre), round(piece.pickup * TICKS) % get_bar(piece.metre)
    line = quantise(part.notes)
    shift = _find_shift([pitch for _, _, pitch in line], key.tonic)
    end = max(start + ticks for start, ticks, _ in line)
    bars = -(-max(1, end - pickup) // bar)
    bars = -(-bars // 4) * 4
    try:
        events = encode_line(line, key.tonic + shift, pickup, bar)
    except TuneFault as fault:
        raise InvalidInputError(
            "{title}: {fault}; quantise it first", title=piece.title or "the score", fault=fault
        ) from fault
    form = SectionPlan(bars, pickup, bars * bar + pickup, False)
    return Opening(part, tuple(events), form, key.tonic, mode, shift, end / TICKS)


def read_tune(piece: Piece) -> FolkTune:
    """Read the melody of a piece as a tune of one section, to learn from.

    Raises:
        InvalidInputError: no melody, another metre, or a range that is too wide.
    """
    opening = read_opening(piece)
    bar, pickup = get_bar(piece.metre), opening.form.pickup
    ticks = sum(LENGTHS[length - 1] for _, length in opening.events)
    phrase = Phrase(
        np.array(opening.events, np.int16), pickup, -(-(ticks - pickup) // bar), ticks, False
    )
    return FolkTune(
        (phrase,),
        MODES.index(opening.mode),
        METRES.index(piece.metre),
        find_dance("", piece.title, piece.metre),
        opening.tonic,
        piece.title,
    )


def quantise(notes: Sequence[Note]) -> list[tuple[int, int, int]]:
    """Return a single line of (start, ticks, pitch) on the grid of 16ths and triplets."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for note in notes:
        start = to_grid(note.start)
        if note.pitch > starts.get(start, -1):
            starts[start] = note.pitch
            ends[start] = max(start + get_shortest(start), to_grid(note.end))
    places: list[int] = []
    for place in sorted(starts):
        if not places or place - places[-1] >= STEPS[-1]:
            places.append(place)
    following = [*places[1:], 10**9]
    line = []
    for place, after in zip(places, following, strict=True):
        end = min(ends[place], after)
        # A gap shorter than a 16th is articulation, not a rest.
        end = after if after - end < 6 else end
        line.append((place, end - place, starts[place]))
    return line


def get_shortest(start: int) -> int:
    """Ticks of the shortest note that begins there and ends where a bar may."""
    return STEPS[-1] if start % STEPS[-1] == 0 else 4


def to_grid(quarters: float) -> int:
    """Round to ticks: 16ths where near, else triplets, else 32nds."""
    ticks = quarters * TICKS
    for step in STEPS:
        if abs(ticks - step * round(ticks / step)) <= 1:
            return step * round(ticks / step)
    return STEPS[0] * round(ticks / STEPS[0])


def encode_line(
    line: Sequence[tuple[int, int, int]], tonic: int, pickup: int, bar: int
) -> list[tuple[int, int]]:
    """Turn a line into event tokens, cut at bar lines."""
    rows: list[tuple[int, int]] = []
    here = 0
    for start, ticks, pitch in line:
        rows += _cut(None, here, start, (tonic, pickup, bar))
        rows += _cut(pitch, start, start + ticks, (tonic, pickup, bar))
        here = start + ticks
    return rows


def _cut(
    pitch: int | None, start: int, end: int, place: tuple[int, int, int]
) -> list[tuple[int, int]]:
    tonic, pickup, bar = place
    rows: list[tuple[int, int]] = []
    is_held = False
    while start < end:
        stop = min(end, start + bar - (start - pickup) % bar)
        if stop - start >= 2:
            rows += encode_event(Event(pitch, stop - start, is_held), tonic)
        start, is_held = stop, pitch is not None
    return rows


def _find_shift(pitches: Sequence[int], tonic: int) -> int:
    """Octaves to move the tonic so that all pitches lie in the net's range.

    Raises:
        InvalidInputError: the range is too wide.
    """
    for shift in (0, -12, 12, -24, 24, -36):
        places = [pitch - 60 - tonic - shift for pitch in pitches]
        if LOWEST <= min(places) and max(places) <= HIGHEST:
            return shift
    raise InvalidInputError(
        "the melody spans {semitones} semitones; a folk tune spans at most {most}",
        semitones=max(pitches) - min(pitches),
        most=HIGHEST - LOWEST,
    )
