"""ABC notation, as far as seeing and hearing a tune needs it: the first tune of a file.

Follows the ABC standard 2.1 for notes, chords, rests, ties, tuplets, broken rhythm, keys with
modes, metres, tempos and voices. Repeats are not played out; ornaments and words are passed over.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

from studio.codecs.files import read_bytes
from studio.codecs.notes import Music, Note
from studio.errors import InvalidInputError

MAX_ABC: Final = 4 << 20
MAX_TUNE: Final = 256 << 10
"""Bytes of a file, and characters of a tune."""
LONGEST: Final = 1000
"""A note or rest of more quarters than this is damage."""
TICKS: Final = 480
UNITS: Final = (1, 2, 4, 8, 16, 32, 64)
STEPS: Final = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
FIFTHS: Final = dict(zip("FCGDAEB", range(-1, 6), strict=True))
MODES: Final = {
    "": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2, "phr": -4,
    "lyd": 1, "loc": -5,
}  # fmt: skip
"""Sharps beside those of the major key on the same tonic."""
SIGNS: Final = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
ACROSS: Final = {2: 3, 4: 3, 8: 3, 3: 2, 6: 2}
"""So many notes of a tuplet take the time of so many; the others depend on the metre."""
SAID: Final = frozenset("ABCDFGHNORSTWZmrsw")
"""Fields that say something about the tune and are not the tune."""
_FIELD: Final = re.compile(r"^([A-Za-z]):(?![|:])(.*)$")
_TOKEN: Final = re.compile(
    r"""\[(?P<name>[A-Za-z]):(?P<value>[^\]]*)\]
    |(?P<skip>"[^"]*"|![^!]*!|\+[a-z.]+\+|\{[^}]*\})
    |\((?P<tuplet>[2-9])(?::(?P<across>\d*))?(?::(?P<count>\d*))?
    |\[(?P<chord>[^\]|:]*[A-Ga-g][^\]|:]*)\](?P<stretch>\d*/*\d*)
    |(?P<bar>:*\|[\]|:]*|\[\||::+)
    |(?P<broken>>+|<+)
    |(?P<tie>-)
    |(?P<over>&)
    |(?P<sign>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-gzxZX])(?P<octave>[,']*)(?P<length>\d*/*\d*)
    """,
    re.VERBOSE,
)
_INSIDE: Final = re.compile(
    r"(?P<sign>\^{1,2}|_{1,2}|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>\d*/*\d*)"
)


def load_abc(path: Path) -> str:
    """Return the text of the first tune.

    Raises:
        InvalidInputError: no ABC, or too long.
    """
    data = read_bytes(path, MAX_ABC)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    tunes = re.split(r"(?m)^(?=X:)", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(tunes) < 2 or not re.search(r"(?m)^K:", tunes[1]):
        raise InvalidInputError(
            "{path}: this is no ABC: there is no X: line with a K: line after it", path=path
        )
    if len(tunes[1]) > MAX_TUNE:
        raise InvalidInputError(
            "{path}: the first tune is longer than {most} KB; cut it",
            path=path,
            most=MAX_TUNE >> 10,
        )
    return tunes[1]


def hash_abc(tune: str) -> str:
    """Hash the notes and what changes their sound; titles, words and comments do not count."""
    digest = hashlib.sha256()
    for name, value in _iterate_lines(tune):
        if name not in SAID and name != "X":
            digest.update(f"{name}:{' '.join(value.split())}\n".encode())
    return digest.hexdigest()


def read_abc(tune: str) -> Music:
    """Return the notes as written.

    Raises:
        ValueError: a length or key that is none.
    """
    return walk_tune(tune).finish()


def walk_tune(tune: str) -> "TuneReader":
    """Return a reader that has read a tune.

    Raises:
        ValueError: a length or key that is none.
    """
    reader = TuneReader()
    in_head = True
    for name, value in _iterate_lines(tune):
        if name:
            reader.take_field(name, value)
        elif not in_head:
            reader.take_line(value)
        in_head = in_head and name != "K"
    return reader


def _iterate_lines(tune: str) -> Iterator[tuple[str, str]]:
    """Yield (field, value) or ("", music); ends at the first empty line after the key."""
    has_key = False
    for line in tune.split("\n"):
        text = re.sub(r"(?<!\\)%.*", "", line).strip()
        if not text:
            if has_key and not line.strip():
                return
            continue
        match = _FIELD.match(text)
        has_key = has_key or text.startswith("K:")
        yield (match[1], match[2].strip()) if match else ("", text)


@dataclass
class _Voice:
    """Where one voice is."""

    number: int
    key: dict[str, int]
    now: Fraction = Fraction(0)
    bar: Fraction = Fraction(0)
    signs: dict[str, int] = field(default_factory=dict)
    tied: dict[int, int] = field(default_factory=dict)
    """Pitch -> place in the notes of what is held on."""
    last: list[int] = field(default_factory=list)
    """Places of the notes struck last, and where they began: for ties and broken rhythm."""
    began: Fraction = Fraction(0)
    stretch: Fraction = Fraction(1)
    """Of the next note, by broken rhythm."""
    tuplet: tuple[int, Fraction] = (0, Fraction(1))


class TuneReader:
    """Walks a tune; all times in quarters.

    Attributes:
        head: the first value of each field, as it stands.
        notes: (start, end, MIDI pitch, voice), in the order of the text.
        first_bar: where the first bar line stands; 0 where the tune begins with one.
        beats: the metre of the head, such as (6, 8).
        voices: by name.
    """

    def __init__(self) -> None:
        self.head: dict[str, str] = {}
        self.first_bar: Fraction | None = None
        self.unit: Fraction | None = None
        self.metre = Fraction(1)
        self.beats = (4, 4)
        self.key: dict[str, int] = {}
        self.voices: dict[str, _Voice] = {}
        self.voice: _Voice | None = None
        self.notes: list[tuple[Fraction, Fraction, int, int]] = []
        self.tempos: list[tuple[float, float]] = []
        self.end = Fraction(0)

    def take_field(self, name: str, value: str) -> None:
        """Take an information field, of the head or in the music."""
        self.head.setdefault(name, value)
        if name == "M":
            beats = _read_metre(value)
            self.metre = Fraction(*beats)
            self.beats = self.beats if self.notes else beats
        elif name == "L" and value:
            self.unit = Fraction(value)
        elif name == "Q":
            self._take_tempo(value)
        elif name == "V" and value:
            self.voice = self._get_voice(value.split()[0])
        elif name == "K":
            self.key = _read_key(value)
            changed = [self.voice] if self.voice and self.notes else self.voices.values()
            for voice in changed:
                voice.key = self.key

    def take_line(self, line: str) -> None:
        """Take a line of music."""
        voice = self.voice = self.voice or self._get_voice("1")
        for match in _TOKEN.finditer(line):
            voice = self.voice or voice
            if match["name"]:
                self.take_field(match["name"], match["value"].strip())
            elif match["tuplet"]:
                self._begin_tuplet(voice, match)
            elif match["chord"]:
                self._take_chord(voice, match["chord"], _read_length(match["stretch"]))
            elif match["bar"]:
                self._end_bar(voice)
            elif match["broken"]:
                self._break_rhythm(voice, match["broken"])
            elif match["tie"]:
                voice.tied = {self.notes[place][2]: place for place in voice.last}
            elif match["over"]:
                voice.now, voice.last, voice.tied = voice.bar, [], {}
            elif match["letter"]:
                self._take_note(voice, match)

    def finish(self) -> Music:
        """Return what was read."""
        notes = [Note(float(s), float(e), pitch, voice) for s, e, pitch, voice in self.notes]
        notes.sort(key=lambda note: (note.start, note.pitch))
        return Music(notes, self.tempos, float(self.end), max(1, len(self.voices)), TICKS)

    def _get_voice(self, name: str) -> _Voice:
        if name not in self.voices:
            self.voices[name] = _Voice(len(self.voices), self.key)
        return self.voices[name]

    def _end_bar(self, voice: _Voice) -> None:
        voice.bar, voice.signs = voice.now, {}
        if self.first_bar is None or not self.first_bar:
            self.first_bar = voice.now

    def _take_tempo(self, value: str) -> None:
        found = re.search(r"(?:(\d+)/(\d+)\s*=\s*)?(\d+(?:\.\d+)?)\s*(?:\"|$)", value)
        if not found or not float(found[3]):
            return
        beat = Fraction(int(found[1]), int(found[2])) * 4 if found[1] else Fraction(1)
        now = float(self.voice.now) if self.voice else 0.0
        self.tempos.append((now, min(1e4, float(found[3]) * float(beat))))

    def _begin_tuplet(self, voice: _Voice, match: re.Match[str]) -> None:
        size = int(match["tuplet"])
        is_compound = self.metre.numerator % 3 == 0 and self.metre.denominator >= 8
        across = int(match["across"] or ACROSS.get(size, 3 if is_compound else 2))
        voice.tuplet = (int(match["count"] or size), Fraction(across, size))

    def _take_chord(self, voice: _Voice, inside: str, stretch: Fraction) -> None:
        notes = list(_INSIDE.finditer(inside))
        length = self._measure(voice, _read_length(notes[0]["length"]) * stretch)
        self._strike(voice, [self._find_pitch(voice, note) for note in notes], length)

    def _take_note(self, voice: _Voice, match: re.Match[str]) -> None:
        letter = match["letter"]
        if letter in "ZX":
            bars = _read_length(match["length"])
            voice.now += _check(self.metre * 4 * bars)
            voice.last = []
        else:
            length = self._measure(voice, _read_length(match["length"]))
            pitches = [] if letter in "zx" else [self._find_pitch(voice, match)]
            self._strike(voice, pitches, length)
        self.end = max(self.end, voice.now)

    def _measure(self, voice: _Voice, units: Fraction) -> Fraction:
        """Return a length in quarters, under tuplets and broken rhythm."""
        unit = self.unit
        if unit is None:
            unit = Fraction(1, 16 if self.metre < Fraction(3, 4) else 8)
        left, factor = voice.tuplet
        if left:
            voice.tuplet = (left - 1, factor)
        length = units * unit * 4 * voice.stretch * (factor if left else 1)
        voice.stretch = Fraction(1)
        return _check(length)

    def _strike(self, voice: _Voice, pitches: list[int], length: Fraction) -> None:
        voice.began, end, voice.last = voice.now, voice.now + length, []
        for pitch in pitches:
            held = voice.tied.get(pitch)
            if held is not None:
                start, _, _, number = self.notes[held]
                self.notes[held] = (start, end, pitch, number)
                voice.last.append(held)
            else:
                voice.last.append(len(self.notes))
                self.notes.append((voice.now, end, pitch, voice.number))
        voice.tied = {}
        voice.now = end
        self.end = max(self.end, end)

    def _break_rhythm(self, voice: _Voice, marks: str) -> None:
        """Lengthen the note before and shorten the next, or the other way round."""
        if not voice.last:
            return
        small = Fraction(1, 2 ** min(len(marks), 8))
        before, after = (2 - small, small) if marks[0] == ">" else (small, 2 - small)
        length = (voice.now - voice.began) * before
        for place in voice.last:
            start, _, pitch, number = self.notes[place]
            self.notes[place] = (start, voice.began + length, pitch, number)
        voice.now, voice.stretch = voice.began + length, after
        self.end = max(self.end, voice.now)

    def _find_pitch(self, voice: _Voice, match: re.Match[str]) -> int:
        letter = match["letter"]
        octave = (5 if letter.isupper() else 6) + match["octave"].count("'")
        octave -= match["octave"].count(",")
        name = f"{letter.upper()}{octave}"
        if match["sign"]:
            voice.signs[name] = SIGNS[match["sign"]]
        sign = voice.signs.get(name, voice.key.get(letter.upper(), 0))
        return min(127, max(0, 12 * octave + STEPS[letter.upper()] + sign))


def _check(length: Fraction) -> Fraction:
    if not 0 < length <= LONGEST:
        raise ValueError(f"a length of {float(length):g} quarters")
    return length


def _read_length(text: str) -> Fraction:
    """Read `3`, `3/2`, `/4`, `/`, `//`."""
    top, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    if max(len(top), len(below), len(slashes)) > 6:
        raise ValueError(f"a length of {text[:20]}")
    bottom = int(below) if below else 2 ** len(slashes)
    return Fraction(int(top or 1), bottom)


def _read_metre(text: str) -> tuple[int, int]:
    if text.startswith("C"):
        return (2, 2) if text.startswith("C|") else (4, 4)
    found = re.search(r"(\d{1,3})\s*/\s*(\d{1,3})", text)
    if not found:
        return (4, 4)
    beats, unit = int(found[1]), int(found[2])
    if not beats or unit not in UNITS:
        raise ValueError(f"a metre of {text[:20]}")
    return (beats, unit)


def _read_key(text: str) -> dict[str, int]:
    """Return letter -> sharps of `Am`, `D mix`, `Bb`, `F# dorian`, `HP`, `none`."""
    if text.upper().startswith("HP"):
        return {"F": 1, "C": 1}
    found = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", text)
    if not found:
        return {}
    letter, sign, word = found.groups()
    short = "m" if word == "m" else "" if word == "M" else word[:3].lower()
    fifths = FIFTHS[letter] + 7 * {"#": 1, "b": -1, "": 0}[sign] + MODES.get(short, 0)
    order = "FCGDAEB" if fifths > 0 else "BEADGCF"
    signs = dict.fromkeys(order[: min(7, abs(fifths))], 1 if fifths > 0 else -1)
    for mark, own in re.findall(r"\s(\^{1,2}|_{1,2}|=)([A-Ga-g])", text):
        signs[own.upper()] = SIGNS[mark]
    return signs
