"""What a piece of music is, whatever file it came from: parts of notes in time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

DEFAULT_BPM = 100.0


@dataclass(frozen=True, slots=True)
class Note:
    """A sounding note.

    Attributes:
        start, duration: quarter notes.
        pitch: MIDI number 0..127; on a drum part the General MIDI drum.
        velocity: 1..127.
    """

    start: float
    duration: float
    pitch: int
    velocity: int = 80

    @property
    def end(self) -> float:
        """Quarter notes from the beginning."""
        return self.start + self.duration


@dataclass(frozen=True)
class Part:
    """A voice or instrument; its notes by start, then pitch.

    Attributes:
        program: General MIDI instrument 0..127; 0 is the piano.
    """

    name: str
    program: int
    notes: tuple[Note, ...]
    is_drum: bool = False


@dataclass(frozen=True)
class Piece:
    """A piece of music.

    Attributes:
        bpm: quarter notes a minute at the beginning.
        metre: beats of a bar and their unit: (6, 8).
        fifths: key signature, sharps above 0, flats below, -7..7; None if not known.
        mode: "major", "minor" or "" if not known.
        pickup: quarter notes before the first full bar.
        tempos: later changes as (quarter, bpm), sorted.
    """

    parts: tuple[Part, ...]
    bpm: float = DEFAULT_BPM
    metre: tuple[int, int] = (4, 4)
    fifths: int | None = None
    mode: str = ""
    title: str = ""
    pickup: float = 0.0
    tempos: tuple[tuple[float, float], ...] = ()

    @property
    def bar(self) -> float:
        """Quarter notes in a full bar."""
        return self.metre[0] * 4 / self.metre[1]

    @property
    def length(self) -> float:
        """Quarter notes until the last note ends."""
        return max((note.end for part in self.parts for note in part.notes), default=0.0)

    @property
    def note_count(self) -> int:
        """Notes of all parts."""
        return sum(len(part.notes) for part in self.parts)

    @property
    def seconds(self) -> float:
        """Length under all tempo changes."""
        return self.find_seconds(self.length)

    def find_seconds(self, quarter: float) -> float:
        """When `quarter` sounds, seconds from the beginning."""
        total = 0.0
        for start, end, bpm in self.iterate_tempos():
            if quarter <= start and start > 0:
                break
            total += (min(quarter, end) - start) * 60 / bpm
        return total

    def iterate_tempos(self) -> Iterator[tuple[float, float, float]]:
        """Yield each stretch of one tempo: start, end in quarters, bpm; the last has no end."""
        changes = [(0.0, self.bpm), *self.tempos]
        ends = [start for start, _ in changes[1:]] + [float("inf")]
        for (start, bpm), end in zip(changes, ends, strict=True):
            yield start, end, bpm

    def find_bar(self, quarter: float) -> int:
        """Number of the bar in which `quarter` lies; the pickup is 0, the first full bar 1."""
        return int((quarter - self.pickup + 1e-6) // self.bar) + 1


def sort_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Order by start, then pitch."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch)))


def transpose(piece: Piece, semitones: int) -> Piece:
    """Move all but the drums; notes that would leave 0..127 keep their class, an octave off.

    The key signature becomes the nearest to C of the new key.
    """

    def move(pitch: int) -> int:
        moved = pitch + semitones
        while moved < 0:
            moved += 12
        while moved > 127:
            moved -= 12
        return moved

    parts = tuple(
        part
        if part.is_drum
        else replace(
            part, notes=sort_notes(replace(note, pitch=move(note.pitch)) for note in part.notes)
        )
        for part in piece.parts
    )
    fifths = piece.fifths
    if fifths is not None:
        fifths = (fifths + 7 * semitones + 5) % 12 - 5
    return replace(piece, parts=parts, fifths=fifths)


def cut(piece: Piece, start: float, end: float) -> Piece:
    """Return what sounds from quarter `start` to `end`, moved to 0; notes that reach out are cut.

    Tempo changes inside move along; the tempo at `start` becomes `bpm`.
    """
    bpm = next(bpm for low, high, bpm in piece.iterate_tempos() if low <= start < high)
    parts = tuple(
        replace(
            part,
            notes=tuple(
                Note(
                    max(note.start, start) - start,
                    min(note.end, end) - max(note.start, start),
                    note.pitch,
                    note.velocity,
                )
                for note in part.notes
                if note.start < end and note.end > start
            ),
        )
        for part in piece.parts
    )
    tempos = tuple((at - start, value) for at, value in piece.tempos if start < at < end)
    pickup = (piece.pickup - start) % piece.bar
    return replace(piece, parts=parts, bpm=bpm, tempos=tempos, pickup=pickup)
