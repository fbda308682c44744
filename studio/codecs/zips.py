"""Zip files that nobody vouches for, and zip files that are the same every time."""

import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from studio.codecs.files import check_file, refuse_faults
from studio.errors import InvalidInputError

MAX_MEMBERS: Final = 20_000
MAX_TOTAL: Final = 16 << 30
"""Unpacked, bytes."""
MAX_RATIO: Final = 200
"""Unpacked over packed, beyond the first `RATIO_FREE` bytes."""
RATIO_FREE: Final = 64 << 20
BLOCK: Final = 1 << 20
DATE: Final = (1980, 1, 1, 0, 0, 0)
PACKED: Final = frozenset((".png", ".jpg", ".jpeg", ".webp", ".glb", ".mp4", ".mp3", ".ogg"))
"""Packing these again gains nothing."""


def list_members(path: Path) -> list[zipfile.ZipInfo]:
    """Return the files of a zip, folders left out, in its order, without unpacking.

    Raises:
        InvalidInputError: no zip, damaged, encrypted, a name that leaves the folder, a link,
            the same name twice, or a decompression bomb.
    """
    size = check_file(path)
    with refuse_faults(path), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    fault = _find_fault(members, size)
    if fault:
        raise InvalidInputError(
            "{path}: this archive is refused ({fault}); pack it again from files you trust",
            path=path,
            fault=fault,
        )
    return [member for member in members if not member.is_dir()]


def iterate_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path
) -> Iterator[bytes]:
    """Yield the content in blocks; the checksum is verified at the end.

    Raises:
        InvalidInputError: damaged, or more than its header says.
    """
    left = member.file_size
    with refuse_faults(path), archive.open(member) as stream:
        while block := stream.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile(f"{member.filename} is longer than it says")
            yield block


def write_zip(path: Path, members: Mapping[str, Path | bytes]) -> Path:
    """Write a zip, the same bytes for the same content: names sorted, dates fixed.

    Args:
        path: of the zip.
        members: name inside the archive ("textures/brick.png") -> file or content.

    Raises:
        InvalidInputError: a name that leaves the folder, or a missing file.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            fault = _find_name_fault(name)
            if fault:
                raise InvalidInputError("an archive cannot hold {name}", name=repr(name))
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.create_system = 3
            packed = PurePosixPath(name).suffix.lower() in PACKED
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            _write_member(archive, info, members[name])
    return path


def _write_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Path | bytes) -> None:
    if isinstance(source, bytes):
        archive.writestr(info, source, compresslevel=6)
        return
    info.file_size = check_file(source)
    with source.open("rb") as reader, archive.open(info, "w") as writer:
        while block := reader.read(BLOCK):
            writer.write(block)


def _find_fault(members: list[zipfile.ZipInfo], size: int) -> str:
    """Say what is wrong with the directory of a zip of `size` bytes; "" if nothing is."""
    if len(members) > MAX_MEMBERS:
        return f"more than {MAX_MEMBERS} files"
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_TOTAL:
        return f"more than {MAX_TOTAL >> 30} GB unpacked"
    if unpacked > RATIO_FREE + MAX_RATIO * size:
        return "a decompression bomb"
    # Members that share their bytes unpack to more than the file could hold.
    if sum(member.compress_size for member in members) > size:
        return "overlapping files"
    names = set()
    for member in members:
        fault = _find_name_fault(member.orig_filename.rstrip("/")) or _find_kind_fault(member)
        if fault:
            return f"{member.filename[:80]!r}: {fault}"
        if member.filename.casefold() in names:
            return f"{member.filename[:80]!r}: the same name twice"
        names.add(member.filename.casefold())
    return ""


def _find_name_fault(name: str) -> str:
    parts = PurePosixPath(name).parts
    hostile = "\\" in name or ":" in name or any(ord(c) < 32 for c in name)
    if not parts or hostile or name.startswith("/") or ".." in parts:
        return "a name that leaves its folder"
    return ""


def _find_kind_fault(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if member.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link or device"
    if member.flag_bits & 0x1:
        return "encrypted"
    return ""
