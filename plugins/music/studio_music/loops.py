"""Loops exact to the sample: the first time round, every other time, and what rings after.

A piece is played once, as a line: the first N samples are its `start`, what rings on after them is
its `tail`, and `loop` is both together: from its second pass on, this is what one hears. So
start + loop + loop + tail is one line without a seam, and a tail may ring over what comes next.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio_music.notes import Piece
from studio_music.synth import iterate_buses
from studio_music.synth_space import Stereo, add_reverb, place

FADE: Final = 0.25
"""Seconds over which a tail that is longer than the loop is faded out."""
SILENT: Final = 2e-4
"""Below this, of full scale before the gain, a tail has ended."""


@dataclass(frozen=True)
class Segment:
    """A piece as sound: `start`, `loop` of the same length, `tail`; (2, samples) each."""

    start: Stereo
    loop: Stereo
    tail: Stereo

    @property
    def samples(self) -> int:
        """Length of the loop."""
        return int(self.start.shape[1])


def fit_tempo(bpm: float, rate: int) -> tuple[float, int]:
    """Return the nearest tempo whose quarter is a whole number of samples, and that number."""
    quarter = round(rate * 60 / bpm)
    return rate * 60 / quarter, quarter


def play_segment(
    piece: Piece, samples: int, room: Stereo, wet: float, rate: int
) -> dict[str, Segment]:
    """Play each part of a piece as a segment `samples` long, by the part's name."""
    return {
        bus.name: cut_segment(_play(bus.samples, bus.pan, room, wet), samples, rate)
        for bus in iterate_buses(piece, rate)
    }


def cut_segment(line: Stereo, samples: int, rate: int) -> Segment:
    """Cut a line at `samples`; its tail is at most as long as the loop."""
    if line.shape[1] < samples:
        line = np.pad(line, ((0, 0), (0, samples - line.shape[1])))
    start = line[:, :samples]
    rest = line[:, samples : 2 * samples]
    heard = np.flatnonzero(np.abs(rest).max(axis=0) > SILENT)
    tail = rest[:, : (int(heard[-1]) + 1 if len(heard) else 0)].copy()
    fade = min(tail.shape[1], round(FADE * rate))
    if fade:
        tail[:, -fade:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade, dtype=np.float32))
    loop = start.copy()
    loop[:, : tail.shape[1]] += tail
    return Segment(start, loop, tail)


def add_segments(segments: Mapping[str, Segment]) -> Segment:
    """Mix stems of equal length."""
    stems = list(segments.values())
    longest = max(stem.tail.shape[1] for stem in stems)
    tail = np.zeros((2, longest), np.float32)
    for stem in stems:
        tail[:, : stem.tail.shape[1]] += stem.tail
    start = np.sum([stem.start for stem in stems], axis=0, dtype=np.float32)
    loop = np.sum([stem.loop for stem in stems], axis=0, dtype=np.float32)
    return Segment(np.asarray(start), np.asarray(loop), tail)


def join(segments: list[Segment], passes: int = 1) -> Stereo:
    """Play segments one after the other, tails ringing over what follows."""
    count = sum(segment.samples * passes for segment in segments) + segments[-1].tail.shape[1]
    longest = max(segment.tail.shape[1] for segment in segments)
    line = np.zeros((2, count + longest), np.float32)
    now = 0
    for segment in segments:
        for number in range(passes):
            sound = segment.loop if number else segment.start
            line[:, now : now + segment.samples] += sound
            now += segment.samples
        line[:, now : now + segment.tail.shape[1]] += segment.tail
    return line[:, :count]


def save_loop(sound: Stereo, rate: int, path: Path, is_loop: bool) -> None:
    """Write 16-bit WAV, with a `smpl` chunk that says to engines where it loops."""
    data = (np.clip(sound, -1, 1) * 32767).round().astype("<i2").T.tobytes()
    head = struct.pack("<HHIIHH", 1, 2, rate, rate * 4, 4, 16)
    chunks = [(b"fmt ", head), (b"data", data)]
    if is_loop:
        period = round(1e9 / rate)
        sampler = struct.pack("<9I", 0, 0, period, 60, 0, 0, 0, 1, 0)
        chunks.append((b"smpl", sampler + struct.pack("<6I", 0, 0, 0, sound.shape[1] - 1, 0, 0)))
    body = b"".join(name + struct.pack("<I", len(chunk)) + chunk for name, chunk in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)


def _play(mono: np.ndarray, pan: float, room: Stereo, wet: float) -> Stereo:
    left, right = place(pan)
    return add_reverb(np.stack([mono * left, mono * right]), room, wet)
