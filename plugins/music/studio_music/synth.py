"""Our own synthesiser: a piece in, stereo sound out, with numpy and nothing else.

Like a sampler it makes each tone (instrument, pitch, force) once, as long as the longest note
that wants it, and plays notes from these.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from studio_music.notes import Note, Part, Piece
from studio_music.synth_drums import build_drum
from studio_music.synth_patches import LONGEST_RING, Patch, get_patch
from studio_music.synth_space import (
    Stereo,
    add_reverb,
    build_room,
    find_envelope,
    find_gain,
    limit,
    place,
)
from studio_music.synth_tones import Samples

LONGEST_NOTE: Final = 60.0
"""Seconds; a longer note fades."""
FORCES: Final = 4
"""Shades of brightness between soft and loud."""
REFERENCE: Final = 0.11
"""RMS of a tone at full force."""
DRUM_LEVELS: Final = {36: 1.5, 35: 1.5, 42: 0.5, 44: 0.45, 46: 0.5, 51: 0.5, 37: 0.7}


@dataclass(frozen=True)
class Room:
    """How it sounds: sample rate in Hz, the reverb's name and level, loudness in LUFS."""

    rate: int = 44100
    name: str = "hall"
    wet: float = 0.3
    loudness: float = -16.0


@dataclass(frozen=True)
class Bus:
    """One part's sound, dry and mono, and its place from left (-1) to right (1)."""

    name: str
    samples: Samples
    pan: float


@dataclass
class ToneShelf:
    """Tones made so far; `longest` says how long each will be wanted."""

    rate: int
    longest: dict[tuple[int, int, int], float]
    made: dict[tuple[int, int, int], Samples] = field(default_factory=dict)
    hits: dict[tuple[int, int], Samples] = field(default_factory=dict)

    def get_tone(self, program: int, patch: Patch, note: Note) -> Samples:
        """Return the tone of a note, of usual loudness, longer than the note."""
        key = (program, note.pitch, _shade(note))
        if key not in self.made:
            bright = 0.3 + 0.7 * (key[2] + 0.5) / FORCES
            tone = patch.build(note.pitch, self.longest[key], self.rate, bright)
            self.made[key] = _level(tone, self.rate) * np.float32(patch.level)
        return self.made[key]

    def get_hit(self, note: Note) -> Samples:
        """Return one hit of a drum."""
        key = (note.pitch, _shade(note))
        if key not in self.hits:
            hit = build_drum(note.pitch, self.rate, 0.3 + 0.7 * (key[1] + 0.5) / FORCES)
            level = 0.34 * DRUM_LEVELS.get(note.pitch, 0.8)
            self.hits[key] = hit * np.float32(level / np.abs(hit).max())
        return self.hits[key]


def render_piece(
    piece: Piece, room: Room, step: Callable[[int, int], None] = lambda *_: None
) -> Stereo:
    """Play a piece to the end of its reverb, at the wanted loudness, never clipping.

    Args:
        piece: what to play.
        room: where, and how loud.
        step: told after each part how many of how many are done.
    """
    mix = mix_buses(iterate_buses(piece, room.rate), count_samples(piece, room.rate), step, piece)
    wet = trim_end(add_reverb(mix, build_room(room.name, room.rate), room.wet))
    return limit(wet * np.float32(find_gain(wet, room.rate, room.loudness)), room.rate)


def mix_buses(
    buses: Iterator[Bus], count: int, step: Callable[[int, int], None], piece: Piece
) -> Stereo:
    """Add parts up, each at its place; (2, count)."""
    mix = np.zeros((2, count), np.float32)
    for done, bus in enumerate(buses):
        step(done, len(piece.parts))
        left, right = place(bus.pan)
        mix[0] += left * bus.samples
        mix[1] += right * bus.samples
    return mix


def iterate_buses(piece: Piece, rate: int) -> Iterator[Bus]:
    """Yield the sound of part after part."""
    shelf = ToneShelf(rate, _find_longest(piece))
    times = find_times(piece)
    count = count_samples(piece, rate)
    for number, part in enumerate(piece.parts):
        samples = np.zeros(count, np.float32)
        for note, (start, end) in zip(part.notes, times[number], strict=True):
            _add_note(samples, part, note, (start, end), shelf)
        yield Bus(part.name, samples, find_pan(number, piece.parts))


