"""Sound: written as 16-bit WAV, read from WAV, and with soundfile from FLAC, MP3 and OGG."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from studio.codecs import wav
from studio.codecs.files import payload_files, refuse_faults, take_over
from studio.codecs.recipe_tags import embed_tags, extract_tags
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.codecs.sounds import MAX_CHANNELS, MAX_RATE, open_sound
from studio.codecs.waveform import draw_waveform
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

MAX_FLOAT: Final = 8.0
"""A float sample beyond this was never meant as -1..1."""


class AudioCodec:
    """AUDIO: payload (array (n,) or (n, channels), sample_rate), `Path` or name -> `Path`.

    Floats mean -1..1 and are clipped; int16 is kept.
    """

    kind = MediaType.AUDIO

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write one WAV file, or take files over."""
        if isinstance(payload, Path | Mapping):
            files = take_over(payload, folder)
            self.probe(files)
            return files
        samples, rate = _check_payload(payload)
        path = folder / "main.wav"
        wav.write_wav(path, samples, rate)
        return {"main": path}

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Decode the main file; returns seconds, sample_rate, channels, peak (0..1)."""
        main, *others = payload_files(files).values()
        for path in others:
            open_sound(path)
        with refuse_faults(main):
            sound = open_sound(main)
            peak, frames = 0.0, 0
            for block in sound.blocks:
                peak = max(peak, float(np.abs(block).max(initial=0)))
                frames += len(block)
        if not frames:
            raise InvalidInputError("{path}: there is no sound in it; export it again", path=main)
        return {
            "seconds": round(frames / sound.sample_rate, 6),
            "sample_rate": sound.sample_rate,
            "channels": sound.channels,
            "peak": round(peak, 6),
        }

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash rate, channels and samples as 32-bit floats: WAV and FLAC of one take agree."""
        digest = hashlib.sha256()
        for path in payload_files(files).values():
            with refuse_faults(path):
                sound = open_sound(path)
                digest.update(f"{sound.sample_rate} {sound.channels}\n".encode())
                for block in sound.blocks:
                    digest.update(np.ascontiguousarray(block, "<f4").tobytes())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Draw the waveform."""
        path = next(iter(payload_files(files).values()))
        with refuse_faults(path):
            return draw_waveform(open_sound(path))

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into the tags; beside the file if mutagen is missing."""
        made = payload_files(files)
        held = [embed_tags(path, recipe) for path in made.values()]
        return made if all(held) else write_sidecar(made, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read the tags, or a sidecar."""
        return extract_tags(path) or find_sidecar(path)


def _check_payload(payload: Any) -> tuple[npt.NDArray[np.int16], int]:
    """Return int16 samples (n, channels) and the rate."""
    if not (isinstance(payload, tuple) and len(payload) == 2):
        raise InvalidInputError(
            "a sound is (samples, sample_rate) or a path, not {type}", type=type(payload).__name__
        )
    samples, rate = np.asarray(payload[0]), int(payload[1])
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or not samples.size or samples.shape[1] > MAX_CHANNELS:
        raise InvalidInputError(
            "samples are (n,) or (n, channels), not {shape}; transpose them", shape=samples.shape
        )
    if not 0 < rate <= MAX_RATE:
        raise InvalidInputError(
            "a sample rate is 1..{most} Hz, not {rate}", most=MAX_RATE, rate=rate
        )
    if samples.dtype == np.int16:
        return samples, rate
    if not np.issubdtype(samples.dtype, np.floating):
        raise InvalidInputError(
            "samples are float in -1..1 or int16, not {dtype}", dtype=samples.dtype
        )
    peak = float(np.abs(samples).max())
    if not peak <= MAX_FLOAT:  # NaN compares false
        raise InvalidInputError(
            "float samples lie in -1..1, these reach {peak}; divide them by their range", peak=peak
        )
    return np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16), rate
