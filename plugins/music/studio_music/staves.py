"""Parts laid out on staves: who shares one, with which clef, in which voices."""

import itertools
from dataclasses import dataclass
from typing import Final, Literal

from studio_music.notes import Note, Part, Piece
from studio_music.quantise import Event, quantise, spread

Layout = Literal["auto", "closed", "open"]
Clef = Literal["treble", "bass", "tenor", "percussion"]

SPLIT: Final = 60
"""Pitch that parts the hands."""
KEYBOARDS: Final = (*range(0, 8), *range(16, 24), 46, 8, 10)
VOICES: Final = ((57, 84), (50, 77), (45, 72), (36, 65))
"""Widest ranges of soprano, alto, tenor and bass for which four parts are taken for a choir."""
PAIRS: Final = (("Soprano", "Alto"), ("Tenor", "Bass"))


@dataclass(frozen=True)
class Staff:
    """Five lines: a clef and voices; `is_filled` where all voices show their rests."""

    clef: Clef
    voices: tuple[tuple[Event, ...], ...]
    is_filled: bool = False


@dataclass(frozen=True)
class StaffGroup:
    """What has one name at the left: an instrument's staves."""

    name: str
    program: int
    staves: tuple[Staff, ...]
    is_drum: bool = False


def lay_out(piece: Piece, layout: Layout = "auto") -> list[StaffGroup]:
    """Give every part its staves; "closed" puts a choir of four on two."""
    if layout == "closed" or (layout == "auto" and is_choir(piece)):
        if len(piece.parts) == 4:
            return _pair(piece)
    return [_lay_part(part) for part in piece.parts]


def is_choir(piece: Piece) -> bool:
    """Whether these are four voices, each within reach of its singers, one note at a time."""
    if len(piece.parts) != 4:
        return False
    for part, (low, high) in zip(piece.parts, VOICES, strict=True):
        pitches = [note.pitch for note in part.notes]
        if part.is_drum or not pitches or min(pitches) < low or max(pitches) > high:
            return False
        if not is_single(part):
            return False
    return True


def is_single(part: Part) -> bool:
    """Whether no two notes of a part sound together."""
    notes = part.notes
    return all(one.end <= two.start + 0.02 for one, two in itertools.pairwise(notes))


def _pair(piece: Piece) -> list[StaffGroup]:
    groups = []
    for place, clef in ((0, "treble"), (2, "bass")):
        pair = piece.parts[place : place + 2]
        name = "\n".join(part.name for part in pair)
        voices = tuple(tuple(spread(quantise(part.notes), 1)[0]) for part in pair)
        staff = Staff("treble" if clef == "treble" else "bass", voices, is_filled=True)
        groups.append(StaffGroup(name, pair[0].program, (staff,)))
    return groups


def _lay_part(part: Part) -> StaffGroup:
    if part.is_drum:
        hands = [note for note in part.notes if note.pitch not in FEET]
        feet = [note for note in part.notes if note.pitch in FEET]
        voices = tuple(tuple(_sing(notes, 1)[0]) for notes in (hands, feet) if notes)
        return StaffGroup(part.name, 0, (Staff("percussion", voices, len(voices) > 1),), True)
    if _needs_two(part):
        staves = (
            _build_staff([note for note in part.notes if note.pitch >= SPLIT], "treble"),
            _build_staff([note for note in part.notes if note.pitch < SPLIT], "bass"),
        )
        return StaffGroup(part.name, part.program, staves)
    return StaffGroup(part.name, part.program, (_build_staff(list(part.notes), _find_clef(part)),))


FEET: Final = (35, 36, 44)
"""Drums played with the feet: stems down."""


def _build_staff(notes: list[Note], clef: Clef) -> Staff:
    return Staff(clef, tuple(tuple(voice) for voice in _sing(notes, 2)))


def _sing(notes: list[Note], most: int) -> list[list[Event]]:
    return spread(quantise(notes), most)


def _needs_two(part: Part) -> bool:
    """A keyboard part that goes well beyond one staff."""
    pitches = [note.pitch for note in part.notes]
    wide = bool(pitches) and min(pitches) < 55 and max(pitches) > 64
    return wide and part.program in KEYBOARDS and not (is_single(part) and min(pitches) > 48)


def _find_clef(part: Part) -> Clef:
    pitches = [note.pitch for note in part.notes]
    mean = sum(pitches) / max(len(pitches), 1)
    if part.program in (24, 25, 26, 27) or (
        part.name.lower().startswith("tenor") and mean > 52 and min(pitches) > 44
    ):
        return "tenor"
    return "treble" if mean >= 59 else "bass"
