"""The header of a .safetensors file, read and checked without any library.

8 bytes little-endian length, a JSON object of that length, then the bytes of all tensors.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from studio.codecs.files import check_file, refuse_faults
from studio.errors import InvalidInputError

MAX_HEADER: Final = 100_000_000
"""Bytes, as the reference library has it."""
BLOCK: Final = 1 << 22
BITS: Final = {
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E5M2": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "I64": 64,
    "U64": 64,
    "F64": 64,
    "C64": 64,
}
"""Size of one number by its type's name."""


@dataclass(frozen=True)
class Tensor:
    """One entry: where its bytes lie, counted from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def read_tensors(path: Path) -> list[Tensor]:
    """Return the tensors by name.

    Raises:
        InvalidInputError: not a safetensors file, cut short, or a header that contradicts it.
    """
    size = check_file(path)
    with refuse_faults(path), path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 2 <= length <= min(MAX_HEADER, size - 8):
            raise InvalidInputError(
                "{path}: this is not a safetensors file, or it is cut short; download it again",
                path=path,
            )
        header = json.loads(file.read(length).decode())
        header.pop("__metadata__", None)
        tensors = [_read_entry(name, header[name], 8 + length) for name in sorted(header)]
        _check_layout(tensors, 8 + length, size)
    return tensors


def iterate_bytes(path: Path, tensor: Tensor) -> Iterator[bytes]:
    """Yield the bytes of one tensor in blocks."""
    with path.open("rb") as file:
        file.seek(tensor.start)
        left = tensor.end - tensor.start
        while left and (block := file.read(min(BLOCK, left))):
            left -= len(block)
            yield block


def _read_entry(name: str, entry: Any, base: int) -> Tensor:
    """Return one entry of the header; raises anything at all on a wrong one."""
    start, end = (int(offset) for offset in entry["data_offsets"])
    shape = tuple(int(side) for side in entry["shape"])
    tensor = Tensor(name, str(entry["dtype"]), shape, base + start, base + end)
    bits = tensor.count * BITS[tensor.dtype]
    if start < 0 or min(shape, default=0) < 0 or (end - start) * 8 != bits:
        raise ValueError(f"tensor {name[:80]!r} does not fit its place")
    return tensor


def _check_layout(tensors: list[Tensor], base: int, size: int) -> None:
    """Check that tensors fill the file one after the other: no gaps, no overlaps, no rest."""
    place = base
    for tensor in sorted(tensors, key=lambda tensor: (tensor.start, tensor.end)):
        if tensor.start != place:
            raise ValueError(f"tensor {tensor.name[:80]!r} is not where the one before it ends")
        place = tensor.end
    if place != size:
        raise ValueError(f"{size} bytes long where its header says {place}")
