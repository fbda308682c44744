"""Content-addressed files: a blob is named by its hash, written once and never changed."""

import errno
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from studio.errors import StoreError
from studio.store.files import Disk, as_input_errors, as_store_errors, check_file

_SUFFIX = re.compile(r"\.[a-z0-9]{1,16}")


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
    """The folder `blobs/ab/ab...cd.png`."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self._disk = disk or Disk()
        with as_store_errors(folder):
            self._make_folders()

    def put(self, path: Path, *, move: bool = False) -> BlobRef:
        """Keep one file; see `put_all`."""
        return self.put_all({"main": path}, move=move)["main"]

    def put_all(self, files: Mapping[str, Path], *, move: bool = False) -> dict[str, BlobRef]:
        """Keep files: when this returns the disk has them, whatever happens next.

        Args:
            files: name -> path.
            move: take the files themselves, without copying where the file system allows.

        Raises:
            InvalidInputError: a file is missing, a link or unreadable.
            StoreError: the disk is full or broken; then nothing is left behind, and what was
                to be moved is still there unless it had its final name already.
        """
        ready: dict[str, _Ready] = {}
        placed: list[Path] = []
        try:
            for name, path in files.items():
                ready[name] = self._prepare(path, move)
            for item in ready.values():
                self._place(item, placed)
            for folder in sorted({self.get_path(item.ref).parent for item in ready.values()}):
                with as_store_errors(folder):
                    self._disk.sync_folder(folder)
        except BaseException:
            self._clean(placed + [item.path for item in ready.values() if item.is_copy])
            raise
        return {name: item.ref for name, item in ready.items()}

    def get_path(self, ref: BlobRef) -> Path:
        """Return where a blob is, or would be."""
        return self.folder / f"{ref.sha256[:2]}/{ref.name}"

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
        """Make all 256 folders at once, so that a commit never has to sync a new one."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
        there = {entry.name for entry in self.folder.iterdir()}
        wanted = {"incoming", *(f"{number:02x}" for number in range(256))}
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

    def _place(self, item: _Ready, placed: list[Path]) -> None:
        target = self.get_path(item.ref)
        with as_store_errors(target):
            if self.is_there(item.ref):
                # Its folder is synced again all the same: whoever put it there may not be done.
                self._disk.touch(target)
                self._disk.remove(item.path)
            else:
                self._disk.rename(item.path, target)
                placed.append(target)

    def _clean(self, paths: list[Path]) -> None:
        for path in paths:
            try:
                with as_store_errors(path):
                    self._disk.remove(path)
            except StoreError:
                continue  # the first failure is the one to tell; fsck finds what is left
