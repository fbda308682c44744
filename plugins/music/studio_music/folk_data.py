"""Tunes as numbers: note events relative to the tonic, and the plan of their sections.

Two tunes are kin if they share many bars in any key; kin never lie in two splits.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio_music.folk_abc import TICKS, Event, Section, Tune, parse_tunes
from studio_music.kin import group_kin

Rows = npt.NDArray[np.int16]
"""(events, 2): pitch token and length token."""

PAD, SECTION, REST, HOLD = 0, 1, 2, 3
FIRST_PITCH: Final = 4
LOWEST, HIGHEST = -16, 31
"""Semitones from the tonic that lies in 60..71."""
PITCHES: Final = FIRST_PITCH + HIGHEST - LOWEST + 1
LENGTHS: Final = (2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 30, 36, 42, 48, 54, 60, 72, 84, 96, 144)
"""Ticks of length tokens 1, 2, ...; token 0 is no length."""
MODES: Final = ("major", "minor", "dorian", "mixolydian")
METRES: Final = ((4, 4), (2, 4), (3, 4), (6, 8), (9, 8), (3, 8), (12, 8), (6, 4))
DANCES: Final = ("other", "reel", "jig", "slip jig", "hornpipe", "strathspey", "air")
_DANCE_WORDS: Final = (
    ("slip", 3), ("jig", 2), ("reel", 1), ("hornpipe", 4), ("clog", 4), ("strathspey", 5),
    ("fling", 5), ("air", 6),
)  # fmt: skip
MOST_SECTIONS: Final = 6


@dataclass(frozen=True)
class Phrase:
    """A section as numbers.

    Attributes:
        rows: its events.
        pickup: ticks before the first full bar.
        bars: bars from the first full one to the end, a last short one counted.
        ticks: length of all, the pickup too.
    """

    rows: Rows
    pickup: int
    bars: int
    ticks: int
    is_repeated: bool = False


@dataclass(frozen=True)
class FolkTune:
    """A tune as numbers.

    Attributes:
        mode, metre, dance: places in `MODES`, `METRES`, `DANCES`.
        tonic: pitch class.
        origin: file it comes from.
    """

    phrases: tuple[Phrase, ...]
    mode: int
    metre: int
    dance: int
    tonic: int = 0
    title: str = ""
    origin: str = ""

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return get_bar(METRES[self.metre])

    @property
    def note_count(self) -> int:
        """Events, as written."""
        return sum(len(phrase.rows) for phrase in self.phrases)


class TuneFault(ValueError):
    """A tune does not fit the model; the text says why."""


def get_bar(metre: tuple[int, int]) -> int:
    """Ticks of a full bar."""
    return metre[0] * 4 * TICKS // metre[1]


def encode_tune(tune: Tune, origin: str = "") -> FolkTune:
    """Turn a parsed tune into numbers.

    Raises:
        TuneFault: bars that are too long or too short, or pitches and lengths out of range.
    """
    if tune.fault:
        raise TuneFault(tune.fault)
    if tune.metre not in METRES:
        raise TuneFault(f"metre {tune.metre[0]}/{tune.metre[1]}")
    sections = join_upbeats(tune.sections, tune.bar_ticks)
    if len(sections) > MOST_SECTIONS:
        raise TuneFault("more than six sections")
    phrases = tuple(encode_section(part, tune.key.tonic, tune.bar_ticks) for part in sections)
    if sum(phrase.bars for phrase in phrases) < 4:
        raise TuneFault("fewer than four bars")
    mode = {"lydian": "major", "phrygian": "minor", "locrian": "minor"}.get(
        tune.key.mode, tune.key.mode
    )
    return FolkTune(
        phrases,
        MODES.index(mode),
        METRES.index(tune.metre),
        find_dance(tune.dance, tune.title, tune.metre),
        tune.key.tonic,
        tune.title,
        origin,
    )


def find_dance(text: str, title: str, metre: tuple[int, int]) -> int:
    """Return the place in `DANCES` that the R field, or else the title, speaks of."""
    for source in (text, title.lower()):
        for word, place in _DANCE_WORDS:
            # An "air" in a title is often "fair" or "hair".
            if word in source and (word != "air" or source == text):
                return place
    return {(9, 8): 3}.get(metre, 0)


def join_upbeats(sections: Sequence[Section], bar: int) -> list[Section]:
    """Put a lone upbeat in front of a repeat sign into the section behind it."""
    found: list[Section] = []
    waiting: tuple[tuple[Event, ...], ...] = ()
    for section in sections:
        if len(section.bars) == 1 and sum(e.ticks for e in section.bars[0]) < bar:
            waiting += section.bars
            continue
        found.append(Section(waiting + section.bars, section.is_repeated))
        waiting = ()
    return found


def encode_section(section: Section, tonic: int, bar: int) -> Phrase:
    """Turn a section into numbers; see `encode_tune`."""
    bars = _mend_bars(section.bars, bar)
    first = sum(event.ticks for event in bars[0])
    pickup = first if first < bar and len(bars) > 1 else 0
    rows = [row for events in bars for event in events for row in encode_event(event, tonic)]
    ticks = sum(event.ticks for events in bars for event in events)
    count = len(bars) - (1 if pickup else 0)
    return Phrase(np.array(rows, np.int16), pickup, count, ticks, section.is_repeated)


def _mend_bars(bars: Sequence[tuple[Event, ...]], bar: int) -> list[tuple[Event, ...]]:
    """Join bars that were cut in two by a sign; only the first and last may be short."""
    mended: list[tuple[Event, ...]] = []
    for events in bars:
        last = sum(event.ticks for event in mended[-1]) if mended else bar
        own = sum(event.ticks for event in events)
        is_upbeat = len(mended) == 1
        if last < bar and not (is_upbeat and own == bar) and last + own <= bar:
            mended[-1] = mended[-1] + events
        elif own > bar or (last != bar and not is_upbeat):
            raise TuneFault("a bar is too long or too short")
        else:
            mended.append(events)
    return mended


def encode_event(event: Event, tonic: int) -> list[tuple[int, int]]:
    """Turn a note into one row, or several held ones where its length is unusual."""
    token = REST
    if event.pitch is not None:
        semitones = event.pitch - 60 - tonic
        if not LOWEST <= semitones <= HIGHEST:
            raise TuneFault("a pitch is out of range")
        token = HOLD if event.is_held else FIRST_PITCH + semitones - LOWEST
    rows, left = [], event.ticks
    while left:
        fitting = [ticks for ticks in LENGTHS if ticks <= left and left - ticks != 1]
        if not fitting:
            raise TuneFault("a length is finer than the grid")
        rows.append((token, LENGTHS.index(fitting[-1]) + 1))
        left -= fitting[-1]
        token = HOLD if event.pitch is not None else REST
    return rows


def decode_phrase(phrase: Phrase, tonic: int) -> list[tuple[int, int, int]]:
    """Return the notes of a phrase as (start, ticks, MIDI pitch); held events are joined."""
    notes: list[tuple[int, int, int]] = []
    start = 0
    for token, length in phrase.rows.tolist():
        ticks = LENGTHS[length - 1]
        if token >= FIRST_PITCH:
            notes.append((start, ticks, 60 + tonic + token - FIRST_PITCH + LOWEST))
        elif token == HOLD and notes and sum(notes[-1][:2]) == start:
            begin, old, pitch = notes[-1]
            notes[-1] = (begin, old + ticks, pitch)
        start += ticks
    return notes


def load_archive(path: Path) -> tuple[list[FolkTune], dict[str, int]]:
    """Read every `.abc` of a zip, or of a folder; returns the tunes and faults -> how many."""
    tunes: list[FolkTune] = []
    faults: dict[str, int] = {}
    for name, text in _iterate_texts(path):
        for parsed in parse_tunes(text):
            try:
                tunes.append(encode_tune(parsed, name))
            except TuneFault as fault:
                faults[str(fault)] = faults.get(str(fault), 0) + 1
    return tunes, faults


def _iterate_texts(path: Path) -> Iterable[tuple[str, str]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.abc")):
            yield file.relative_to(path).as_posix(), file.read_text("utf-8", errors="replace")
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".abc"):
                yield name, archive.read(name).decode("utf-8", errors="replace")


def find_bars(tune: FolkTune) -> set[bytes]:
    """Return fingerprints of pairs of bars, by their intervals: the same in every key."""
    prints: set[bytes] = set()
    for phrase in tune.phrases:
        starts = np.cumsum([0] + [LENGTHS[n - 1] for n in phrase.rows[:, 1].tolist()])[:-1]
        places = (starts - phrase.pickup) // tune.bar
        for place in range(phrase.bars - 1):
            # Two bars together: single ones are often alike by chance.
            rows = phrase.rows[(places == place) | (places == place + 1)].astype(np.int64)
            sounding = rows[rows[:, 0] >= FIRST_PITCH]
            if len(sounding) >= 4:
                prints.add(np.diff(sounding[:, 0]).astype(np.int8).tobytes())
    return prints


def group_tunes(tunes: Sequence[FolkTune]) -> list[int]:
    """Return a group number per tune; kin and namesakes are one group."""
    return group_kin([find_bars(tune) for tune in tunes], _find_namesakes(tunes))


def _find_namesakes(tunes: Sequence[FolkTune]) -> Iterable[list[int]]:
    """Yield places of tunes of one telling title: variants of one tune, as a rule."""
    homes: dict[str, list[int]] = {}
    for index, tune in enumerate(tunes):
        name = re.sub(r"[^a-z]|\bthe\b", "", tune.title.lower().partition("--")[0])
        if len(name) >= 9:
            homes.setdefault(name, []).append(index)
    return (places for places in homes.values() if 2 <= len(places) <= 5)


def split_tunes(
    tunes: Sequence[FolkTune], shares: tuple[float, float] = (0.08, 0.08)
) -> dict[str, list[FolkTune]]:
    """Split into train, valid and test, kin together; the split depends on the tunes only."""
    groups = group_tunes(tunes)
    rank: dict[int, float] = {}
    for group, tune in zip(groups, tunes, strict=True):
        key = hashlib.sha256(b"".join(p.rows.tobytes() for p in tune.phrases)).digest()
        value = int.from_bytes(key[:6]) / 2**48
        rank[group] = min(rank.get(group, 1.0), value) if group in rank else value
    # The least of many is small: a large family would always be held out, so it is mixed again.
    split: dict[str, list[FolkTune]] = {"train": [], "valid": [], "test": []}
    for group, tune in zip(groups, tunes, strict=True):
        mixed = int.from_bytes(hashlib.sha256(repr(rank[group]).encode()).digest()[:6]) / 2**48
        name = "valid" if mixed < shares[0] else "test" if mixed < sum(shares) else "train"
        split[name].append(tune)
    return split


def save_tunes(tunes: Sequence[FolkTune], path: Path) -> None:
    """Write tunes to an `.npz` file, which loads in a moment."""
    heads: list[dict[str, Any]] = []
    rows = [phrase.rows for tune in tunes for phrase in tune.phrases]
    for tune in tunes:
        facts = {
            k: getattr(tune, k) for k in ("mode", "metre", "dance", "tonic", "title", "origin")
        }
        parts = [[len(p.rows), p.pickup, p.bars, p.ticks, int(p.is_repeated)] for p in tune.phrases]
        heads.append({**facts, "phrases": parts})
    text = np.frombuffer(json.dumps(heads).encode(), np.uint8)
    np.savez_compressed(path, rows=np.concatenate(rows), heads=text)


def load_tunes(path: Path) -> list[FolkTune]:
    """Read what `save_tunes` wrote."""
    with np.load(path) as data:
        rows, heads = data["rows"], json.loads(data["heads"].tobytes())
    tunes, place = [], 0
    for head in heads:
        phrases = []
        for count, pickup, bars, ticks, repeated in head.pop("phrases"):
            part = rows[place : place + count]
            phrases.append(Phrase(part, pickup, bars, ticks, bool(repeated)))
            place += count
        tunes.append(FolkTune(tuple(phrases), **head))
    return tunes
