"""The thumbnail of a sound: its waveform."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from studio.codecs.drawing import (
    INK,
    OVERSAMPLE,
    RULE,
    VOICES,
    build_card,
    draw_note,
    finish_card,
    mix,
)
from studio.codecs.sounds import Sound

Floats = npt.NDArray[np.float32]

COLUMNS: Final = 400
"""Stretches of time that a waveform is measured in."""
BARS: Final = 76


def draw_waveform(sound: Sound) -> Image.Image:
    """Peaks as a soft outer shape, loudness as the bright core, colour running along time.

    Reads the sound to its end.
    """
    low, high, loud = _measure(sound)
    large = build_card(OVERSAMPLE)
    draw = ImageDraw.Draw(large)
    width, height = large.size
    left, middle, reach = width * 0.05, height * 0.45, height * 0.36
    draw.line((left, middle, width - left, middle), fill=RULE, width=OVERSAMPLE)
    pitch = (width - 2 * left) / BARS
    scale = reach / max(float(np.abs(np.concatenate((low, high))).max()), 0.05)
    for bar in range(BARS):
        first = bar * len(low) // BARS
        part = slice(first, max(first + 1, (bar + 1) * len(low) // BARS))
        hue = mix(VOICES[0], VOICES[4], bar / (BARS - 1))
        x = left + bar * pitch + pitch / 2
        tall = (float(high[part].max()), float(low[part].min()))
        core = float(np.sqrt((loud[part] ** 2).mean()))
        for top, bottom, colour in (
            (*tall, mix(hue, (30, 31, 37), 0.55)),
            (core, -core, mix(hue, INK, 0.12)),
        ):
            half = pitch * 0.34
            box = (x - half, middle - top * scale - half, x + half, middle - bottom * scale + half)
            draw.rounded_rectangle(box, half, fill=colour)
    card = finish_card(large)
    draw_note(card, _format_note(sound))
    return card


def _measure(sound: Sound) -> tuple[Floats, Floats, Floats]:
    """Lowest, highest and root mean square sample of each stretch, channels together."""
    stretch = max(1, math.ceil(sound.frames / COLUMNS))
    low, high, power = [], [], []
    rest = np.empty((0, sound.channels), np.float32)
    for block in sound.blocks:
        rest = np.concatenate((rest, block))
        whole = len(rest) // stretch * stretch
        parts = rest[:whole].reshape(-1, stretch * sound.channels)
        rest = rest[whole:]
        low.append(parts.min(1))
        high.append(parts.max(1))
        power.append((parts.astype(np.float64) ** 2).mean(1))
    if len(rest):
        low.append(rest.min(keepdims=True)[0])
        high.append(rest.max(keepdims=True)[0])
        power.append((rest**2).mean(keepdims=True)[0])
    loud = np.sqrt(np.concatenate(power))
    return np.concatenate(low), np.concatenate(high), np.asarray(loud, np.float32)


def _format_note(sound: Sound) -> str:
    minutes, seconds = divmod(sound.frames / sound.sample_rate, 60)
    names = {1: "mono", 2: "stereo"}
    channels = names.get(sound.channels, f"{sound.channels} channels")
    return f"{int(minutes)}:{seconds:04.1f}   {sound.sample_rate / 1000:g} kHz   {channels}"
