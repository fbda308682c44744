"""WAV files without any library: PCM of 8 to 32 bits and floats, plain or extensible."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.codecs.files import check_file
from studio.errors import InvalidInputError

Floats = npt.NDArray[np.float32]

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
ENCODINGS: Final = {
    (PCM, 8): "u1",
    (PCM, 16): "<i2",
    (PCM, 24): "u1",
    (PCM, 32): "<i4",
    (FLOAT, 32): "<f4",
    (FLOAT, 64): "<f8",
}
BLOCK: Final = 1 << 16
"""Samples (of all channels) read at a time."""


@dataclass(frozen=True)
class WavFormat:
    """How and where the samples lie.

    Attributes:
        bits: of one sample.
        start, frames: place of the first byte; number of samples per channel.
    """

    encoding: int
    channels: int
    sample_rate: int
    bits: int
    start: int
    frames: int


def write_wav(path: Path, samples: npt.NDArray[np.int16], sample_rate: int) -> None:
    """Write 16-bit PCM, samples (frames, channels)."""
    channels = samples.shape[1]
    body = np.ascontiguousarray(samples, "<i2").tobytes()
    width = 2 * channels
    form = struct.pack("<HHIIHH", PCM, channels, sample_rate, sample_rate * width, width, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", len(form))
    path.write_bytes(head + form + struct.pack("<4sI", b"data", len(body)) + body)


def read_format(path: Path) -> WavFormat | None:
    """Read the header; None where the encoding needs a library.

    Raises:
        InvalidInputError: not a WAV file, cut short, or without samples.
    """
    size = check_file(path)
    form, data = b"", (0, 0)
    with path.open("rb") as file:
        if file.read(4) == b"RIFF" and len(file.read(4)) == 4 and file.read(4) == b"WAVE":
            while len(head := file.read(8)) == 8:
                kind, length = struct.unpack("<4sI", head)
                place = file.tell()
                if kind == b"data":
                    data = (place, min(length, size - place) if length == 0xFFFFFFFF else length)
                elif kind == b"fmt ":
                    form = file.read(min(length, 64))
                file.seek(place + length + (length & 1))
    if len(form) < 16 or not data[0] or data[0] + data[1] > size:
        raise _damaged(path)
    return _parse_format(path, form, data)


def read_blocks(path: Path, form: WavFormat) -> Iterator[Floats]:
    """Yield samples (frames, channels), -1..1, a block at a time."""
    width = form.bits // 8
    with path.open("rb") as file:
        file.seek(form.start)
        left = form.frames * form.channels
        while left:
            count = min(left, max(1, BLOCK // form.channels) * form.channels)
            raw = file.read(count * width)
            if len(raw) != count * width:
                raise _damaged(path)
            left -= count
            yield _decode(raw, form).reshape(-1, form.channels)


def _parse_format(path: Path, form: bytes, data: tuple[int, int]) -> WavFormat | None:
    encoding, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", form)
    if encoding == EXTENSIBLE and len(form) >= 26:
        encoding = struct.unpack_from("<H", form, 24)[0]
    if (encoding, bits) not in ENCODINGS:
        return None
    if not channels or not rate or align != channels * bits // 8 or data[1] < align:
        raise _damaged(path)
    return WavFormat(encoding, channels, rate, bits, data[0], data[1] // align)


def _decode(raw: bytes, form: WavFormat) -> Floats:
    """Return floats; 16 and 24 bits are exact."""
    values = np.frombuffer(raw, ENCODINGS[form.encoding, form.bits])
    if form.encoding == FLOAT:
        return np.asarray(np.nan_to_num(values, posinf=1, neginf=-1), np.float32)
    if form.bits == 8:
        return np.asarray((values - np.float32(128)) / np.float32(128), np.float32)
    if form.bits == 24:
        triples = values.reshape(-1, 3).astype(np.int32)
        values = (triples[:, 0] << 8 | triples[:, 1] << 16 | triples[:, 2] << 24) >> 8
    return (values.astype(np.float64) / (1 << (form.bits - 1))).astype(np.float32)


def _damaged(path: Path) -> InvalidInputError:
    return InvalidInputError(
        "{path}: the WAV file is damaged or cut short; export it again", path=path
    )
