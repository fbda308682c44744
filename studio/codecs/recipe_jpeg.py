"""Recipes in JPEG segments, inserted without decoding a pixel."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from studio.codecs.files import read_bytes, replace_file
from studio.codecs.recipe_text import STUDIO_KEY, format_parameters, parse_recipe
from studio.errors import InvalidInputError
from studio.recipe import Recipe

START, SCAN, EXIF, COMMENT = b"\xff\xd8", 0xDA, 0xE1, 0xFE
APPLICATION: Final = range(0xE0, 0xF0)
MARK: Final = f"{STUDIO_KEY}:".encode()
EXIF_MARK: Final = b"Exif\0\0"
MAX_BODY: Final = 65533
MAX_FILE: Final = 2 << 30
"""Bytes."""
EXIF_IFD, USER_COMMENT, SOFTWARE = 0x8769, 0x9286, 0x0131


def embed_jpeg(path: Path, recipe: Recipe) -> bool:
    """Write the recipe JSON into a comment segment, replacing an earlier one.

    A file without EXIF also gets the line that other programs read, as its user comment.

    Returns: False, and nothing written, where the recipe is too long for a segment.
    """
    body = MARK + recipe.to_json().encode()
    data = read_bytes(path, MAX_FILE)
    segments = list(_iterate_segments(data))
    if len(body) > MAX_BODY or not segments:
        return False
    head: list[bytes] = []
    rest: list[bytes] = []
    has_exif = False
    for marker, start, end in segments:
        content = data[start + 4 : end]
        if marker == COMMENT and content.startswith(MARK):
            continue
        if marker == EXIF and content.startswith(EXIF_MARK):
            if _is_ours(content):
                continue
            has_exif = True
        (head if marker in APPLICATION and not rest else rest).append(data[start:end])
    comment = b"" if has_exif else _build_exif(format_parameters(recipe))
    tail = data[segments[-1][2] :]
    # JFIF demands to be first, EXIF to be near: ours come after the application segments.
    replace_file(path, b"".join([START, *head, comment, _segment(COMMENT, body), *rest, tail]))
    return True


def extract_jpeg(path: Path) -> Recipe | None:
    """Read the recipe of a JPEG, or None."""
    try:
        data = read_bytes(path, MAX_FILE)
    except InvalidInputError:
        return None
    for marker, start, end in _iterate_segments(data):
        if marker == COMMENT and data.startswith(MARK, start + 4):
            return parse_recipe(data[start + 4 + len(MARK) : end])
    return None


def _iterate_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of the segments before the first scan."""
    position = len(START)
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = struct.unpack_from(">BH", data, position + 1)
        end = position + 2 + length
        if marker == SCAN or length < 2 or end > len(data):
            return
        yield marker, position, end
        position = end


def _is_ours(content: bytes) -> bool:
    """Whether we wrote this EXIF block: it says so itself."""
    return b"Studio recipe\0" in content[:200]


def _build_exif(text: str) -> bytes:
    """An EXIF segment with a user comment; empty where the text is too long."""
    exif = Image.Exif()
    exif[SOFTWARE] = "Studio recipe"
    exif[EXIF_IFD] = {USER_COMMENT: b"UNICODE\0" + text.encode("utf-16-be")}
    body = exif.tobytes()
    return _segment(EXIF, body) if len(body) <= MAX_BODY else b""


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
