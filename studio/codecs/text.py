"""Texts: UTF-8 files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from studio.codecs.drawing import draw_page
from studio.codecs.files import payload_files, read_bytes, take_over
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

MAX_TEXT: Final = 64 << 20
"""Bytes."""
CONTROLS: Final = frozenset(map(chr, range(32))) - set("\t\n\r\f")


class TextCodec:
    """TEXT: payload `str`, `Path` or name -> `Path`."""

    kind = MediaType.TEXT

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write one .txt file, UTF-8, as it is."""
        if isinstance(payload, Path | Mapping):
            files = take_over(payload, folder)
        elif isinstance(payload, str):
            files = {"main": folder / "main.txt"}
            try:
                files["main"].write_bytes(payload.encode())
            except UnicodeEncodeError as fault:
                raise InvalidInputError(
                    "the text is not valid Unicode ({fault}); clean it first", fault=fault
                ) from fault
        else:
            raise InvalidInputError(
                "a text is a string or a path, not {type}", type=type(payload).__name__
            )
        self.probe(files)
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Count words, lines and characters of the main file."""
        main, *others = payload_files(files).values()
        for path in others:
            load_text(path)
        text = load_text(main)
        return {
            "words": len(text.split()),
            "lines": len(text.splitlines()),
            "characters": len(text),
        }

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash the characters, with every line end as LF."""
        digest = hashlib.sha256()
        for path in payload_files(files).values():
            text = load_text(path)
            digest.update(f"{len(text)}\n{text}".encode())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Draw the first lines."""
        text = load_text(next(iter(payload_files(files).values())))
        return draw_page("", text.lstrip("\n"), f"{len(text.split()):,} words")

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write a sidecar."""
        return write_sidecar(files, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read a sidecar."""
        return find_sidecar(path)


def load_text(path: Path) -> str:
    """Read UTF-8, or UTF-16 that says so; line ends become LF.

    Raises:
        InvalidInputError: not text, or another encoding.
    """
    data = read_bytes(path, MAX_TEXT)
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InvalidInputError(
            "{path}: this is not UTF-8 text; save it as UTF-8", path=path
        ) from fault
    if not CONTROLS.isdisjoint(text):
        raise InvalidInputError("{path}: this is not text but binary data", path=path)
    return text.replace("\r\n", "\n").replace("\r", "\n")
