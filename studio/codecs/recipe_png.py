"""Recipes in PNG text chunks, inserted without decoding a pixel."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from studio.codecs.files import read_bytes
from studio.codecs.recipe_text import (
    PARAMETERS_KEY,
    STUDIO_KEY,
    format_parameters,
    parse_recipe,
)
from studio.errors import InvalidInputError
from studio.recipe import Recipe

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS: Final = (b"tEXt", b"iTXt", b"zTXt")
MAX_FILE: Final = 2 << 30
"""Bytes."""


def embed_png(path: Path, recipe: Recipe) -> None:
    """Write `studio` (recipe JSON) and `parameters` (for other programs) after the header.

    What an earlier call wrote is replaced; everything else is copied byte for byte. The file is
    written anew in place: it belongs to who made it, and nobody reads it yet.

    Raises:
        InvalidInputError: the chunks are damaged.
    """
    data = read_bytes(path, MAX_FILE)
    parts = [SIGNATURE]
    for kind, start, end in iterate_chunks(data, path):
        if kind in TEXT_CHUNKS and _keyword(data, start) in (STUDIO_KEY, PARAMETERS_KEY):
            continue
        parts.append(data[start:end])
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", data, start + 8)
            parts.append(_international(STUDIO_KEY, recipe.to_json()))
            parts.append(_text(PARAMETERS_KEY, format_parameters(recipe, (width, height))))
    whole = b"".join(parts)
    with path.open("r+b") as file:  # which lets go of no block that is written again
        file.write(whole)
        if len(whole) < len(data):
            file.truncate()


def extract_png(path: Path) -> Recipe | None:
    """Read the recipe of a PNG, or None. Never decompresses anything."""
    try:
        data = read_bytes(path, MAX_FILE)
        for kind, start, end in iterate_chunks(data, path):
            if kind == b"iTXt" and _keyword(data, start) == STUDIO_KEY:
                fields = data[start + 8 : end - 4].split(b"\0", 1)[1]
                packed, texts = fields[0], fields[2:].split(b"\0", 2)
                if not packed and len(texts) == 3:
                    return parse_recipe(texts[2])
    except (InvalidInputError, IndexError):
        return None
    return None


def iterate_chunks(data: bytes, path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of every chunk up to IEND.

    Raises:
        InvalidInputError: not a PNG, or cut short.
    """
    position, kind = len(SIGNATURE), b""
    while data.startswith(SIGNATURE) and kind != b"IEND" and position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            break
        yield kind, position, end
        position = end
    if kind != b"IEND" or position > len(data):
        raise InvalidInputError(
            "{path}: the PNG file is damaged or cut short; export it again", path=path
        )


def _keyword(data: bytes, start: int) -> str:
    """The name of a text chunk; at most 79 characters by the standard."""
    return data[start + 8 : start + 8 + 80].split(b"\0", 1)[0].decode("latin-1")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _international(keyword: str, text: str) -> bytes:
    return _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text.encode())


def _text(keyword: str, text: str) -> bytes:
    """Latin-1 where it fits: more programs read `tEXt` than `iTXt`."""
    try:
        return _chunk(b"tEXt", keyword.encode() + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _international(keyword, text)
