"""Decoding sound that nobody vouches for, a block at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.codecs import wav
from studio.codecs.files import check_file, refuse_faults
from studio.codecs.optional import load_library
from studio.errors import InvalidInputError

Floats = npt.NDArray[np.float32]

MAX_CHANNELS: Final = 32
MAX_RATE: Final = 768_000
MAX_SECONDS: Final = 12 * 3600


@dataclass(frozen=True)
class Sound:
    """An open sound file: what its header says, and its samples block by block."""

    sample_rate: int
    channels: int
    frames: int
    blocks: Iterator[Floats]


def open_sound(path: Path) -> Sound:
    """Open a sound file and check its header.

    Raises:
        InvalidInputError: damaged, no sound, or longer than `MAX_SECONDS`.
        StudioError: soundfile is needed and not installed.
    """
    check_file(path)
    with path.open("rb") as file:
        is_wav = file.read(4) == b"RIFF"
    form = wav.read_format(path) if is_wav else None
    if form is not None:
        blocks = wav.read_blocks(path, form)
        sound = Sound(form.sample_rate, form.channels, form.frames, blocks)
    else:
        sound = _open_by_library(path)
    seconds = sound.frames / max(sound.sample_rate, 1)
    if seconds > MAX_SECONDS or sound.channels > MAX_CHANNELS or sound.sample_rate > MAX_RATE:
        raise InvalidInputError(
            "{path}: {seconds} s of {channels} channels is too much; cut it into parts",
            path=path,
            seconds=round(seconds),
            channels=sound.channels,
        )
    return sound


def _open_by_library(path: Path) -> Sound:
    soundfile = load_library("soundfile", "audio")
    with refuse_faults(path):
        info = soundfile.info(str(path))
        blocks = soundfile.blocks(str(path), blocksize=wav.BLOCK, dtype="float32", always_2d=True)
        return Sound(int(info.samplerate), int(info.channels), int(info.frames), blocks)
