"""Archives: zip files made for another program."""

import hashlib
import struct
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final

from PIL import Image

from studio.codecs.drawing import draw_page
from studio.codecs.files import payload_files, take_over
from studio.codecs.image import load_image, shrink
from studio.codecs.recipe_text import STUDIO_KEY, parse_recipe
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.codecs.zips import iterate_member, list_members
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

END: Final = struct.Struct("<4s4H2LH")
"""The end of a zip: signature, disks, counts, directory, length of the comment that follows."""
MARK: Final = f"{STUDIO_KEY}:".encode()
MAX_COMMENT: Final = 65535
PREVIEWS: Final = ("preview.png", "thumbnail.png", "preview.webp", "preview.jpg")
MAX_PREVIEW: Final = 32 << 20
"""Bytes."""


class ArchiveCodec:
    """ARCHIVE: payload the `Path` of a zip, or name -> `Path`; only zips are looked into."""

    kind = MediaType.ARCHIVE

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Take the files over; `zips.write_zip` makes one that is the same every time."""
        if not isinstance(payload, Path | Mapping):
            raise InvalidInputError(
                "an archive is the path of a zip file, not {type}", type=type(payload).__name__
            )
        files = take_over(payload, folder)
        list_members(next(iter(files.values())))
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Unpack everything to nowhere, verifying checksums; returns files, unpacked (bytes)."""
        count = total = 0
        for path in payload_files(files).values():
            members = list_members(path)
            with zipfile.ZipFile(path) as archive:
                for member in members:
                    total += sum(map(len, iterate_member(archive, member, path)))
            count += len(members)
        return {"files": count, "unpacked": total}

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash names and unpacked contents, by name; packing, dates and comments do not count."""
        digest = hashlib.sha256()
        for path in payload_files(files).values():
            members = sorted(list_members(path), key=lambda member: member.filename)
            with zipfile.ZipFile(path) as archive:
                for member in members:
                    content = hashlib.sha256()
                    for block in iterate_member(archive, member, path):
                        content.update(block)
                    name = member.filename.encode("utf-8", "surrogatepass").hex()
                    digest.update(f"{name} {content.hexdigest()}\n".encode())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Show a file called preview.png or the like, or list what is inside."""
        path = next(iter(payload_files(files).values()))
        members = list_members(path)
        for member in members:
            if PurePosixPath(member.filename).name.lower() in PREVIEWS:
                picture = _find_preview(path, member)
                if picture is not None:
                    return picture
        lines = "\n".join(member.filename for member in members[:40])
        size = sum(member.file_size for member in members)
        return draw_page("", lines, f"{len(members):,} files, {format_size(size)}", face="mono")

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe as the comment of the zip, or beside it if that is taken or short."""
        made = payload_files(files)
        comment = MARK + recipe.to_json().encode()
        held = [_write_comment(path, comment) for path in made.values()]
        return made if all(held) else write_sidecar(made, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read the comment of a zip, or a sidecar."""
        try:
            with zipfile.ZipFile(path) as archive:
                comment = archive.comment
        except (OSError, ValueError, zipfile.BadZipFile):
            comment = b""
        found = parse_recipe(comment[len(MARK) :]) if comment.startswith(MARK) else None
        return found or find_sidecar(path)


def format_size(size: float) -> str:
    """Return bytes for people: "3.4 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _find_preview(path: Path, member: zipfile.ZipInfo) -> Image.Image | None:
    """Decode a small picture inside a zip under the guards of any picture; None if it is odd."""
    if member.file_size > MAX_PREVIEW:
        return None
    suffix = PurePosixPath(member.filename).suffix.lower()
    with TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        copy = Path(folder) / f"preview{suffix}"
        copy.write_bytes(b"".join(iterate_member(archive, member, path)))
        with suppress(InvalidInputError):
            return shrink(load_image(copy))
    return None


def _write_comment(path: Path, comment: bytes) -> bool:
    """Set the comment of a zip in place; False if it has one of its own or this is too long."""
    with zipfile.ZipFile(path) as archive:
        old = archive.comment
    if len(comment) > MAX_COMMENT or (old and not old.startswith(MARK)):
        return False
    with path.open("r+b") as file:
        file.seek(-END.size - len(old), 2)
        start = file.tell()
        fields = END.unpack(file.read(END.size))
        file.seek(start)
        file.write(END.pack(*fields[:-1], len(comment)) + comment)
        file.truncate()
    return True
