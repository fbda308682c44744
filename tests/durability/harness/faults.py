"""File layers that fail once, at the n-th operation after they were armed."""

import errno
import os
import threading

import apsw

from studio.store import Disk

CODES = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}


class Fault:
    """Shared by both layers.

    Attributes:
        met: operations seen since it was armed; `struck`: what failed, "" if nothing did.
    """

    def __init__(self):
        self.is_armed = False
        self.at = self.met = 0
        self.code = errno.EIO
        self.only = ""
        self.struck = ""
        self.thread = 0

    def arm(self, at, code, only=""):
        """Fail the operation `at` (from 0) once, of those with `only` in their names.

        Only of this thread: another may see a commit done, and write, before this one disarms.
        """
        self.thread = threading.get_ident()
        self.at, self.code, self.met, self.struck, self.only = at, code, 0, "", only
        self.is_armed = True

    def disarm(self):
        """Let everything pass."""
        self.is_armed = False

    def meet(self, what):
        """Count an operation; True if it is the one to fail."""
        if not self.is_armed or self.only not in what or threading.get_ident() != self.thread:
            return False
        self.met += 1
        if self.met != self.at + 1:
            return False
        self.struck = what
        return True


class FaultyDisk(Disk):
    """The blobs' layer."""

    def __init__(self, fault):
        self._fault = fault

    def _meet(self, what):
        if self._fault.meet(f"blob {what}"):
            raise OSError(self._fault.code, os.strerror(self._fault.code))


def _wrap(name):
    def call(self, *arguments):
        self._meet(name)
        return getattr(Disk, name)(self, *arguments)

    return call


for _name in ("write", "make_read_only", "sync_file", "sync_folder", "rename", "touch", "remove"):
    setattr(FaultyDisk, _name, _wrap(_name))


class FaultyVfs(apsw.VFS):
    """SQLite's layer, of its log: a commit writes nothing else.

    (Copying the log home may fail too, but SQLite tells nobody and tries again.)
    """

    def __init__(self, name, fault):
        self.name, self.fault = name, fault
        super().__init__(name, "unix")

    def xOpen(self, name, flags):
        return _FaultyFile(self.fault, name, flags)


class _FaultyFile(apsw.VFSFile):
    def __init__(self, fault, name, flags):
        self._fault = fault
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):
        meet(self._fault, "write", self._path)
        super().xWrite(data, offset)

    def xTruncate(self, size):
        meet(self._fault, "truncate", self._path)
        super().xTruncate(size)

    def xSync(self, flags):
        # As on a real disk: the bytes may well be there although the sync says no.
        super().xSync(flags)
        meet(self._fault, "sync", self._path)


def meet(fault, what, path):
    """Raise what SQLite is told by its own layer."""
    if path.endswith("-wal") and fault.meet(f"{os.path.basename(path)} {what}"):
        raise apsw.FullError() if fault.code == errno.ENOSPC else apsw.IOError()
