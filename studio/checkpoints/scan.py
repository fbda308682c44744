"""Look through folders for checkpoints: our own, and those of other tools, read-only."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.checkpoints.found import PICKLES, SAFE, is_checkpoint_folder

MAX_DEPTH = 8
HUB_CACHE = "hub"
"""Name of the folder in ours that holds the hub's cache; it is listed through its records."""


@dataclass(frozen=True)
class Scanned:
    """A checkpoint in a folder; `name` is its path below that folder, with slashes."""

    name: str
    path: Path
    size: int
    is_folder: bool


def scan_folder(folder: Path) -> list[Scanned]:
    """Find the checkpoints in a folder, by name; no file is opened.

    Folders that are one checkpoint (diffusers, transformers) are one entry. What cannot be read
    is passed over and logged. Links are followed once.
    """
    return sorted(_walk(folder, folder, 0, set()), key=lambda found: found.name)


def _walk(root: Path, folder: Path, depth: int, seen: set[str]) -> Iterator[Scanned]:
    real = os.path.realpath(folder)
    if real in seen or depth > MAX_DEPTH:
        return
    seen.add(real)
    entries = _list_entries(folder)
    files = {entry.name for entry in entries if entry.is_file()}
    if depth and is_checkpoint_folder(files):
        name = folder.relative_to(root).as_posix()
        yield Scanned(name, folder, _measure(folder), True)
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir():
            yield from _walk(root, path, depth + 1, seen)
        elif entry.is_file() and path.suffix.lower() in {SAFE, *PICKLES}:
            yield Scanned(path.relative_to(root).as_posix(), path, entry.stat().st_size, False)


def _list_entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        logging.getLogger("studio.checkpoints").warning("%s: passed over: %s", folder, error)
        return []


def _measure(folder: Path) -> int:
    """Sum up the sizes of the files of a checkpoint folder, bytes."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).stat().st_size
            except OSError:
                continue  # a dangling link; verifying the checkpoint will tell
    return total
