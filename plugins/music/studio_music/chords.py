"""Chords beat by beat, their names and Roman numerals."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio_music.notes import Note, Piece
from studio_music.spelling import ACCIDENTALS, name_class, split_fifths
from studio_music.theory import Key, Weights, find_path, walk_keys
from studio_music.values import Metre

QUALITIES: Final = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
}
PRIORS: Final = (0.10, 0.09, 0.0, 0.02, 0.0, -0.05, -0.02, -0.02, -0.14, -0.10)
"""How readily each quality is believed."""
CHORDS: Final = tuple((root, quality) for quality in QUALITIES for root in range(12))
CHANGE: Final = 0.12
"""What a new chord costs."""
SUFFIXES: Final = {
    "maj": "",
    "min": "m",
    "dim": "dim",
    "7": "7",
    "m7": "m7",
    "maj7": "maj7",
    "m7b5": "m7b5",
    "dim7": "dim7",
    "aug": "aug",
    "sus4": "sus4",
}
ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII")
DEGREES: Final = {
    "major": {0: (0, ""), 2: (1, ""), 4: (2, ""), 5: (3, ""), 7: (4, ""), 9: (5, ""), 11: (6, "")},
    "minor": {
        0: (0, ""),
        2: (1, ""),
        3: (2, ""),
        5: (3, ""),
        7: (4, ""),
        8: (5, ""),
        10: (6, "b"),
        11: (6, ""),
    },
}
RAISED: Final = {
    1: (1, "b"),
    3: (2, "b"),
    4: (2, "#"),
    6: (3, "#"),
    8: (5, "b"),
    9: (5, "#"),
    10: (6, "b"),
}
SEVENTHS: Final = frozenset(("7", "m7", "maj7", "m7b5", "dim7"))


@dataclass(frozen=True)
class Chord:
    """What sounds from quarter `start` to `end`.

    Attributes:
        root: pitch class; -1 where nothing sounds.
        bass: pitch class of the lowest note.
        numeral: Roman, in `key`; "" where nothing sounds.
    """

    start: float
    end: float
    root: int
    quality: str
    bass: int
    key: Key
    numeral: str

    @property
    def name(self) -> str:
        """Such as `F#m7/A`."""
        if self.root < 0:
            return ""
        over = "" if self.bass == self.root else f"/{self._spell(self.bass)}"
        return f"{self._spell(self.root)}{SUFFIXES[self.quality]}{over}"

    def _spell(self, pitch_class: int) -> str:
        step, alter = split_fifths(name_class(pitch_class, self.key.fifths, self.key.mode))
        return step + ACCIDENTALS.get(alter, "")


def list_chords(piece: Piece) -> list[Chord]:
    """Return the chords of a piece by beats, equal neighbours joined, in the key of the moment."""
    notes = [note for part in piece.parts if not part.is_drum for note in part.notes]
    if not notes:
        return []
    starts = list_beats(piece)
    ends = [*starts[1:], max(piece.length, starts[-1] + 0.25)]
    weights, basses = _weigh_beats(notes, starts, ends)
    path = _choose(weights, basses)
    keys = walk_keys(piece)
    chords: list[Chord] = []
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        key = next(key for at, key in reversed(keys) if at <= start + 1e-6)
        silent = not weights[place].any()
        root, quality = (-1, "") if silent else CHORDS[path[place]]
        bass = basses[place]
        numeral = "" if silent else find_numeral(root, quality, bass, key)
        made = Chord(start, end, root, quality, bass, key, numeral)
        if chords and _is_same(chords[-1], made):
            chords[-1] = Chord(chords[-1].start, end, root, quality, bass, key, numeral)
        else:
            chords.append(made)
    return chords


def list_beats(piece: Piece) -> list[float]:
    """Return the quarters of the beats, those of the pickup too."""
    beat = Metre(*piece.metre).beat / 24
    first = piece.pickup % beat
    count = int(np.ceil((piece.length - first) / beat - 1e-6))
    head = [0.0] if first > 1e-6 else []
    return head + [first + number * beat for number in range(max(count, 1))]


def find_numeral(root: int, quality: str, bass: int, key: Key) -> str:
    """Return the Roman numeral of a chord in a key, with figures of its inversion.

    A major or diminished chord that is foreign to the key and leads to one of its chords is
    named after that: V7/V.
    """
    step = (root - key.tonic) % 12
    figures = _find_figures(root, quality, bass)
    is_minor = quality in ("min", "m7", "dim", "m7b5", "dim7")
    applied = _find_applied(root, quality, key)
    if applied:
        lead = "V" if quality in ("maj", "7") else "vii" + _sign(quality)
        return f"{lead}{figures}/{applied}"
    table = DEGREES[key.mode]
    degree, accidental = table.get(step) or RAISED[step]
    if key.mode == "minor" and step == 10:
        accidental = ""
    roman = ROMAN[degree].lower() if is_minor else ROMAN[degree]
    return f"{accidental}{roman}{_sign(quality)}{figures}"


def _sign(quality: str) -> str:
    return {"dim": "o", "dim7": "o", "m7b5": "ø", "aug": "+"}.get(quality, "")


def _find_figures(root: int, quality: str, bass: int) -> str:
    tones = QUALITIES[quality]
    interval = (bass - root) % 12
    if quality == "sus4":
        return "sus4"
    major = "M" if quality == "maj7" else ""
    if interval not in tones:
        return f"{major}7" if quality in SEVENTHS else ""
    place = tones.index(interval)
    if quality in SEVENTHS:
        return major + ("7", "6/5", "4/3", "2")[place]
    return ("", "6", "6/4")[place]


def _find_applied(root: int, quality: str, key: Key) -> str:
    """Return the numeral a foreign dominant leads to, or ""."""
    if quality not in ("maj", "7", "dim", "dim7", "m7b5"):
        return ""
    tones = {(root + tone) % 12 for tone in QUALITIES[quality]}
    home = {
        *key.scale,
        *(((key.tonic + 10) % 12, (key.tonic + 9) % 12) if key.mode == "minor" else ()),
    }
    if tones <= home:
        return ""
    goal = (root + (5 if quality in ("maj", "7") else 1)) % 12
    step = (goal - key.tonic) % 12
    goals = (
        {2: "ii", 4: "iii", 5: "IV", 7: "V", 9: "vi"}
        if key.mode == "major"
        else {3: "III", 5: "iv", 7: "V", 8: "VI", 10: "VII"}
    )
    return goals.get(step, "")


def _weigh_beats(
    notes: list[Note], starts: list[float], ends: list[float]
) -> tuple[Weights, list[int]]:
    """Return class weights of each beat, what begins on it counting double, and its bass."""
    weights = np.zeros((len(starts), 12))
    lowest = np.full(len(starts), 1000)
    begin, end = np.array(starts), np.array(ends)
    for note in notes:
        first = max(0, int(np.searchsorted(end, note.start + 1e-6)))
        for place in range(first, len(starts)):
            heard = min(note.end, end[place]) - max(note.start, begin[place])
            if heard <= 1e-6:
                break
            on_beat = note.start <= begin[place] + 1e-6
            weights[place, note.pitch % 12] += heard * (1.0 if on_beat else 0.5)
            if on_beat or lowest[place] == 1000:
                lowest[place] = min(lowest[place], note.pitch)
    return weights, [int(pitch) % 12 if pitch < 1000 else 0 for pitch in lowest]


def _choose(weights: Weights, basses: list[int]) -> list[int]:
    """Return the best chord of each beat: tones in it against tones beside it, and its bass."""
    total = weights.sum(axis=1, keepdims=True)
    shares = weights / np.where(total > 0, total, 1)
    inside = np.zeros((len(CHORDS), 12))
    for place, (root, quality) in enumerate(CHORDS):
        for tone in QUALITIES[quality]:
            inside[place, (root + tone) % 12] = 1
    sizes = inside.sum(axis=1)
    heard = (shares > 0.04).astype(float) @ inside.T
    fit = shares @ inside.T - 0.8 * shares @ (1 - inside).T - 0.16 * (sizes - heard)
    fit += np.repeat(PRIORS, 12)
    for row, bass in enumerate(basses):
        for place, (root, quality) in enumerate(CHORDS):
            if bass == root:
                fit[row, place] += 0.12
            elif (bass - root) % 12 in QUALITIES[quality]:
                fit[row, place] += 0.04
    costs = CHANGE * (1 - np.eye(len(CHORDS)))
    return find_path(fit, costs)


def _is_same(one: Chord, two: Chord) -> bool:
    return (one.root, one.quality, one.bass, one.key) == (two.root, two.quality, two.bass, two.key)
