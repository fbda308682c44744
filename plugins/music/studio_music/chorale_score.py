"""From chorale frames to a piece for four voices, and from anybody's score to frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.errors import InvalidInputError
from studio_music.chorale_data import BEAT, REST, VOICES, Frames
from studio_music.chorale_rules import NAMES, RANGES
from studio_music.chorale_sampling import OPEN
from studio_music.melody import find_melody
from studio_music.notes import Note, Part, Piece, sort_notes

MAX_BARS: Final = 64
MAX_FRAMES: Final = MAX_BARS * 16
ENSEMBLES: Final = {
    "choir": (52, 52, 52, 52),
    "organ": (19, 19, 19, 19),
    "piano": (0, 0, 0, 0),
    "strings": (40, 41, 42, 42),
    "brass": (56, 60, 57, 58),
    "woodwind": (73, 68, 71, 70),
}
"""General MIDI programs from soprano to bass."""
VELOCITIES: Final = (86, 76, 76, 82)
TONICS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True)
class Look:
    """How frames become notes.

    Attributes:
        bar: frames in a bar.
        phase: frames before the first bar line.
        repeats: whether a pitch that is held is sung again on beats, as syllables are.
        strikes: frames at which a given voice sings again, so that the others do too.
    """

    bar: int = 16
    phase: int = 0
    bpm: float = 80.0
    ensemble: str = "choir"
    repeats: bool = True
    strikes: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reading:
    """A score as frames.

    Attributes:
        frames: what is missing is `OPEN`.
        offset: quarters of silence before the first frame.
        bar, phase: see `Look`.
        shift: semitones by which it was moved to where sopranos sing, octaves if they will do.
        sources: the notes of each voice as they are in the score, if it has such voices.
    """

    frames: Frames
    offset: float
    bar: int
    phase: int
    shift: int = 0
    sources: tuple[tuple[Note, ...], ...] = ((),) * VOICES


def build_piece(frames: Frames, key: tuple[int, bool], look: Look, title: str = "") -> Piece:
    """Write frames as a piece for soprano, alto, tenor and bass.

    Args:
        frames: all of them written.
        key: tonic and whether it is minor.
        look: how.
        title: of the piece; made from the key if it is "".
    """
    tonic, is_minor = key
    parts = tuple(
        Part(name.capitalize(), program, tuple(_write_voice(frames, voice, look)))
        for voice, (name, program) in enumerate(zip(NAMES, ENSEMBLES[look.ensemble], strict=True))
    )
    return Piece(
        parts=parts,
        bpm=look.bpm,
        metre=(look.bar // BEAT, 4),
        fifths=find_fifths(tonic, is_minor),
        mode="minor" if is_minor else "major",
        title=title or f"Chorale in {name_key(tonic, is_minor)}",
        pickup=look.phase / BEAT,
    )


def keep_notes(piece: Piece, reading: Reading, written: npt.NDArray[np.bool_]) -> Piece:
    """Put the notes of the score back wherever nothing was written, and its silence before them.

    Args:
        piece: as `build_piece` made it.
        reading: of the score.
        written: (frames, VOICES) where notes are new.
    """
    parts = []
    for voice, part in enumerate(piece.parts):
        spans = _find_spans(written[:, voice])
        own = reading.sources[voice]
        if own:
            kept = _clip(own, [(s + reading.offset, e + reading.offset) for s, e in spans], False)
            new = _clip(part.notes, spans, True)
        else:
            kept, new = [], list(part.notes)
        moved = [replace(note, start=note.start + reading.offset) for note in new]
        parts.append(replace(part, notes=sort_notes([*kept, *moved])))
    return replace(piece, parts=tuple(parts), pickup=(reading.phase / BEAT + reading.offset))


def find_strikes(reading: Reading) -> frozenset[int]:
    """Return the frames at which notes of the score begin."""
    starts = (note.start for source in reading.sources for note in source)
    return frozenset(round((start - reading.offset) * BEAT) for start in starts)


def _find_spans(marked: npt.NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Return the stretches that are marked, in quarters."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(float(a) / BEAT, float(b) / BEAT) for a, b in edges.reshape(-1, 2)]


def _clip(notes: Sequence[Note], spans: Sequence[tuple[float, float]], inside: bool) -> list[Note]:
    """Keep of each note what lies inside the spans, or outside of them."""
    if not inside:
        ends = [0.0, *[edge for span in spans for edge in span], float("inf")]
        spans = list(zip(ends[::2], ends[1::2], strict=True))
    kept = []
    for note in notes:
        for start, end in spans:
            first, last = max(start, note.start), min(end, note.end)
            if last - first > 1e-6:
                kept.append(replace(note, start=first, duration=last - first))
    return kept


def find_fifths(tonic: int, is_minor: bool) -> int:
    """Return the key signature, -6..5."""
    major = (tonic + 3) % 12 if is_minor else tonic % 12
    return (7 * major + 6) % 12 - 6


def name_key(tonic: int, is_minor: bool) -> str:
    """Return such as `Bb major`."""
    return f"{TONICS[tonic % 12]} {'minor' if is_minor else 'major'}"


def _write_voice(frames: Frames, voice: int, look: Look) -> list[Note]:
    notes = []
    start = 0
    for index in range(1, len(frames) + 1):
        if index < len(frames) and not _begins(frames, voice, start, index, look):
            continue
        pitch = int(frames[start, voice])
        if pitch != REST:
            notes.append(Note(start / BEAT, (index - start) / BEAT, pitch, VELOCITIES[voice]))
        start = index
    return notes


def _begins(frames: Frames, voice: int, start: int, index: int, look: Look) -> bool:
    """Tell whether a note begins at `index`, in a voice whose last one began at `start`."""
    if frames[index, voice] != frames[index - 1, voice]:
        return True
    on_beat = (index - look.phase) % BEAT == 0 and (start - look.phase) % BEAT == 0
    moves = index in look.strikes or bool((frames[index] != frames[index - 1]).any())
    if not (look.repeats and on_beat and moves):
        return False
    return not _is_suspended(frames, voice, index)


def _is_suspended(frames: Frames, voice: int, index: int) -> bool:
    """Tell whether a held note becomes a dissonance here that is resolved by a step down."""
    if voice == VOICES - 1:
        return False
    pitch, bass = int(frames[index, voice]), int(frames[index, -1])
    later = np.flatnonzero(frames[index:, voice] != pitch)
    if bass == REST or not later.size:
        return False
    step = int(frames[index + later[0], voice]) - pitch
    return (pitch - bass) % 12 in (1, 2, 5, 10, 11) and step in (-1, -2)


def read_melody(piece: Piece) -> Reading:
    """Take the melody of a piece for the soprano; the other voices are left open.

    Raises:
        InvalidInputError: none, too long, in a metre of eighths, or wider than a voice.
    """
    part = find_melody(piece)
    line = [max(_sounding(part.notes, note.start), key=lambda n: n.pitch) for note in part.notes]
    reading, line_frames = _lay_out(piece, line)
    shift = _find_shift(line_frames, piece.title)
    frames = np.full((len(line_frames), VOICES), OPEN, np.int16)
    frames[:, 0] = line_frames + shift
    own = tuple(replace(note, pitch=note.pitch + shift) for note in dict.fromkeys(line))
    return replace(reading, frames=frames, shift=shift, sources=(own, (), (), ()))


def read_voices(piece: Piece) -> Reading:
    """Read a piece as four voices: its four parts, or what sounds, from above and below.

    Raises:
        InvalidInputError: nothing with a pitch, too long, or in a metre of eighths.
    """
    parts = [part for part in piece.parts if part.notes and not part.is_drum]
    if (len(parts) == 1 and _is_single(parts[0].notes)) or not parts:
        return read_melody(piece)
    reading, _ = _lay_out(piece, [note for part in parts for note in part.notes])
    if len(parts) == VOICES and all(_is_single(part.notes) for part in parts):
        parts.sort(key=lambda part: -float(np.mean([note.pitch for note in part.notes])))
        columns = [_fill(part.notes, reading) for part in parts]
        sources = tuple(part.notes for part in parts)
        return replace(reading, frames=np.stack(columns, 1), sources=sources)
    return replace(reading, frames=_spread(parts, reading))


def _spread(parts: Sequence[Part], reading: Reading) -> Frames:
    """Give each frame's highest note to the soprano, its lowest to the bass, the next inside."""
    notes = [note for part in parts for note in part.notes]
    frames = np.full((len(reading.frames), VOICES), OPEN, np.int16)
    for index in range(len(frames)):
        at = reading.offset + (index + 0.5) / BEAT
        pitches = sorted({note.pitch for note in notes if note.start <= at < note.end})[::-1]
        if not pitches:
            frames[index] = frames[index - 1] if index else OPEN
        elif len(pitches) == 1:
            frames[index, 0] = pitches[0]
        else:
            frames[index, 0], frames[index, -1] = pitches[0], pitches[-1]
            for voice, pitch in zip((1, 2), pitches[1:-1], strict=False):
                frames[index, voice] = pitch
    return frames


