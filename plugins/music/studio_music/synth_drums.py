"""The drum kit: each piece is noise, modes and a sweep; one hit each, as long as it rings."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.signal import butter, sosfilt

from studio_music.synth_tones import Samples

METAL: Final = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Hz of the six square waves of a cymbal, after the TR-808."""


def build_drum(pitch: int, rate: int, bright: float) -> Samples:
    """Return one hit of a General MIDI drum; one we do not know sounds like wood."""
    build = KIT.get(pitch)
    tone = build(rate, bright) if build else _block(rate, 500 + 30 * (pitch % 24))
    fade = min(len(tone), round(0.02 * rate))
    tone[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    rise = round(0.0008 * rate)
    tone[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    return tone


def _time(seconds: float, rate: int) -> Samples:
    return (np.arange(round(seconds * rate)) / rate).astype(np.float32)


def _noise(seconds: float, rate: int, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal(round(seconds * rate), np.float32)


def _band(signal: Samples, low: float, high: float, rate: int) -> Samples:
    top = min(high, 0.47 * rate)
    sos = butter(2, [min(low, 0.8 * top), top], "bandpass", fs=rate, output="sos")
    return np.asarray(sosfilt(sos, signal), np.float32)


def _sweep(time: Samples, start: float, end: float, fall: float) -> Samples:
    """A sine whose pitch falls from `start` to `end` Hz within some `fall` seconds."""
    turns = end * time + (start - end) * fall * (1 - np.exp(-time / fall))
    return np.asarray(np.sin(2 * np.pi * turns), np.float32)


def _kick(rate: int, bright: float) -> Samples:
    time = _time(0.45, rate)
    body = _sweep(time, 165, 48, 0.035) * np.exp(-time / 0.13)
    click = _band(_noise(0.45, rate, 1), 1500, 6000, rate) * np.exp(-time / 0.004)
    return np.asarray(
        np.tanh(1.5 * body) * np.float32(0.9) + click * np.float32(0.35 * bright), np.float32
    )


def _snare(rate: int, bright: float, tune: float = 1.0) -> Samples:
    time = _time(0.32, rate)
    shell = _sweep(time, 260 * tune, 185 * tune, 0.02) * np.exp(-time / 0.06)
    shell += 0.5 * np.sin(2 * np.pi * 331 * tune * time) * np.exp(-time / 0.04)
    wires = _band(_noise(0.32, rate, 2), 1400, 9500, rate)
    return np.asarray(
        shell * np.float32(0.55) + wires * np.exp(-time / 0.085) * np.float32(0.5 + 0.4 * bright),
        np.float32,
    )


def _tom(rate: int, hertz: float) -> Samples:
    time = _time(0.6, rate)
    body = _sweep(time, 1.5 * hertz, hertz, 0.05) * np.exp(-time / 0.19)
    body += 0.35 * np.sin(2 * np.pi * 1.59 * hertz * time) * np.exp(-time / 0.09)
    skin = _band(_noise(0.6, rate, 3), 400, 3500, rate) * np.exp(-time / 0.02)
    return np.asarray(
        body.astype(np.float32) * np.float32(0.8) + skin * np.float32(0.25), np.float32
    )


def _metal(seconds: float, rate: int, low: float) -> Samples:
    time = _time(seconds, rate)
    squares = sum(np.sign(np.sin(2 * np.pi * 1.9 * hertz * time)) for hertz in METAL)
    rough = 0.25 * np.asarray(squares, np.float32) + 0.7 * _noise(seconds, rate, 4)
    return _band(rough.astype(np.float32), low, 14000, rate)


def _hat(rate: int, seconds: float) -> Samples:
    time = _time(4.5 * seconds + 0.03, rate)
    metal = _metal(4.5 * seconds + 0.03, rate, 6500)[: len(time)]
    return np.asarray(metal * np.exp(-time / seconds) * np.float32(0.5), np.float32)


def _cymbal(rate: int, seconds: float, low: float, ping: float = 0.0) -> Samples:
    time = _time(3.5 * seconds, rate)
    metal = _metal(3.5 * seconds, rate, low)[: len(time)]
    tone = metal * (np.exp(-time / seconds) + 0.7 * np.exp(-time / 0.03)) * np.float32(0.4)
    if ping:
        for hertz in (ping, 1.34 * ping, 1.81 * ping):
            tone += 0.16 * np.sin(2 * np.pi * hertz * time) * np.exp(-time / 0.3)
    return np.asarray(tone.astype(np.float32), np.float32)


def _clap(rate: int, bright: float) -> Samples:
    time = _time(0.3, rate)
    shape = np.exp(-time / 0.09) * (time > 0.027)
    for start in (0.0, 0.011, 0.021):
        shape += (time >= start) * np.exp(-np.maximum(time - start, 0) / 0.004)
    made = _band(_noise(0.3, rate, 5), 900, 3800, rate) * shape * np.float32(0.8 * bright + 0.2)
    return np.asarray(made, np.float32)


def _block(rate: int, hertz: float) -> Samples:
    time = _time(0.15, rate)
    tone = np.sin(2 * np.pi * hertz * time) * np.exp(-time / 0.025)
    tone += 0.5 * np.sin(2 * np.pi * 2.58 * hertz * time) * np.exp(-time / 0.012)
    return np.asarray((0.8 * tone), np.float32)


def _cowbell(rate: int) -> Samples:
    time = _time(0.35, rate)
    squares = np.sign(np.sin(2 * np.pi * 540 * time)) + np.sign(np.sin(2 * np.pi * 800 * time))
    shape = 0.6 * np.exp(-time / 0.015) + 0.4 * np.exp(-time / 0.09)
    return np.asarray(
        _band(squares.astype(np.float32), 500, 5000, rate) * shape * np.float32(0.4), np.float32
    )


def _rattle(rate: int, seconds: float) -> Samples:
    time = _time(5 * seconds, rate)
    shape = np.minimum(time / 0.008, 1) * np.exp(-time / seconds)
    return np.asarray(
        _band(_noise(5 * seconds, rate, 6)[: len(time)], 4500, 12000, rate) * shape, np.float32
    )


Hit = Callable[[int, float], Samples]
KIT: Final[dict[int, Hit]] = {
    35: _kick,
    36: _kick,
    37: lambda rate, bright: _block(rate, 1650),
    38: _snare,
    39: _clap,
    40: lambda rate, bright: _snare(rate, bright, 1.15),
    41: lambda rate, bright: _tom(rate, 72),
    42: lambda rate, bright: _hat(rate, 0.03 + 0.02 * bright),
    43: lambda rate, bright: _tom(rate, 86),
    44: lambda rate, bright: _hat(rate, 0.025),
    45: lambda rate, bright: _tom(rate, 102),
    46: lambda rate, bright: _hat(rate, 0.22),
    47: lambda rate, bright: _tom(rate, 122),
    48: lambda rate, bright: _tom(rate, 145),
    49: lambda rate, bright: _cymbal(rate, 0.75, 3200),
    50: lambda rate, bright: _tom(rate, 172),
    51: lambda rate, bright: _cymbal(rate, 0.55, 5200, 3100),
    52: lambda rate, bright: _cymbal(rate, 0.6, 2200),
    53: lambda rate, bright: _cymbal(rate, 0.4, 5200, 2350),
    54: lambda rate, bright: _rattle(rate, 0.06),
    55: lambda rate, bright: _cymbal(rate, 0.35, 4200),
    56: lambda rate, bright: _cowbell(rate),
    57: lambda rate, bright: _cymbal(rate, 0.85, 2900),
    59: lambda rate, bright: _cymbal(rate, 0.5, 5600, 3500),
    69: lambda rate, bright: _rattle(rate, 0.04),
    70: lambda rate, bright: _rattle(rate, 0.03),
}
"""General MIDI drum -> its hit."""
