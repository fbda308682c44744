"""What changes a fingerprint, and what does not."""

import os
import sys

import pytest

from studio.worker.fingerprint import build_fingerprint, find_metadata_folders


@pytest.fixture
def place(tmp_path):
    package = tmp_path / "package"
    (package / "sub" / "__pycache__").mkdir(parents=True)
    for name in ("__init__.py", "sub/deep.py", "table.json", "picture.png"):
        (package / name).write_text("1")
    info = tmp_path / "package-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("")
    return tmp_path


def take(place):
    return build_fingerprint(sys.executable, [str(place)], [str(place / "package")])


def touch(path):
    path.write_text("changed, and longer")


CHANGES = {
    "code": lambda p: touch(p / "package/sub/deep.py"),
    "same size": lambda p: os.utime(p / "package/__init__.py", ns=(1, 1)),
    "new file": lambda p: touch(p / "package/new.py"),
    "removed": lambda p: (p / "package/__init__.py").unlink(),
    "table": lambda p: touch(p / "package/table.json"),
    "entry points": lambda p: touch(p / "package-1.0.dist-info/entry_points.txt"),
    "new distribution": lambda p: (p / "other-1.0.dist-info").mkdir(),
    "new version": lambda p: (p / "package-1.0.dist-info").rename(p / "package-2.0.dist-info"),
    "editable": lambda p: touch(p / "__editable__.other.pth"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_it(place, change):
    before = take(place)
    assert take(place) == before
    CHANGES[change](place)
    assert take(place) != before


def test_what_does_not(place):
    before = take(place)
    touch(place / "package/sub/__pycache__/deep.cpython-311.pyc")
    touch(place / "package/picture.png")
    touch(place / "notes.txt")
    (place / "package" / "sub" / "empty").mkdir()
    assert take(place) == before


def test_a_single_file_and_a_missing_one(place):
    code = place / "alone.py"
    before = build_fingerprint(sys.executable, [], [str(code)])
    touch(code)
    assert build_fingerprint(sys.executable, [], [str(code)]) != before


def test_only_folders_with_distributions_count(place):
    path = [str(place), str(place / "package"), "/nowhere", str(place)]
    assert find_metadata_folders(path) == [str(place)]
