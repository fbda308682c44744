"""Tones of the synthesiser: modal (struck), plucked, additive with vibrato, and FM.

Each function returns a mono float32 array at `rate`; the mixer cuts it to the note's length.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

BLOCK: Final = 512
TABLE: Final = 16384
"""Samples of one period; read without interpolation, the error lies 60 dB below the tone."""
TOP: Final = 0.42
"""Highest partial over the sample rate."""


@dataclass(frozen=True)
class Timbre:
    """The sustained instruments.

    Attributes:
        slope: the n-th harmonic has n ** -slope.
        odd: level of the even harmonics; 0 is a clarinet, 1 a string.
        formants: (Hz, bandwidth, gain) that lift harmonics near them, whatever the pitch.
        voices: players in unison, each a little out of tune.
        detune: between the outermost players, cents.
        vibrato: depth in cents.
        noise: breath or bow, beside the tone.
        bite: how much brighter the beginning is than the rest; below 0 it opens slowly.
        attack: seconds.
    """

    slope: float = 1.2
    odd: float = 1.0
    formants: tuple[tuple[float, float, float], ...] = ()
    voices: int = 1
    detune: float = 0.0
    vibrato: float = 0.0
    noise: float = 0.0
    bite: float = 0.0
    attack: float = 0.03
    harmonics: tuple[float, ...] = ()


@dataclass(frozen=True)
class Modes:
    """The struck instruments: partials that die away.

    Attributes:
        ratios: of the partials to the pitch; empty for stretched harmonics.
        levels: of those ratios.
        slope: harmonics fall as n ** -slope.
        stretch: inharmonicity of a stiff string.
        decay: seconds until the fundamental of middle C is down to 1/e.
        damping: how much faster high partials die.
        strike: place of the hammer as a share of the string: its nodes are silent.
        knock: level of the hammer's noise.
    """

    ratios: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    slope: float = 1.0
    stretch: float = 0.0
    decay: float = 2.0
    damping: float = 0.3
    strike: float = 0.12
    knock: float = 0.02
    beat: float = 0.0


def find_frequency(pitch: float) -> float:
    """Hz of a MIDI pitch; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def build_modal(modes: Modes, pitch: int, seconds: float, rate: int, bright: float) -> Samples:
    """Sum partials that die away exponentially, as a product of two small matrices."""
    base = find_frequency(pitch)
    if modes.ratios:
        ratios, levels = np.array(modes.ratios), np.array(modes.levels, float)
        levels = levels * bright ** np.arange(len(levels))
    else:
        order = np.arange(1, 41)
        ratios = order * np.sqrt(1 + modes.stretch * order**2)
        levels = order ** -(modes.slope + 0.7 * (1 - bright))
        levels *= np.abs(np.sin(np.pi * order * modes.strike)) + 0.05
    kept = base * ratios < TOP * rate
    hertz, levels = base * ratios[kept], levels[kept]
    decay = modes.decay * (261.6 / base) ** 0.55
    rates = (1 + modes.damping * (hertz / base - 1)) / decay
    if modes.beat:  # two strings a little apart: the tone lives
        cents = 2 ** (modes.beat / 1200)
        hertz = np.concatenate([hertz, hertz * cents])
        levels, rates = (
            np.tile(levels, 2) * 0.5,
            np.tile(rates, 2) * np.repeat([0.75, 1.4], len(rates)),
        )
    tone = _sum_partials(hertz, levels, rates, round(seconds * rate), rate)
    if modes.knock:
        knock = _draw_noise(round(0.03 * rate), pitch) * modes.knock * bright
        tone[: len(knock)] += (knock * np.linspace(1, 0, len(knock)) ** 3)[: len(tone)]
    return _start_softly(tone, round(0.0015 * rate))


