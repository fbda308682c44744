"""Uploaded files: streamed into a folder of their own, under harmless names, and gone afterwards.

What arrives goes straight to the home's disk: nothing is kept in memory, and nothing in a folder
for temporary files that may be memory, too.
"""

import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import anyio
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from studio.errors import InvalidInputError, StudioError
from studio.media import SUFFIXES, MediaType
from studio.server.errors import ServerError, TooLargeError
from studio.store.files import as_store_errors
from studio.store.maps import find_map_name

FOLDER = "uploads"
LONGEST_NAME = 120
LONGEST_FIELD = 64 << 10
MOST_PARTS = 1000
_ENOUGH_MAPS = 2
_STALE = 24 * 3600.0


@dataclass
class Upload:
    """What a form brought.

    Attributes:
        folder: holds the files, each in a folder of its own.
        files: in the order in which they came.
        fields: name -> text.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    def get_text(self, name: str, longest: int) -> str:
        """Return a field; "" if it is not there.

        Raises:
            ServerError: it is too long.
        """
        text = self.fields.get(name, "")
        if len(text) > longest:
            raise ServerError("{field}: is longer than {longest}", field=name, longest=longest)
        return text


@asynccontextmanager
async def receive_upload(request: Request, home: Path) -> AsyncIterator[Upload]:
    """Receive a multipart form; its files are removed when the block ends, however it ends.

    Raises:
        ServerError: it is no such form, or has too many parts.
        StoreError: the disk is full or broken.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise ServerError("files come as multipart/form-data")
    folder = home / FOLDER
    with as_store_errors(folder):
        folder.mkdir(exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=folder))
    try:
        upload = Upload(place)
        try:
            with as_store_errors(place):
                await _Reader(upload, boundary).read(request)
        except FormParserError as error:
            raise ServerError("the form is damaged: {fault}", fault=error) from error
        if not upload.files:
            raise InvalidInputError("no file came; choose one", field="files")
        yield upload
    finally:
        await anyio.to_thread.run_sync(shutil.rmtree, place, True)


def clear_uploads(home: Path) -> None:
    """Remove what a server that was killed left behind; another one may be receiving now."""
    with suppress(OSError):
        for place in (home / FOLDER).iterdir():
            if time.time() - place.stat().st_mtime > _STALE:
                shutil.rmtree(place, ignore_errors=True)


@contextmanager
def as_sent(upload: Upload) -> Iterator[None]:
    """Tell what is wrong with a file by the name it was sent under, not by where it lies here."""
    try:
        yield
    except StudioError as error:
        prefix = re.escape(str(upload.folder)) + r"/(?:\d+|maps)/"
        values = {name: re.sub(prefix, "", text) for name, text in error.values.items()}
        raise type(error)(error.template, **values) from error


def plan_imports(upload: Upload) -> list[Path]:
    """Return what to import: each file, or one folder if they are the maps of one material."""
    names = [find_map_name(path.stem) for path in upload.files]
    is_picture = [SUFFIXES.get(path.suffix.lower()) is MediaType.IMAGE for path in upload.files]
    is_material = (
        len(names) >= _ENOUGH_MAPS
        and all(is_picture)
        and None not in names
        and len(set(names)) == len(names)
    )
    if not is_material:
        return upload.files
    stem = find_common_name([path.stem for path in upload.files])
    folder = upload.folder / "maps" / (stem or "material")
    folder.mkdir(parents=True)
    for path in upload.files:
        path.rename(folder / path.name)
    return [folder]


def find_common_name(stems: list[str]) -> str:
    """Return what the names of several maps begin with: "brick" of brick_albedo, brick_normal."""
    shortest = min(stems, key=len)
    size = next(
        (i for i in range(len(shortest)) if len({stem[i] for stem in stems}) > 1), len(shortest)
    )
    start = shortest[:size]
    cut = max(start.rfind(mark) for mark in "_- .")
    return start[:cut].strip("_- .") if cut > 0 else ""


def clean_name(name: str) -> str:
    """Return a file name without folders, control letters or anything else that bites."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*')
    cleaned = kept.strip(" .")
    encoded = cleaned.encode("utf-8", "replace")[-LONGEST_NAME:]
    return encoded.decode("utf-8", "ignore").strip(" .") or "file"


class _Reader:
    """Feeds a parser, and does what it says a chunk later, in a thread."""

    def __init__(self, upload: Upload, boundary: bytes) -> None:
        self._upload = upload
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._name = ""
        self._text = bytearray()
        self._parts = 0
        self._is_file = False
        self._sink: IO[bytes] | None = None
        self._todo: list[tuple[Path | None, bytes]] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._take_data,
                "on_part_end": self._end_part,
            },
        )

    async def read(self, request: Request) -> None:
        """Read the whole form."""
        try:
            async for chunk in request.stream():
                self._parser.write(chunk)
                if self._todo:
                    await anyio.to_thread.run_sync(self._write)
            self._parser.finalize()
        finally:
            if self._sink is not None:
                self._sink.close()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise TooLargeError("more than {most} files at once", most=MOST_PARTS)
        self._header = self._value = self._disposition = b""
        self._text.clear()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        if self._is_file:
            name = clean_name(options[b"filename"].decode("utf-8", "replace"))
            path = self._upload.folder / f"{len(self._upload.files)}" / name
            self._upload.files.append(path)
            self._todo.append((path, b""))

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._todo.append((None, data[start:end]))
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            raise TooLargeError("{field}: is too long", field=self._name)

    def _end_part(self) -> None:
        if not self._is_file:
            self._upload.fields[self._name] = self._text.decode("utf-8", "replace")

    def _write(self) -> None:
        for path, data in self._todo:
            if path is not None:
                if self._sink is not None:
                    self._sink.close()
                path.parent.mkdir()
                self._sink = path.open("xb")
            if self._sink is not None:
                self._sink.write(data)
        self._todo.clear()
