"""Four-part exercises marked as a teacher would: rules, bar numbers, and what to do instead."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from studio_music.chorale_rules import NAMES, RANGES, find_faults
from studio_music.chords import SEVENTHS, Chord, list_beats
from studio_music.notes import Note, Part, Piece
from studio_music.spelling import name_pitch

STEP: Final = 4
"""Frames of a quarter."""
ADVICE: Final = {
    "range": "the singer cannot reach it: move the voice, or exchange notes with its neighbour",
    "parallel fifths": "move one of the two voices the other way, or keep it where it is",
    "parallel octaves": "the two voices become one: give one of them another note of the chord",
    "crossing": "keep each voice above the one below it",
    "spacing": "bring the two voices within an octave; only tenor and bass may be farther apart",
    "leading note": "at the end of a phrase the leading note wants to rise to the tonic",
    "seventh": "let the seventh of the chord fall by a step",
    "doubled leading note": "double the root or the fifth of the dominant instead",
    "leap": "an augmented or very wide leap is hard to sing: go the other way round, or by step",
    "missing third": "a chord without its third sounds hollow: give one voice the third",
    "hidden octaves": "the outer voices leap the same way into an octave or fifth: let the soprano "
    "step, or move the bass the other way",
}
AWKWARD: Final = (6, 10, 11)
"""Semitones of leaps that are hard to sing; so is all beyond an octave."""


@dataclass(frozen=True)
class Fault:
    """A broken rule: bar and beat, counted from 1, the voices, and what happens there."""

    rule: str
    bar: int
    beat: float
    voices: tuple[str, ...]
    what: str


def mark(piece: Piece, chords: list[Chord]) -> list[Fault]:
    """Mark a piece for four voices; faults by bar."""
    faults = [*_mark_frames(piece), *_mark_melodies(piece)]
    faults += _mark_chords(piece, chords)
    return sorted(faults, key=lambda fault: (fault.bar, fault.beat, fault.rule, fault.voices))


def write_feedback(piece: Piece, faults: list[Fault]) -> list[str]:
    """Say in plain words what to look at: the gravest rule first, each with its bars."""
    bars = max(1, round((piece.length - piece.pickup) / piece.bar))
    if not faults:
        return [
            f"In {bars} bars nothing breaks the rules of four-part writing that were checked: "
            "ranges, parallels, crossing, spacing, leading notes, sevenths, leaps. Well done."
        ]
    said = []
    grave = {name: place for place, name in enumerate(GRAVE)}
    counts = Counter(fault.rule for fault in faults)
    for rule in sorted(counts, key=lambda rule: (grave.get(rule, 99), -counts[rule])):
        where = sorted({fault.bar for fault in faults if fault.rule == rule})
        listed = ", ".join(str(bar) for bar in where[:12]) + (" ..." if len(where) > 12 else "")
        first = next(fault for fault in faults if fault.rule == rule)
        times = "once" if counts[rule] == 1 else f"{counts[rule]} times"
        said.append(
            f"{rule.capitalize()}, {times}, bar{'s' * (len(where) > 1)} {listed}. "
            f"First at bar {first.bar}, beat {first.beat:g}: {first.what}. "
            f"{ADVICE[rule].capitalize()}."
        )
    share = len({fault.bar for fault in faults}) / bars
    said.append(
        f"{max(0, round(100 * (1 - share)))} % of the {bars} bars are free of faults."
        if share < 1
        else "Nearly every bar has something to mend: begin with the first kind above."
    )
    return said


GRAVE: Final = (
    "parallel octaves",
    "parallel fifths",
    "range",
    "crossing",
    "spacing",
    "doubled leading note",
    "leading note",
    "seventh",
    "missing third",
    "hidden octaves",
    "leap",
)


def build_frames(piece: Piece) -> Any:
    """Return four voices on a grid of sixteenths, int16 (frames, 4); -1 is silence."""
    count = max(1, round(piece.length * STEP))
    frames = np.full((count, 4), -1, np.int16)
    for voice, part in enumerate(piece.parts[:4]):
        for note in part.notes:
            frames[round(note.start * STEP) : max(round(note.end * STEP), 1), voice] = note.pitch
    return frames


def _locate(piece: Piece, quarter: float) -> tuple[int, float]:
    """Return bar and beat, both from 1; in the pickup bar 0."""
    bar = piece.find_bar(quarter)
    start = piece.pickup + (bar - 1) * piece.bar
    if bar == 0:
        start = piece.pickup - piece.bar
    return bar, round((quarter - start) * piece.metre[1] / 4 + 1, 2)


def _mark_frames(piece: Piece) -> Iterator[Fault]:
    frames = build_frames(piece)
    for fault in find_faults(frames):
        bar, beat = _locate(piece, fault.frame / STEP)
        voices = tuple(NAMES[voice] for voice in fault.voices)
        here = frames[fault.frame]
        names = [_name(piece, here[voice]) for voice in fault.voices]
        if fault.kind == "range":
            low, high = RANGES[fault.voices[0]]
            what = f"the {voices[0]} has {names[0]}, its range is {_name(piece, low)} to "
            what += _name(piece, high)
        elif fault.kind.startswith("parallel"):
            before = [_name(piece, frames[fault.frame - 1][voice]) for voice in fault.voices]
            what = f"{voices[0]} and {voices[1]} go from {before[0]} over {before[1]} to "
            what += f"{names[0]} over {names[1]}"
        elif fault.kind == "crossing":
            what = f"the {voices[0]} on {names[0]} lies below the {voices[1]} on {names[1]}"
        else:
            what = f"{voices[0]} on {names[0]} and {voices[1]} on {names[1]} lie too far apart"
        yield Fault(fault.kind, bar, beat, voices, what)
    yield from _mark_hidden(piece, frames)


def _mark_hidden(piece: Piece, frames: Any) -> Iterator[Fault]:
    """Outer voices that leap the same way into a fifth or octave."""
    for index in range(1, len(frames)):
        top, low = frames[index, 0], frames[index, 3]
        above, below = frames[index - 1, 0], frames[index - 1, 3]
        if min(top, low, above, below) < 0:
            continue
        up, down = int(top) - int(above), int(low) - int(below)
        gap, was = (int(top) - int(low)) % 12, (int(above) - int(below)) % 12
        if up * down > 0 and abs(up) > 2 and gap in (0, 7) and gap != was:
            bar, beat = _locate(piece, index / STEP)
            kind = "an octave" if gap == 0 else "a fifth"
            what = f"soprano and bass both leap to {_name(piece, top)} over {_name(piece, low)}, "
            yield Fault("hidden octaves", bar, beat, ("soprano", "bass"), what + kind)


def _mark_melodies(piece: Piece) -> Iterator[Fault]:
    for voice, part in enumerate(piece.parts[:4]):
        for one, two in zip(part.notes, part.notes[1:], strict=False):
            leap = abs(two.pitch - one.pitch)
            if two.start - one.end > 0.3 or (leap <= 12 and leap not in AWKWARD):
                continue
            bar, beat = _locate(piece, two.start)
            names = f"{_name(piece, one.pitch)} to {_name(piece, two.pitch)}"
            what = f"the {NAMES[voice]} leaps {leap} semitones, {names}"
            yield Fault("leap", bar, beat, (NAMES[voice],), what)


def _mark_chords(piece: Piece, chords: list[Chord]) -> Iterator[Fault]:
    beats = list_beats(piece)
    for chord, then in zip(chords, [*chords[1:], None], strict=True):
        if chord.root < 0:
            continue
        for at in beats:
            if chord.start - 1e-6 <= at < chord.end - 1e-6:
                yield from _mark_chord(piece, chord, at)
        notes = _list_sung(piece, chord.start)
        if then is not None and notes:
            yield from _mark_tendencies(piece, chord, then, notes)


def _mark_chord(piece: Piece, chord: Chord, quarter: float) -> Iterator[Fault]:
    """What four voices have of a chord on a beat, if one of them begins there."""
    notes = _list_sung(piece, quarter)
    if not any(abs(note.start - quarter) < 1e-6 for note in notes):
        return
    bar, beat = _locate(piece, quarter)
    classes = Counter(note.pitch % 12 for note in notes)
    leading = (chord.key.tonic + 11) % 12
    is_dominant = chord.root == (chord.key.tonic + 7) % 12 and chord.quality in ("maj", "7")
    if is_dominant and classes[leading] > 1:
        what = f"two voices have the leading note {_name(piece, leading + 60)[:-1]}"
        yield Fault("doubled leading note", bar, beat, (), what)
    third = {(chord.root + step) % 12 for step in (3, 4)}
    if len(classes) < 3 and chord.quality in ("maj", "min") and not third & set(classes):
        yield Fault("missing third", bar, beat, (), f"the chord on {chord.name} has no third")


def _list_sung(piece: Piece, quarter: float) -> list[Note]:
    """The notes of all four voices at a moment; none if one of them is silent."""
    sung = [_find_note(part, quarter) for part in piece.parts[:4]]
    notes = [note for note in sung if note is not None]
    return notes if len(notes) == 4 else []


def _mark_tendencies(piece: Piece, chord: Chord, then: Chord, notes: list[Note]) -> Iterator[Fault]:
    """The soprano's leading note and every seventh, followed to the next chord."""
    bar, beat = _locate(piece, chord.start)
    to_tonic = then.root == chord.key.tonic and chord.root == (chord.key.tonic + 7) % 12
    seventh = {"7": 10, "m7": 10, "m7b5": 10, "maj7": 11, "dim7": 9}.get(chord.quality)
    for voice, note in enumerate(notes):
        after = _find_note(piece.parts[voice], then.start)
        if after is None or note.end < then.start - 0.01:
            continue  # it moved on inside the chord
        move = after.pitch - note.pitch
        name = _name(piece, note.pitch)
        leading = note.pitch % 12 == (chord.key.tonic + 11) % 12
        if to_tonic and leading and voice == 0 and move != 1:
            what = f"the soprano's {name} goes to {_name(piece, after.pitch)}"
            yield Fault("leading note", bar, beat, ("soprano",), what)
        is_seventh = (
            chord.quality in SEVENTHS and note.pitch % 12 == (chord.root + (seventh or 0)) % 12
        )
        if is_seventh and chord.quality == "7" and move not in (-1, -2, 0):
            what = f"the {NAMES[voice]}'s {name}, seventh of {chord.name}, goes to "
            what += _name(piece, after.pitch)
            yield Fault("seventh", bar, beat, (NAMES[voice],), what)


def _find_note(part: Part, quarter: float) -> Note | None:
    """The note that sounds at a moment, or None."""
    return next(
        (note for note in part.notes if note.start <= quarter + 1e-6 < note.end - 1e-6), None
    )


def _name(piece: Piece, pitch: int) -> str:
    return name_pitch(int(pitch), piece.fifths or 0, piece.mode or "major")
