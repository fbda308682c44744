"""Every file-system call the store's safety depends on, and what their failures mean.

`Disk` is raw and small, so that a simulator, or a test with a full disk, can stand in for it.
"""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from studio.errors import InvalidInputError, StoreError

_CHUNK = 1 << 20
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Disk:
    """The calls themselves; each raises `OSError`."""

    def open_source(self, path: Path) -> BinaryIO:
        """Open a file for reading, never through a link."""
        return os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), "rb")

    def hash(self, path: Path) -> tuple[str, int]:
        """Return sha256 (hex) and size (bytes)."""
        digest = hashlib.sha256()
        with self.open_source(path) as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest(), source.tell()

    def write(self, source: BinaryIO, target: Path) -> tuple[str, int]:
        """Copy what `source` still holds into a new file; return sha256 (hex) and size."""
        digest = hashlib.sha256()
        with target.open("xb") as sink:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                sink.write(chunk)
            return digest.hexdigest(), sink.tell()

    def make_read_only(self, path: Path) -> None:
        """Guard a file against programs that open it to write."""
        path.chmod(0o444)

    def sync_file(self, path: Path) -> None:
        """Wait until the disk has the file's bytes."""
        self._sync(path)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the disk has the folder's names."""
        self._sync(folder)

    def rename(self, source: Path, target: Path) -> None:
        """Move within one file system, at once."""
        source.replace(target)

    def touch(self, path: Path) -> None:
        """Mark a file as used now."""
        os.utime(path)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)

    def get_free_space(self, folder: Path) -> int:
        """Return the bytes that may still be written."""
        return shutil.disk_usage(folder).free

    def _sync(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def as_store_errors(path: Path) -> Iterator[None]:
    """Turn a failure of the home's disk into a `StoreError` that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreError("{path}: the disk is full; free some space", path=path) from error
        if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
            raise StoreError(
                "{path}: cannot be written; choose another folder with --home or STUDIO_HOME",
                path=path,
            ) from error
        raise StoreError(
            "{path}: {fault}; check the disk, then run `studio fsck`",
            path=path,
            fault=error.strerror or error,
        ) from error


@contextmanager
def as_input_errors(path: Path) -> Iterator[None]:
    """Turn a failure to read the user's own file into an `InvalidInputError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise InvalidInputError(
            "{path}: there is no such file; check the name", path=path
        ) from error
    except PermissionError as error:
        raise InvalidInputError(
            "{path}: may not be read; change its permissions", path=path
        ) from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _build_link_error(path) from error
        raise InvalidInputError(
            "{path}: cannot be read: {fault}", path=path, fault=error.strerror or error
        ) from error


def check_file(path: Path) -> os.stat_result:
    """Check that `path` is a plain file, and return what is known of it.

    Raises:
        InvalidInputError: missing, a link, a folder or a device.
    """
    with as_input_errors(path):
        status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise _build_link_error(path)
    if stat.S_ISDIR(status.st_mode):
        raise InvalidInputError("{path}: is a folder; name a file in it", path=path)
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInputError("{path}: is not a plain file; name another", path=path)
    return status


def _build_link_error(path: Path) -> InvalidInputError:
    return InvalidInputError("{path}: is a link; name the file it points to", path=path)
