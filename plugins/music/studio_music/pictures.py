"""Pictures of sound: waveform over spectrogram."""

import itertools
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1200
WAVE: Final = 220
SPECTRUM: Final = 420
EDGE: Final = 56
LOWEST: Final = 40.0
"""Hz."""
RANGE: Final = 80.0
"""dB from white to black."""
INK: Final = (70, 80, 100)
COLOURS: Final = (
    (8, 8, 24),
    (54, 22, 100),
    (150, 36, 110),
    (232, 92, 70),
    (252, 186, 90),
    (255, 250, 220),
)
"""From silent to loud."""


def draw_sound(sound: npt.NDArray[Any], rate: int) -> Image.Image:
    """Draw the waveform above a spectrogram with a logarithmic axis of frequency.

    Args:
        sound: (2, samples).
        rate: samples a second.
    """
    mono = sound.mean(axis=0)
    picture = Image.new("RGB", (WIDTH + 2 * EDGE, WAVE + SPECTRUM + 2 * EDGE), "white")
    picture.paste(_draw_wave(mono), (EDGE, EDGE // 2))
    picture.paste(_draw_spectrum(mono, rate), (EDGE, EDGE // 2 + WAVE + 12))
    _draw_axes(picture, len(mono) / rate, rate)
    return picture


def _draw_wave(mono: npt.NDArray[Any]) -> Image.Image:
    picture = Image.new("RGB", (WIDTH, WAVE), "white")
    draw = ImageDraw.Draw(picture)
    draw.line((0, WAVE / 2, WIDTH, WAVE / 2), fill=(210, 214, 222))
    edges = np.linspace(0, len(mono), WIDTH + 1).astype(int)
    for column, (start, end) in enumerate(itertools.pairwise(edges)):
        block = mono[start : max(end, start + 1)]
        top, low = WAVE / 2 * (1 - block.max()), WAVE / 2 * (1 - block.min())
        draw.line((column, top, column, low), fill=(46, 92, 160))
    return picture


def _draw_spectrum(mono: npt.NDArray[Any], rate: int) -> Image.Image:
    size = 4096
    padded = np.pad(mono, (size // 2, size))
    starts = np.linspace(0, len(mono), WIDTH).astype(int)
    frames = padded[starts[:, None] + np.arange(size)] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1))
    hertz = np.geomspace(LOWEST, 0.48 * rate, SPECTRUM)[::-1]
    level = power[:, np.round(hertz * size / rate).astype(int)].T
    decibels = 20 * np.log10(level / max(level.max(), 1e-9) + 1e-9)
    value = np.clip(1 + decibels / RANGE, 0, 1) * (len(COLOURS) - 1)
    table = np.array(COLOURS, float)
    below = np.minimum(value.astype(int), len(COLOURS) - 2)
    share = (value - below)[..., None]
    return Image.fromarray((table[below] * (1 - share) + table[below + 1] * share).astype(np.uint8))


def _draw_axes(picture: Image.Image, seconds: float, rate: int) -> None:
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    top = EDGE // 2 + WAVE + 12
    reach = np.log(0.48 * rate / LOWEST)
    for hertz, text in ((100, "100"), (300, "300"), (1000, "1k"), (3000, "3k"), (10000, "10k")):
        y = top + SPECTRUM * (1 - np.log(hertz / LOWEST) / reach)
        if y > top:
            draw.text((EDGE - 8, y), text, INK, font, anchor="rm")
    draw.text((EDGE - 8, top + SPECTRUM), "Hz", INK, font, anchor="rm")
    step = next(s for s in (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1e9) if seconds / s <= 13)
    for number in range(int(seconds / step) + 1):
        x = EDGE + WIDTH * number * step / seconds
        draw.line((x, top + SPECTRUM, x, top + SPECTRUM + 5), fill=INK)
        text = f"{number * step:g} s"
        draw.text((x, top + SPECTRUM + 8), text, INK, font, anchor="mt")
