import errno
import itertools
import os
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import InvalidInputError, StoreError
from studio.store import BlobRef, BlobStore, Disk


class FaultyDisk(Disk):
    """Counts syncs, and fails the `after`-th call of the named function."""

    def __init__(self, fails: str = "", code: int = errno.ENOSPC, after: int = 0) -> None:
        self.fails, self.code, self.left = fails, code, after
        self.syncs = 0
        self.free: int | None = None

    def _meet(self, name: str) -> None:
        if name == self.fails:
            self.left -= 1
            if self.left < 0:
                raise OSError(self.code, os.strerror(self.code))

    def write(self, source: BinaryIO, target: Path) -> tuple[str, int]:
        if self.fails == "write" and self.left == 0:
            target.write_bytes(source.read(3))  # a part arrives, as on a real full disk
        self._meet("write")
        return super().write(source, target)

    def sync_file(self, path: Path) -> None:
        self._meet("sync_file")
        super().sync_file(path)

    def sync_folder(self, folder: Path) -> None:
        self._meet("sync_folder")
        super().sync_folder(folder)

    def rename(self, source: Path, target: Path) -> None:
        self._meet("rename")
        super().rename(source, target)

    def get_free_space(self, folder: Path) -> int:
        return super().get_free_space(folder) if self.free is None else self.free

    def _sync(self, path: Path) -> None:
        self.syncs += 1
        super()._sync(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "Brick.PNG"
    path.write_bytes(b"some brick")
    return path


# First digit of the hash -> folder.
FOLDERS = {digit: "048c"[place // 4] for place, digit in enumerate("0123456789abcdef")}


def list_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def build_store(tmp_path: Path, disk: Disk | None = None) -> BlobStore:
    BlobStore(tmp_path / "blobs")  # the folders are made by a healthy disk
    return BlobStore(tmp_path / "blobs", disk)


def test_put_copies_and_names_by_hash(tmp_path: Path, source: Path) -> None:
    store = build_store(tmp_path)
    ref = store.put(source)
    assert ref.size == 10
    assert ref.suffix == ".png"
    path = store.get_path(ref)
    assert path == tmp_path / "blobs" / FOLDERS[ref.sha256[0]] / f"{ref.sha256}.png"
    assert path.read_bytes() == b"some brick"
    assert path.stat().st_mode & 0o222 == 0
    assert source.exists()
    assert store.is_there(ref)
    assert store.hash(ref) == ref.sha256


def test_put_moves(tmp_path: Path, source: Path) -> None:
    store = build_store(tmp_path)
    inode = source.stat().st_ino
    ref = store.put(source, move=True)
    assert not source.exists()
    assert store.get_path(ref).stat().st_ino == inode


@pytest.mark.parametrize("move", [False, True])
def test_the_same_bytes_are_kept_once_and_not_written_again(
    tmp_path: Path, source: Path, move: bool
) -> None:
    store = build_store(tmp_path)
    first = store.get_path(store.put(source))
    before = first.stat()
    again = tmp_path / "again.png"
    again.write_bytes(source.read_bytes())
    ref = store.put(again, move=move)
    assert store.get_path(ref) == first
    assert first.stat().st_ino == before.st_ino
    assert list_files(store.folder) == [first]
    assert again.exists() is not move


def test_a_torn_blob_is_replaced(tmp_path: Path, source: Path) -> None:
    store = build_store(tmp_path)
    ref = store.put(source)
    store.get_path(ref).unlink()
    store.get_path(ref).write_bytes(b"some")
    assert not store.is_there(ref)
    store.put(source)
    assert store.get_path(ref).read_bytes() == b"some brick"


@pytest.mark.parametrize("move", [False, True])
def test_two_syncs_a_file(
    tmp_path: Path, source: Path, move: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FaultyDisk()
    store = build_store(tmp_path, disk)
    real, calls = os.fsync, []
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(fd), real(fd))[1])
    monkeypatch.setattr(os, "fdatasync", lambda fd: pytest.fail("counted as fsync only"))
    store.put(source, move=move)
    assert disk.syncs == len(calls) == 2


def test_files_of_one_folder_share_its_sync(tmp_path: Path) -> None:
    """Sixteen files cost at most 4 syncs more than one each; with the database's, 1.5 an asset."""
    files: dict[str, Path] = {}
    for number in range(16):
        path = tmp_path / f"{number}"
        path.write_bytes(b"%d" % number)
        files[str(number)] = path
    disk = FaultyDisk()
    store = build_store(tmp_path, disk)
    refs = store.put_all(files, move=True)
    assert disk.syncs == 16 + len({store.get_path(ref).parent for ref in refs.values()}) <= 20


@pytest.mark.parametrize("call", ["write", "sync_file", "rename", "sync_folder"])
def test_a_failing_disk_leaves_nothing_behind(tmp_path: Path, call: str) -> None:
    remedies = {errno.ENOSPC: "free some space", errno.EIO: "fsck", errno.EROFS: "--home"}
    cases = itertools.product([False, True], remedies, [0, 1])
    for move, code, after in cases:
        if call == "write" and move:
            continue  # a move writes nothing
        files = {name: tmp_path / f"{name}.png" for name in ("albedo", "height")}
        for name, path in files.items():
            path.unlink(missing_ok=True)
            path.write_bytes(name.encode())
        store = build_store(tmp_path, FaultyDisk(call, code, after))
        with pytest.raises(StoreError) as caught:
            store.put_all(files, move=move)
        assert list_files(store.folder) == []
        text = str(caught.value)
        assert str(tmp_path / "blobs") in text or "albedo.png" in text or "height.png" in text
        assert remedies[code] in text
        if not move or call != "rename":  # a disk that cannot rename cannot move back either
            assert all(path.exists() for path in files.values())


def test_a_file_larger_than_the_disk_is_refused_before_it_is_written(
    tmp_path: Path, source: Path
) -> None:
    disk = FaultyDisk()
    disk.free = 5
    store = build_store(tmp_path, disk)
    with pytest.raises(StoreError, match="disk is full"):
        store.put(source)
    assert list_files(store.folder) == []


def test_what_is_no_plain_file(tmp_path: Path, source: Path) -> None:
    store = build_store(tmp_path)
    link = tmp_path / "link.png"
    link.symlink_to(source)
    os.mkfifo(tmp_path / "pipe")
    for path, fault in [
        (link, "is a link"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "not a plain file"),
        (tmp_path / "nothing", "no such file"),
    ]:
        with pytest.raises(InvalidInputError, match=fault) as caught:
            store.put(path)
        assert str(path) in str(caught.value)
    assert list_files(store.folder) == []


def test_unreadable(tmp_path: Path, source: Path) -> None:
    class Closed(Disk):
        def open_source(self, path: Path) -> BinaryIO:
            raise PermissionError(errno.EACCES, "denied")

    store = build_store(tmp_path, Closed())
    for move in (False, True):
        with pytest.raises(InvalidInputError, match="may not be read"):
            store.put(source, move=move)


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        BlobStore(tmp_path / "file" / "blobs")


def test_odd_suffixes_are_dropped(tmp_path: Path) -> None:
    store = build_store(tmp_path)
    path = tmp_path / "a.p n g"
    path.write_bytes(b"x")
    assert store.put(path).suffix == ""


def test_a_missing_blob_is_told(tmp_path: Path) -> None:
    store = build_store(tmp_path)
    ref = BlobRef("0" * 64, 1, "")
    assert not store.is_there(ref)
    with pytest.raises(StoreError):
        store.hash(ref)
    store.remove(ref)  # nothing to do


@settings(max_examples=40)
@given(st.binary(max_size=300), st.sampled_from(["", ".png", ".Wav", ".tar.gz"]), st.booleans())
def test_what_is_put_comes_back(tmp_path: Path, data: bytes, suffix: str, move: bool) -> None:
    store = BlobStore(tmp_path / "blobs")
    path = tmp_path / f"file{suffix}"
    path.write_bytes(data)
    ref = store.put(path, move=move)
    assert store.get_path(ref).read_bytes() == data
    assert ref.size == len(data)
    assert store.hash(ref) == ref.sha256
