"""What a score comes down to, whatever file it was in: notes in time."""

from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_BPM = 120.0


@dataclass(frozen=True)
class Note:
    """A sounding note.

    Attributes:
        start, end: beats (quarter notes) from the beginning.
        pitch: MIDI number 0..127.
        voice: index of its track and channel, or part.
        drum: on the percussion channel.
    """

    start: float
    end: float
    pitch: int
    voice: int
    drum: bool = False


@dataclass(frozen=True)
class Music:
    """A score as read.

    Attributes:
        tempos: (beat, beats per minute), sorted; before the first it is 120.
        beats: length.
    """

    notes: Sequence[Note]
    tempos: Sequence[tuple[float, float]]
    beats: float
    tracks: int
    ticks_per_beat: int

    @property
    def bpm(self) -> float:
        """Tempo at the beginning."""
        return self.tempos[0][1] if self.tempos and self.tempos[0][0] == 0 else DEFAULT_BPM

    @property
    def seconds(self) -> float:
        """Length under all tempo changes."""
        changes = [(0.0, DEFAULT_BPM), *self.tempos]
        changes = [change for change in changes if change[0] < self.beats]
        ends = [*changes[1:], (self.beats, 0.0)] if changes else []
        return sum(
            (end[0] - start[0]) * 60 / start[1] for start, end in zip(changes, ends, strict=True)
        )
