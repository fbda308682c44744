"""ABC notation, as far as dance tunes need it: text -> tunes of sections of bars, fast.

Chords give their top note, second endings replace first ones, ornaments are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

TICKS: Final = 24
"""Per quarter note: 16ths are 6, triplets of eighths 8, 32nds 3."""
MODES: Final = {
    "": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2, "phr": -4,
    "lyd": 1, "loc": -5,
}  # fmt: skip
"""Mode -> sharps beside those of the major key on the same tonic."""
NAMES: Final = {"": "major", "maj": "major", "ion": "major", "m": "minor", "min": "minor",
                "aeo": "minor", "mix": "mixolydian", "dor": "dorian", "phr": "phrygian",
                "lyd": "lydian", "loc": "locrian"}  # fmt: skip
_LETTERS: Final = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
_FIFTHS: Final = dict(zip("FCGDAEB", range(-1, 6), strict=True))
_ORDER: Final = "FCGDAEB"
_FIELD: Final = re.compile(r"[A-Zmrw]:(?![|:])")
_TOKEN: Final = re.compile(
    r"""(?P<field>\[[KMLQVRPI]:[^\]]*\])
    |(?P<text>"[^"]*"|![^!\n]*!|\+[a-z.]+\+|\{[^}]*\})
    |(?P<bar>\[\||:*\|+\]?:*|::+)(?P<ending>\s*\[?[12](?![0-9/]))?
    |(?P<second>\[[12])
    |\((?P<tuplet>[2-9])(?P<more>(?::\d*){0,2})
    |(?P<chord>\[(?P<inside>[^\]|]*)\](?P<stretch>\d*/*\d*))
    |(?P<note>(?P<sharp>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-gzxZ])(?P<octave>[,']*)(?P<length>\d*/*\d*))
    |(?P<broken>>+|<+)
    |(?P<tie>-)
    """,
    re.VERBOSE,
)
_INSIDE: Final = re.compile(r"(\^{1,2}|_{1,2}|=)?([A-Ga-g])([,']*)(\d*/*\d*)")
_SHARPS: Final = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}


@dataclass(frozen=True)
class Key:
    """A tonic and its mode.

    Attributes:
        tonic: pitch class, 0 is C.
        mode: "major", "minor", "dorian", "mixolydian", "lydian", "phrygian", "locrian".
        fifths: sharps above 0, flats below.
    """

    tonic: int = 0
    mode: str = "major"
    fifths: int = 0


@dataclass(frozen=True)
class Event:
    """A note, or a rest.

    Attributes:
        pitch: MIDI number; None for a rest.
        ticks: length.
        is_held: goes on from the note before (a tie).
    """

    pitch: int | None
    ticks: int
    is_held: bool = False


@dataclass(frozen=True)
class Section:
    """Bars between two repeat or double bar lines; the first may be an upbeat."""

    bars: tuple[tuple[Event, ...], ...]
    is_repeated: bool = False


@dataclass(frozen=True)
class Tune:
    """One tune of a file.

    Attributes:
        number: the X field.
        title: the T field that comes first.
        dance: the R field, lower case.
        metre: (6, 8).
        fault: what does not fit ("" if all does), in words.
    """

    number: str = ""
    title: str = ""
    dance: str = ""
    metre: tuple[int, int] = (4, 4)
    key: Key = Key()
    sections: tuple[Section, ...] = ()
    fault: str = ""

    @property
    def bar_ticks(self) -> int:
        """Of a full bar."""
        return self.metre[0] * 4 * TICKS // self.metre[1]


class AbcError(ValueError):
    """A tune breaks the rules of the notation; the text says where."""


def parse_tunes(text: str) -> Iterator[Tune]:
    """Yield every tune of a file; one that cannot be read has a `fault` and no sections."""
    for block in re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n").replace("\r", "\n")):
        if not block.startswith("X:"):
            continue
        tune, body, unit = _parse_header(block)
        try:
            if re.search(r"(?m)^V:|\[V:", body):
                raise AbcError("more than one voice")
            yield _Reader(tune, unit).read(body)
        except (AbcError, ZeroDivisionError) as error:
            yield replace(tune, fault=str(error) or "a length divides by zero")


def parse_key(text: str) -> Key:
    """Read a K field, such as `A Mixolydian`, `Em` or `F#min`.

    Raises:
        AbcError: no key.
    """
    if text.strip().startswith(("Hp", "HP")):
        return Key(9, "mixolydian", 2)
    match = re.match(r"\s*([A-G])([#b]?)\s*([A-Za-z]*)", text)
    if not match:
        raise AbcError(f"K:{text.strip()[:20]} is no key")
    letter, sign, word = match.groups()
    short = "m" if word == "m" else word[:3].lower()
    short = short if short in MODES else ""
    shift = {"#": 1, "b": -1, "": 0}[sign]
    fifths = _FIFTHS[letter] + 7 * shift + MODES[short]
    if not -7 <= fifths <= 7:
        raise AbcError(f"K:{text.strip()[:20]} has more than seven sharps or flats")
    return Key((_LETTERS[letter] + shift) % 12, NAMES[short], fifths)


def parse_metre(text: str) -> tuple[int, int]:
    """Read an M field: `6/8`, `C`, `C|`.

    Raises:
        AbcError: no metre.
    """
    text = text.partition("%")[0].strip()
    if text in ("C", "C|"):
        return (4, 4)
    match = re.fullmatch(r"(\d{1,2})/(1|2|4|8|16|32)", text)
    if not match or int(match[1]) == 0:
        raise AbcError(f"M:{text[:20]} is no metre known here")
    return int(match[1]), int(match[2])


def _parse_header(block: str) -> tuple[Tune, str, Fraction | None]:
    """Return the tune without sections, its body (from its key on), and the L field."""
    head, key, body = block.partition("\nK:")
    fields: dict[str, str] = {}
    for line in head.split("\n"):
        if _FIELD.match(line):
            fields.setdefault(line[0], line[2:].strip())
    first, _, rest = body.partition("\n")
    tune = Tune(fields.get("X", ""), fields.get("T", ""), fields.get("R", "").lower().strip())
    unit = fields.get("L", "").partition("%")[0].strip()
    fits = re.fullmatch(r"\d+/[1-9]\d*", unit)
    full = f"M:{fields.get('M', 'C')}\nK:{first}\n{rest}" if key else ""
    return tune, full, Fraction(unit) if fits else None


@dataclass
class _Reader:
    """Walks over the body of a tune."""

    tune: Tune
    unit: Fraction | None
    key: Key = field(default_factory=Key)
    sections: list[Section] = field(default_factory=list)
    bars: list[tuple[Event, ...]] = field(default_factory=list)
    bar: list[tuple[int | None, Fraction, bool]] = field(default_factory=list)
    altered: dict[tuple[str, int], int] = field(default_factory=dict)
    tuplet: tuple[int, Fraction] = (0, Fraction(1))
    broken: Fraction | None = None
    is_tied: bool = False
    first_ending: int | None = None
    is_twice: bool = False

    def read(self, body: str) -> Tune:
        """Return the tune with its sections."""
        if not body:
            raise AbcError("no K field")
        for line in body.split("\n"):
            if _FIELD.match(line):
                self._take_field(line[0], line[2:])
                continue
            self._take_line(line.partition("%")[0])
        self._close_section(False)
        if not self.sections:
            raise AbcError("no notes")
        return replace(self.tune, sections=tuple(self.sections))

    def _take_field(self, letter: str, text: str) -> None:
        has_notes = bool(self.sections or self.bars or self.bar)
        if letter == "K":
            self.key = parse_key(text)
            if has_notes and self.key != self.tune.key:
                raise AbcError("the key changes")
            self.tune = replace(self.tune, key=self.key)
        elif letter == "M":
            metre = parse_metre(text)
            if has_notes and metre != self.tune.metre:
                raise AbcError("the metre changes")
            self.tune = replace(self.tune, metre=metre)
        elif letter == "L" and re.fullmatch(r"\s*\d+/[1-9]\d*\s*", text):
            self.unit = Fraction(text.strip())

    def _take_line(self, line: str) -> None:
        for match in _TOKEN.finditer(line):
            if match["field"]:
                self._take_field(match["field"][1], match["field"][3:-1])
            elif match["bar"] or match["second"]:
                self._take_bar_line(match["bar"] or "", (match["ending"] or match["second"] or ""))
            elif match["tuplet"]:
                self._take_tuplet(int(match["tuplet"]), match["more"])
            elif match["chord"]:
                self._take_chord(match["inside"], match["stretch"])
            elif match["note"]:
                self._take_note(match)
            elif match["broken"]:
                self._take_broken(match["broken"])
            elif match["tie"]:
                self.is_tied = True

    def _take_note(self, match: re.Match[str]) -> None:
        letter = match["letter"]
        length = parse_length(match["length"]) * self._get_unit()
        if letter == "Z":
            raise AbcError("rests of whole bars")
        is_rest = letter in "zx"
        self._add(
            None if is_rest else self._find_pitch(match["sharp"] or "", letter, match["octave"]),
            length,
        )

    def _take_chord(self, inside: str, stretch: str) -> None:
        notes = _INSIDE.findall(inside)
        if not notes:
            return
        pitches = [self._find_pitch(sharp, letter, octave) for sharp, letter, octave, _ in notes]
        length = parse_length(notes[0][3]) * parse_length(stretch) * self._get_unit()
        self._add(max(pitches), length)

    def _find_pitch(self, sharp: str, letter: str, marks: str) -> int:
        octave = (5 if letter.isupper() else 6) + marks.count("'") - marks.count(",")
        name = letter.upper()
        place = (name, octave)
        if sharp:
            self.altered[place] = _SHARPS[sharp]
        shift = self.altered.get(place, get_alteration(name, self.key.fifths))
        return 12 * octave + _LETTERS[name] + shift

    def _add(self, pitch: int | None, length: Fraction) -> None:
        left, ratio = self.tuplet
        if left:
            length *= ratio
            self.tuplet = (left - 1, ratio)
        if self.broken is not None:
            length *= self.broken
            self.broken = None
        is_held = self.is_tied and pitch is not None
        self.is_tied = False
        self.bar.append((pitch, length, is_held))

    def _take_broken(self, marks: str) -> None:
        if not self.bar:
            return
        pitch, length, is_held = self.bar[-1]
        short = Fraction(1, 2 ** len(marks))
        mine, other = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        self.bar[-1] = (pitch, length * mine, is_held)
        self.broken = other

    def _take_tuplet(self, count: int, more: str) -> None:
        numbers = [int(text) if text else 0 for text in more.split(":")[1:]]
        compound = self.tune.metre[1] == 8 and self.tune.metre[0] % 3 == 0
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, 3 if compound else 2)
        time = numbers[0] if numbers and numbers[0] else usual
        notes = numbers[1] if len(numbers) > 1 and numbers[1] else count
        self.tuplet = (notes, Fraction(time, count))

    def _take_bar_line(self, line: str, ending: str) -> None:
        self._close_bar()
        number = ending[-1:]
        if number == "1":
            self.first_ending = len(self.bars)
        elif line.startswith(":"):
            self._close_section(True)
        elif not number and (line.endswith(":") or line in ("||", "|]", "[|")):
            self._close_section(False)
        if number == "2":
            self._take_second_ending()

    def _take_second_ending(self) -> None:
        """The second ending takes the place of the first, and its section is played twice."""
        self._close_section(True)
        if self.first_ending is not None and self.sections:
            self.bars = list(self.sections.pop().bars[: self.first_ending])
            self.is_twice = True
        self.first_ending = None

    def _close_bar(self) -> None:
        self.altered = {}
        if self.bar:
            self.bars.append(tuple(to_event(*item) for item in self.bar))
            self.bar = []

    def _close_section(self, is_repeated: bool) -> None:
        self._close_bar()
        if self.bars:
            self.sections.append(Section(tuple(self.bars), is_repeated or self.is_twice))
            self.bars, self.is_twice = [], False

    def _get_unit(self) -> Fraction:
        if self.unit is None:
            small = Fraction(*self.tune.metre) < Fraction(3, 4)
            self.unit = Fraction(1, 16) if small else Fraction(1, 8)
        return self.unit


def get_alteration(name: str, fifths: int) -> int:
    """Semitones by which a key signature moves a letter."""
    place = _ORDER.index(name)
    if fifths > 0:
        return 1 if place < fifths else 0
    return -1 if place >= 7 + fifths else 0


def parse_length(text: str) -> Fraction:
    """Read what follows a note: `3`, `/`, `//`, `3/2`."""
    upper, slash, lower = text.partition("/")
    value = Fraction(int(upper) if upper else 1)
    if not slash:
        return value
    digits = lower.lstrip("/")
    if digits:
        return value / int(digits)
    return value / Fraction(2 ** (1 + len(lower)))


def to_event(pitch: int | None, length: Fraction, is_held: bool) -> Event:
    """Turn a length in whole notes into ticks.

    Raises:
        AbcError: the length does not fit the grid.
    """
    ticks = length * 4 * TICKS
    if ticks.denominator != 1 or ticks <= 0:
        raise AbcError(f"a length of {length} of a whole note is finer than the grid")
    return Event(pitch, int(ticks), is_held)
