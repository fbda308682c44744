"""Content-addressed files: a blob is named by its hash, written once and never changed."""

import errno
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from studio.errors import StoreError
from studio.store.files import Disk, as_input_errors, as_store_errors, check_file

Key = TypeVar("Key", bound=Hashable)

_SUFFIX = re.compile(r"\.[a-z0-9]{1,16}")
# Every folder touched costs a sync, so a commit of many files wants few; a library of millions
# wants more than one. Folder "4" holds the hashes that begin with 4, 5, 6 and 7.
_FOLDERS = "048c"


@dataclass(frozen=True)
class BlobRef:
    """A blob: sha256 (hex), size (bytes), and the file name's ending (".png" or "")."""

    sha256: str
    size: int
    suffix: str

    @property
    def name(self) -> str:
        """Its file name."""
        return self.sha256 + self.suffix


@dataclass(frozen=True)
class _Ready:
    """A file whose bytes are on the disk, not yet under its own name."""

    ref: BlobRef
    path: Path
    is_copy: bool


class BlobStore:
    """The folder `blobs/8/ab...cd.png`."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self._folders = [folder / name for name in _FOLDERS]
        self.incoming = folder / "incoming"
        self._disk = disk or Disk()
        with as_store_errors(folder):
            self._make_folders()

    def put(self, path: Path, *, move: bool = False) -> BlobRef:
        """Keep one file; see `put_all`."""
        return self.put_all({"main": path}, move=move)["main"]

    def put_all(self, files: Mapping[Key, Path], *, move: bool = False) -> dict[Key, BlobRef]:
        """Keep files: when this returns the disk has them, whatever happens next.

        Args:
            files: any keys -> paths.
            move: take the files themselves, without copying where the file system allows.

        Raises:
            InvalidInputError: a file is missing, a link or unreadable.
            StoreError: the disk is full or broken; then nothing is left behind, and what was
                to be moved is where it was.
        """
        ready: dict[Key, _Ready] = {}
        placed: list[_Ready] = []
        try:
            for name, path in files.items():
                ready[name] = self._prepare(path, move)
            for item in ready.values():
                if self._place(item):
                    placed.append(item)
            # Those of blobs that were there already too: whoever put them may not be done.
            for folder in sorted({self.get_path(item.ref).parent for item in ready.values()}):
                with as_store_errors(folder):
                    self._disk.sync_folder(folder)
        except BaseException:
            for item in placed:
                self._take_back(item)
            self._clean([item.path for item in ready.values() if item.is_copy])
            raise
        self._clean([item.path for item in ready.values() if item not in placed])
        return {name: item.ref for name, item in ready.items()}

    def get_path(self, ref: BlobRef) -> Path:
        """Return where a blob is, or would be."""
        return self._folders[int(ref.sha256[0], 16) // 4] / ref.name

    def is_there(self, ref: BlobRef) -> bool:
        """Tell whether the file is there with the right size."""
        try:
            return self.get_path(ref).stat().st_size == ref.size
        except OSError:
            return False

    def hash(self, ref: BlobRef) -> str:
        """Return the sha256 (hex) that the file has now."""
        path = self.get_path(ref)
        with as_store_errors(path):
            return self._disk.hash(path)[0]

    def remove(self, ref: BlobRef) -> None:
        """Remove a blob that no asset names any more."""
        path = self.get_path(ref)
        with as_store_errors(path):
            self._disk.remove(path)

    def iterate_files(self) -> Iterator[Path]:
        """Yield every file of the folder, unfinished copies too."""
        for folder in sorted(self.folder.iterdir()):
            if folder.is_dir():
                yield from sorted(folder.iterdir())
            else:
                yield folder

    def _make_folders(self) -> None:
        """Make all folders at once, so that a commit never has to sync a new one."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
        there = {entry.name for entry in self.folder.iterdir()}
        wanted = {"incoming", *_FOLDERS}
        if missing := wanted - there:
            for name in missing:
                (self.folder / name).mkdir(exist_ok=True)
            self._disk.sync_folder(self.folder)
            self._disk.sync_folder(self.folder.parent)

    def _prepare(self, path: Path, move: bool) -> _Ready:
        status = check_file(path)
        suffix = path.suffix.lower()
        suffix = suffix if _SUFFIX.fullmatch(suffix) else ""
        move = move and status.st_dev == self.folder.stat().st_dev
        if not move:
            return self._copy(path, suffix, status.st_size)
        with as_input_errors(path):
            sha256, size = self._disk.hash(path)
        self._sync(path)
        return _Ready(BlobRef(sha256, size, suffix), path, is_copy=False)

    def _copy(self, path: Path, suffix: str, size: int) -> _Ready:
        temporary = self.incoming / uuid4().hex
        with as_input_errors(path):
            source = self._disk.open_source(path)
        try:
            with source, as_store_errors(temporary):
                if self._disk.get_free_space(self.folder) < size:
                    raise OSError(errno.ENOSPC, "no space left")
                sha256, size = self._disk.write(source, temporary)
            self._sync(temporary)
        except BaseException:
            self._clean([temporary])
            raise
        return _Ready(BlobRef(sha256, size, suffix), temporary, is_copy=True)

    def _sync(self, path: Path) -> None:
        with as_store_errors(path):
            self._disk.make_read_only(path)
            self._disk.sync_file(path)

    def _place(self, item: _Ready) -> bool:
        """Give a file its own name; False if a blob has it already."""
        target = self.get_path(item.ref)
        with as_store_errors(target):
            if self.is_there(item.ref):
                self._disk.touch(target)
                return False
            self._disk.rename(item.path, target)
            return True

    def _take_back(self, item: _Ready) -> None:
        """Undo `_place`."""
        target = self.get_path(item.ref)
        try:
            with as_store_errors(target):
                self._disk.rename(target, item.path)
        except StoreError:
            self._clean([target])

    def _clean(self, paths: list[Path]) -> None:
        for path in paths:
            try:
                with as_store_errors(path):
                    self._disk.remove(path)
            except StoreError:
                continue  # the first failure is the one to tell; fsck finds what is left