def build_plucked(pitch: int, seconds: float, rate: int, bright: float, decay: float) -> Samples:
    """Karplus and Strong's string: a burst of noise in a delay line with a soft filter.

    The line is worked through a period at a time; its fractional length is made up by reading
    the result a little faster.
    """
    base = find_frequency(pitch)
    soft = float(np.clip(0.5 * (130 / base) ** 0.6, 0.1, 0.5))  # short strings lose less a turn
    exact = rate / base - soft  # the filter delays that much
    period = max(2, int(np.ceil(exact)))
    speed = (period + soft) / (exact + soft)
    count = round(seconds * rate)
    length = int(count * speed) + 2 * period
    loss = float(np.exp(-1 / (base * decay * (261.6 / base) ** 0.4)))
    out = np.zeros(length, np.float32)
    burst = _draw_noise(period, pitch + 1000)
    for _ in range(1 if bright > 0.7 else 3):  # a soft finger
        burst = 0.5 * (burst + np.roll(burst, 1))
    comb = round(0.13 * period)
    out[:period] = (burst - np.roll(burst, comb)) * 0.7
    for start in range(period, length, period):
        end = min(start + period, length)
        before = out[start - period : end - period]
        shifted = (
            out[start - period - 1 : end - period - 1]
            if start > period
            else np.concatenate([before[:1], before[:-1]])
        )
        out[start:end] = loss * (before + soft * (shifted[: end - start] - before))
    places = np.arange(count) * speed
    index = places.astype(np.int64)
    share = (places - index).astype(np.float32)
    tone: Samples = out[index] * (1 - share) + out[index + 1] * share
    return _start_softly(tone, round(0.001 * rate))


def build_sustained(
    timbre: Timbre, pitch: int, seconds: float, rate: int, bright: float
) -> Samples:
    """Read a period of harmonics once per player, with vibrato, from bright to dark."""
    base = find_frequency(pitch)
    count = round(seconds * rate)
    full = _build_table(timbre, base, rate, bright)
    soft = _build_table(timbre, base, rate, bright * 0.45) if timbre.bite else None
    time = np.arange(count, dtype=np.float32) / np.float32(rate)
    rng = np.random.default_rng(pitch)
    tone = np.zeros(count, np.float32)
    weight = None
    if timbre.bite:
        shape = np.exp(-time / (4 * timbre.attack + 0.08))
        weight = (shape if timbre.bite > 0 else 1 - shape) * np.float32(abs(timbre.bite))
    for player in range(timbre.voices):
        spread = 0.0 if timbre.voices == 1 else player / (timbre.voices - 1) - 0.5
        hertz = base * 2 ** (spread * timbre.detune / 1200)
        turn = np.arange(count) * (hertz / rate) + rng.random()
        if timbre.vibrato:
            speed = 5.1 + 0.5 * rng.random()
            depth = hertz * timbre.vibrato / 1200 * np.log(2) / (2 * np.pi * speed)
            onset = np.minimum(time / 0.5, 1) ** 2
            phase = 2 * np.pi * rng.random()
            turn += depth * onset * np.sin(2 * np.pi * speed * time + phase)
        index = (turn * TABLE).astype(np.int64) & (TABLE - 1)
        voice = full[index]
        if soft is not None and weight is not None:
            dark = soft[index]
            voice = dark + (voice - dark) * weight
        tone += voice
    tone /= np.float32(np.sqrt(timbre.voices))
    if timbre.noise:
        tone += timbre.noise * _breathe(count, pitch, base, rate)
    return tone * _rise(count, timbre.attack, rate)


