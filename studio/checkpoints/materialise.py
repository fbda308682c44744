"""An asset of many files as the folder that loaders want: links to its blobs."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from studio.codecs.files import SIDECAR
from studio.errors import CheckpointError


def materialise(id: str, files: Mapping[str, Path], folder: Path) -> Path:
    """Return the one file of an asset, or a folder in `folder` with a link to each.

    The folder is a cache: made when it is first asked for, and again if it was deleted.

    Raises:
        CheckpointError: a name leads out of the folder, or the folder cannot be written.
    """
    named = {name: path for name, path in files.items() if name != SIDECAR}
    if len(named) == 1:
        return next(iter(named.values()))
    target = folder / id
    if target.is_dir():
        return target
    draft = folder / f".{id}-{os.getpid()}"
    try:
        for name, path in named.items():
            place = draft / _get_place(id, name, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(path, place)
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if target.is_dir():  # another process was faster
            return target
        raise CheckpointError(
            "{path}: cannot be written: {fault}; free some space or check its permissions",
            path=target,
            fault=error.strerror or error,
        ) from error
    return target


def _get_place(id: str, name: str, path: Path) -> PurePosixPath:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or not place.parts:
        raise CheckpointError(
            "asset {id}: its file '{name}' leads out of its folder; delete the asset",
            id=id,
            name=name,
        )
    return place if place.suffix else place.with_name(place.name + path.suffix)


def _link(path: Path, place: Path) -> None:
    """Link, or copy where the file system has no links."""
    try:
        place.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, place)
