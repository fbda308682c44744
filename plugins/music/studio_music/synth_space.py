"""Room and loudness: stereo place, reverb, what a listener calls loud, and a limiter."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import butter, lfilter, sosfilt

Stereo = npt.NDArray[np.float32]
"""(2, samples): whole channels in a row are what numpy is quick with."""

ROOMS: Final = {"room": 0.5, "chamber": 1.0, "hall": 1.7, "church": 3.2}
"""Seconds until the reverb is down 60 dB."""
PEAK: Final = 0.89
"""Highest sample of a master: 1 dB below full scale."""
CHUNK: Final = 1 << 18
"""Samples worked on at once."""
SILENCE: Final = -70.0
"""LUFS: the absolute gate of BS.1770."""


def place(pan: float) -> tuple[np.float32, np.float32]:
    """Gains of left and right for a place between left (-1) and right (1), of equal power."""
    angle = (pan + 1) * np.pi / 4
    return np.float32(np.cos(angle)), np.float32(np.sin(angle))


def build_room(name: str, rate: int) -> Stereo:
    """Return the answer of a room: early reflections, then noise that dies away, high notes first.

    Its energy is that of one sample of 1.
    """
    seconds = ROOMS[name]
    count = round(1.15 * seconds * rate)
    rng = np.random.default_rng(11)
    noise = rng.standard_normal((2, count))
    time = np.arange(count) / rate
    answer = np.zeros((2, count))
    for (low, high), life in (((180, 900), 1.1), ((900, 3500), 1.0), ((3500, 9000), 0.55)):
        sos = butter(2, [low, min(high, 0.45 * rate)], "bandpass", fs=rate, output="sos")
        band = sosfilt(sos, noise)
        answer += band / band.std() * np.exp(-6.9 * time / (seconds * life))
    delay = round((0.008 + 0.008 * min(seconds, 2)) * rate)
    answer = np.roll(answer, delay, axis=1) * np.minimum(time / 0.02, 1)
    answer[:, :delay] = 0
    for tap in range(7):
        at = round((0.006 + 0.05 * rng.random() * min(seconds, 1.5)) * rate)
        answer[tap % 2, at] += 9 * 0.75**tap
    fade = round(0.1 * count)
    answer[:, -fade:] *= np.linspace(1, 0, fade)
    return np.asarray(answer / np.sqrt((answer**2).sum() / 2), np.float32)


def add_reverb(dry: Stereo, room: Stereo, wet: float) -> Stereo:
    """Return dry and reverberated sound together, longer by the room; block by block."""
    count = dry.shape[1] + room.shape[1] - 1
    out = np.zeros((2, count), np.float32)
    out[:, : dry.shape[1]] = dry
    if wet <= 0:
        return out
    size = fft.next_fast_len(CHUNK + room.shape[1] - 1, real=True)
    answers = fft.rfft(0.5 * wet * room, size)
    for start in range(0, dry.shape[1], CHUNK):
        block = dry[0, start : start + CHUNK] + dry[1, start : start + CHUNK]
        if not block.any():
            continue
        sent = fft.rfft(block, size)
        end = min(start + len(block) + room.shape[1] - 1, count)
        for side, answer in enumerate(answers):
            out[side, start:end] += fft.irfft(sent * answer, size)[: end - start]
    return out


def measure_loudness(sound: Stereo, rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); -inf for silence."""
    size = round(0.4 * rate)
    power = np.concatenate(list(_weight(sound, rate)))
    power = np.pad(power, (0, max(0, size - len(power))))
    sums = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(power) - size + 1, size // 4)
    power = (sums[starts + size] - sums[starts]) / size
    heard = power[power > 10 ** ((SILENCE + 0.691) / 10)]
    if not len(heard):
        return -np.inf
    gate = heard.mean() * 0.1
    return float(-0.691 + 10 * np.log10(heard[heard > gate].mean()))


def find_gain(sound: Stereo, rate: int, target: float) -> float:
    """Return the factor that makes a sound `target` LUFS loud; 1 for silence."""
    loudness = measure_loudness(sound, rate)
    return 1.0 if not np.isfinite(loudness) else float(10 ** ((target - loudness) / 20))


def find_envelope(sound: Stereo) -> npt.NDArray[np.float32]:
    """The louder channel's magnitude at each sample."""
    return np.asarray(np.maximum(np.abs(sound[0]), np.abs(sound[1])), np.float32)


def limit(sound: Stereo, rate: int) -> Stereo:
    """Turn down, smoothly and ahead of time, what would go beyond `PEAK`."""
    peak = find_envelope(sound)
    if peak.max(initial=0) <= PEAK:
        return sound
    reach = max(1, round(0.004 * rate))
    gain = np.minimum(np.float32(1), PEAK / np.maximum(peak, np.float32(1e-9)))
    gain = uniform_filter1d(minimum_filter1d(gain, 2 * reach + 1), reach)
    return np.asarray(np.clip(sound * gain, -PEAK, PEAK), np.float32)


def _weight(sound: Stereo, rate: int) -> Iterator[npt.NDArray[Any]]:
    """Yield the power under the K weighting: a shelf for the head, a high pass for the ear.

    The two filters are derived for any rate after De Man (2014).
    """
    shelf, high_pass = _build_shelf(rate), _build_high_pass(rate)
    top, bottom = (np.convolve(one, two) for one, two in zip(shelf, high_pass, strict=True))
    state = np.zeros((2, 4))
    for start in range(0, sound.shape[1], CHUNK):
        block, state = lfilter(top, bottom, sound[:, start : start + CHUNK], zi=state)
        yield block[0] ** 2 + block[1] ** 2


def _build_shelf(rate: int) -> tuple[list[float], list[float]]:
    turn, quality = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    low = 1 + turn / quality + turn**2
    top = [
        (high + band * turn / quality + turn**2) / low,
        2 * (turn**2 - high) / low,
        (high - band * turn / quality + turn**2) / low,
    ]
    return top, [1, 2 * (turn**2 - 1) / low, (1 - turn / quality + turn**2) / low]


def _build_high_pass(rate: int) -> tuple[list[float], list[float]]:
    turn, quality = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    low = 1 + turn / quality + turn**2
    bottom = [1, 2 * (turn**2 - 1) / low, (1 - turn / quality + turn**2) / low]
    return [1.0, -2.0, 1.0], bottom