def build_fm(
    pitch: int, seconds: float, rate: int, bright: float, patch: tuple[float, ...]
) -> Samples:
    """Two pairs of oscillators, after Chowning.

    Args:
        pitch: MIDI number.
        seconds: how long.
        rate: samples a second.
        bright: 0..1.
        patch: ratio and index of the modulator, its decay in seconds, that of the tone, then
            ratio, index and decay of a second modulator: the tine.
    """
    ratio, index, fade, decay, ratio2, index2, fade2 = patch
    base = find_frequency(pitch)
    time = np.arange(round(seconds * rate), dtype=np.float32) / np.float32(rate)
    reach = min(1.0, 1800 / base) * bright
    turn = np.float32(2 * np.pi) * np.mod(time.astype(np.float64) * base, 1.0).astype(np.float32)

    def modulate(ratio: float, index: float, fade: float) -> Samples:
        if ratio * base > TOP * rate:
            return np.zeros_like(time)
        bent = np.mod(time.astype(np.float64) * (base * ratio), 1.0).astype(np.float32)
        found: Samples = index * reach * np.exp(-time / fade) * np.sin(np.float32(2 * np.pi) * bent)
        return found

    tone = np.sin(turn + modulate(ratio, index, fade))
    if index2:
        tone = 0.75 * tone + 0.25 * np.sin(turn + modulate(ratio2, index2, fade2))
    tone *= np.exp(-time / (decay * (261.6 / base) ** 0.4))
    return _start_softly(tone.astype(np.float32), round(0.002 * rate))


def _sum_partials(
    hertz: npt.NDArray[Any],
    levels: npt.NDArray[Any],
    rates: npt.NDArray[Any],
    count: int,
    rate: int,
) -> Samples:
    """Real part of sum(levels * exp((i 2 pi hertz - rates) t)): blocks times samples in a block."""
    speed = (2j * np.pi * hertz - rates) / rate
    blocks = -(-count // BLOCK)
    start = levels * np.exp(np.outer(np.arange(blocks) * BLOCK, speed) - 0.5j * np.pi)
    inside = np.exp(np.outer(speed, np.arange(BLOCK)))
    left = np.concatenate([start.real, -start.imag], axis=1).astype(np.float32)
    right = np.concatenate([inside.real, inside.imag]).astype(np.float32)
    return np.asarray((left @ right).reshape(-1)[:count], np.float32)


def _build_table(timbre: Timbre, base: float, rate: int, bright: float) -> Samples:
    """One period; harmonics near the top of the band are left out."""
    most = max(1, min(64, int(TOP * rate / base)))
    order = np.arange(1, most + 1)
    if timbre.harmonics:
        levels: Any = np.zeros(most)
        known = np.array(timbre.harmonics[:most])
        levels[: len(known)] = known
        levels *= np.maximum(bright, 0.2) ** (0.12 * (order - 1))
    else:
        levels = order ** -(timbre.slope + 1.1 * (1 - bright))
        levels[1::2] *= timbre.odd
    if timbre.formants:
        hertz = base * order
        shape = 0.04 + sum(
            gain / (1 + ((hertz - centre) / width) ** 2) for centre, width, gain in timbre.formants
        )
        levels = levels * shape
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    phases = 2 * np.pi * np.random.default_rng(3).random(64)[:most]
    spectrum[1 : most + 1] = levels * np.exp(1j * phases)
    table = np.fft.irfft(spectrum)
    return np.asarray(table / np.sqrt(2 * np.mean(table**2)), np.float32)


def _breathe(count: int, pitch: int, base: float, rate: int) -> Samples:
    """Noise around the second harmonic, as of air or a bow."""
    from scipy.signal import butter, lfilter

    noise = _draw_noise(count, pitch + 2000)
    high = min(0.45 * rate, max(5 * base, 2500))
    low, top = butter(1, [min(0.7 * base, 0.2 * rate), high], "bandpass", fs=rate)
    return np.asarray(lfilter(low, top, noise), np.float32)


def _draw_noise(count: int, seed: int) -> Samples:
    return np.random.default_rng(seed).standard_normal(count, np.float32) * np.float32(0.5)


def _rise(count: int, attack: float, rate: int) -> Samples:
    """An envelope from 0 to 1 with no corner at either end."""
    length = max(2, min(count, round(attack * rate)))
    shape = np.ones(count, np.float32)
    shape[:length] = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    return shape


def _start_softly(tone: Samples, length: int) -> Samples:
    length = min(length, len(tone))
    tone[:length] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(
        np.float32
    )
    return tone
