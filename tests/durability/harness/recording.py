"""The store's and SQLite's own file layers, which do their work and write it into a log."""

import os
from pathlib import Path

import apsw

from studio.store import Disk

CREATE = apsw.SQLITE_OPEN_CREATE


class RecordingDisk(Disk):
    """The blobs' layer."""

    def __init__(self, home, log):
        self._home, self.log = home, log

    def write(self, source, target):
        result = super().write(source, target)
        self.log.write(self.log.create(self._name(target)), 0, target.read_bytes())
        return result

    def sync_file(self, path):
        super().sync_file(path)
        self.log.sync_file(self.log.find(self._name(path)))

    def sync_folder(self, folder):
        super().sync_folder(folder)
        self.log.sync_folder(self._name(folder))

    def rename(self, source, target):
        super().rename(source, target)
        self.log.rename(self._name(source), self._name(target))

    def remove(self, path):
        super().remove(path)
        self.log.remove(self._name(path))

    def _name(self, path):
        name = os.path.relpath(path, self._home)
        return "" if name == "." else name


class RecordingVfs(apsw.VFS):
    """SQLite's layer; its shared memory is no part of what outlives a crash.

    Args:
        lies: syncs are not done, as by a disk that only says so.
    """

    def __init__(self, name, home, log, *, lies=False):
        self.name, self.home, self.log, self.lies = name, home, log, lies
        super().__init__(name, "unix")

    def xOpen(self, name, flags):
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _RecordingFile(self, path, name, flags)

    def xDelete(self, name, syncdir):
        super().xDelete(name, syncdir)
        self.log.remove(self.get_name(name))
        if syncdir:
            self.log.sync_folder("")

    def get_name(self, path):
        """Return a path relative to the home."""
        return Path(path).relative_to(self.home).as_posix()


class _RecordingFile(apsw.VFSFile):
    def __init__(self, vfs, path, name, flags):
        self._vfs, self._log = vfs, vfs.log
        super().__init__("unix", name, flags)
        self._new = False
        if path is None:
            self._inode = None  # a temporary file
            return
        short = vfs.get_name(path)
        self._inode = self._log.find(short)
        if self._inode is None:
            self._inode = self._log.create(short)
            self._new = short.endswith(("-wal", "-journal"))

    def xWrite(self, data, offset):
        super().xWrite(data, offset)
        if self._inode is not None:
            self._log.write(self._inode, offset, data)

    def xTruncate(self, size):
        super().xTruncate(size)
        if self._inode is not None:
            self._log.truncate(self._inode, size)

    def xSync(self, flags):
        super().xSync(flags)
        if self._inode is not None and not self._vfs.lies:
            self._log.sync_file(self._inode)
            if self._new:  # SQLite syncs the folder of a new journal with its first sync
                self._log.sync_folder("")
                self._new = False