def count_samples(piece: Piece, rate: int) -> int:
    """Samples until the last release has died, without reverb."""
    return round((piece.seconds + 2.0) * rate)


def find_times(piece: Piece) -> list[npt.NDArray[Any]]:
    """Seconds at which the notes of each part begin and end, (notes, 2)."""
    changes = [(start, bpm) for start, _, bpm in piece.iterate_tempos()]
    places = np.array([start for start, _ in changes] + [max(piece.length, changes[-1][0]) + 1])
    speeds = np.array([60 / bpm for _, bpm in changes])
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(places) * speeds)])
    return [
        np.interp(
            np.array([(note.start, note.end) for note in part.notes]).reshape(-1, 2),
            places,
            seconds,
        )
        for part in piece.parts
    ]


def find_pan(number: int, parts: tuple[Part, ...]) -> float:
    """Spread parts over the stage; low ones and drums stay near the middle."""
    part = parts[number]
    if part.is_drum or len(parts) == 1 or not part.notes:
        return 0.0
    mean = sum(note.pitch for note in part.notes) / len(part.notes)
    side = -1 + 2 * number / (len(parts) - 1)
    return 0.6 * side * min(1.0, max(0.25, (mean - 36) / 24))


def trim_end(sound: Stereo) -> Stereo:
    """Cut the silence at the end, below -66 dB, and fade what is left of the tail."""
    envelope = find_envelope(sound)
    loud = np.flatnonzero(envelope > 5e-4 * envelope.max(initial=1e-9))
    end = min(len(envelope), (int(loud[-1]) if len(loud) else 0) + 4000)
    cut = sound[:, :end].copy()
    fade = min(2000, end)
    cut[:, end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut


def _add_note(
    samples: Samples, part: Part, note: Note, time: tuple[float, float], shelf: ToneShelf
) -> None:
    rate = shelf.rate
    start = round(time[0] * rate)
    if part.is_drum:
        sound = shelf.get_hit(note)
    else:
        patch = get_patch(part.program)
        tone = shelf.get_tone(part.program, patch, note)
        held = min(round(min(time[1] - time[0], LONGEST_NOTE) * rate), len(tone))
        release = min(round(patch.release * rate), len(tone) - held)
        sound = tone[: held + release].copy()
        sound[held:] *= _fade(release)
    sound = sound[: len(samples) - start] * np.float32((note.velocity / 127) ** 1.6)
    samples[start : start + len(sound)] += sound


def _find_longest(piece: Piece) -> dict[tuple[int, int, int], float]:
    """Seconds of the longest note of each tone, with its release."""
    longest: dict[tuple[int, int, int], float] = {}
    for part, times in zip(piece.parts, find_times(piece), strict=True):
        if part.is_drum:
            continue
        patch = get_patch(part.program)
        for note, (start, end) in zip(part.notes, times, strict=True):
            held = min(end - start, LONGEST_RING if patch.rings else LONGEST_NOTE)
            key = (part.program, note.pitch, _shade(note))
            longest[key] = max(longest.get(key, 0.0), held + patch.release)
    return longest


def _shade(note: Note) -> int:
    return min(FORCES - 1, note.velocity * FORCES // 128)


def _level(tone: Samples, rate: int) -> Samples:
    """Bring the loudest quarter of a second of a tone to `REFERENCE`, its peak not far above."""
    size = min(len(tone), rate // 4)
    sums = np.concatenate([[0.0], np.cumsum(tone.astype(np.float64) ** 2)])
    power = (sums[size:] - sums[:-size]).max() / size
    peak = float(np.abs(tone).max())
    return tone * np.float32(min(REFERENCE / np.sqrt(power + 1e-12), 4.5 * REFERENCE / peak))


def _fade(count: int) -> Samples:
    """From 1 to 0 with no corner at either end."""
    turn = np.linspace(0, np.pi, count, dtype=np.float32)
    return np.asarray((0.5 + 0.5 * np.cos(turn)) ** 2, np.float32)