def _lay_out(piece: Piece, notes: Sequence[Note]) -> tuple[Reading, Frames]:
    """Place notes on the grid; returns the layout, and the line that they make."""
    beats, unit = piece.metre
    if unit != 4 or beats not in (2, 3, 4):
        raise InvalidInputError(
            "a chorale is in 2/4, 3/4 or 4/4, not in {metre}; give such a score",
            metre=f"{beats}/{unit}",
        )
    bar = 12 if beats == 3 else 16
    offset = float(int(min(note.start for note in notes) + 1e-6))
    count = round((max(note.end for note in notes) - offset) * BEAT)
    if count > MAX_FRAMES:
        raise InvalidInputError(
            "the score has {bars} bars; a chorale has {limit} at most, so cut it",
            bars=-(-count // bar),
            limit=MAX_BARS,
        )
    phase = round((piece.pickup - offset) * BEAT) % bar
    blank = np.full((max(1, count), VOICES), OPEN, np.int16)
    reading = Reading(blank, offset, bar, phase)
    return reading, _fill(notes, reading)


def _fill(notes: Sequence[Note], reading: Reading) -> Frames:
    """Write a single line on the grid; silence goes on with the note before it."""
    line = np.full(len(reading.frames), OPEN, np.int16)
    for note in sorted(notes, key=lambda note: note.start):
        start = round((note.start - reading.offset) * BEAT)
        line[start : max(start + 1, round((note.end - reading.offset) * BEAT))] = note.pitch
    known = np.flatnonzero(line != OPEN)
    nearest = known[np.maximum(0, np.searchsorted(known, np.arange(len(line)), "right") - 1)]
    return np.asarray(line[nearest])


def _find_shift(line: Frames, title: str) -> int:
    """Find by how many octaves a melody must move to be sung by sopranos."""
    low, high = RANGES[0]
    lowest, highest = int(line.min()), int(line.max())
    fitting = [s for s in range(-72, 73) if low <= lowest + s and highest + s <= high]
    if fitting:
        return min(fitting, key=lambda shift: (shift % 12 != 0, abs(shift)))
    raise InvalidInputError(
        "{title}: the melody spans {span} semitones, more than a soprano sings; give one of at "
        "most {width}",
        title=title or "the score",
        span=highest - lowest,
        width=high - low,
    )


def _sounding(notes: Sequence[Note], at: float) -> list[Note]:
    return [note for note in notes if note.start <= at < note.end] or [notes[0]]


def _is_single(notes: Sequence[Note]) -> bool:
    """Tell whether no two notes sound at once, but for slurs."""
    ordered = sorted(notes, key=lambda note: note.start)
    overlaps = sum(a.end > b.start + 0.13 for a, b in pairwise(ordered))
    return overlaps <= len(ordered) // 20
