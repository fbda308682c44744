"""A fingerprint of what plugins are installed and of their code, without importing anything."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_METADATA = (".dist-info", ".egg-info", ".egg-link", ".pth")
_CODE = (".py", ".so", ".pyd", ".toml", ".json", ".yaml", ".yml")


def find_metadata_folders(path: Iterable[str]) -> list[str]:
    """Filter a `sys.path` down to the folders in which distributions are installed.

    The others (where a script lies, where one stands) differ from start to start and cannot
    offer plugins.
    """
    return [folder for folder in dict.fromkeys(path) if any(_iterate_metadata(folder))]


def build_fingerprint(interpreter: str, folders: Iterable[str], code: Iterable[str]) -> str:
    """Hash names and times of everything that decides which generators there are.

    Args:
        interpreter: path of the python.
        folders: where distributions are installed; changes when one comes, goes or is updated.
        code: folders or single files of the plugins' packages.
    """
    digest = hashlib.sha256()
    real = os.path.realpath(interpreter)
    for path in (real, *sorted(Path(__file__).parents[1].glob("*.py"))):  # and of Studio itself
        digest.update(_describe_file(str(path)))
    for folder in folders:
        digest.update(f"{folder}\n".encode())
        for entry in sorted(_iterate_metadata(folder), key=lambda entry: entry.name):
            digest.update(_describe_file(entry.path))
            digest.update(_describe_file(os.path.join(entry.path, "entry_points.txt")))
    for folder in sorted(code):
        for file in sorted(_iterate_code(folder)):
            digest.update(_describe_file(file))
    return digest.hexdigest()


def _describe_file(path: str) -> bytes:
    try:
        stat = os.stat(path)
    except OSError:
        return f"{path} -\n".encode()
    return f"{path} {stat.st_mtime_ns} {stat.st_size}\n".encode()


def _iterate_metadata(folder: str) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if entry.name.endswith(_METADATA))
    except OSError:
        return


def _iterate_code(path: str) -> Iterator[str]:
    """Yield the files of a package; what it is when it is a single file."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in names if name.endswith(_CODE))
