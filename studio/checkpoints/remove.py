"""Delete checkpoints that live in our home, and nothing else."""

import shutil
from pathlib import Path

from studio.errors import CheckpointError


def remove_path(path: Path, home: Path) -> None:
    """Delete a file or folder inside `home`; of a link, the link only.

    Raises:
        CheckpointError: it is not inside, or cannot be deleted.
    """
    place = path.parent.resolve() / path.name
    if not place.is_relative_to(home.resolve()) or place == home.resolve():
        raise CheckpointError("{path}: is not in {home}", path=path, home=home)
    try:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(
            "{path}: cannot be deleted: {fault}", path=path, fault=error.strerror or error
        ) from error


def remove_snapshot(cache: Path, repo: str, commit: str) -> None:
    """Delete a commit of a repository from a hub's cache; what others of it share stays."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    snapshots = folder / "snapshots"
    remove_path(snapshots / commit, cache)
    if not snapshots.is_dir() or not any(snapshots.iterdir()):
        remove_path(folder, cache)
        return
    used = {link.resolve() for link in snapshots.rglob("*") if link.is_symlink()}
    for blob in (folder / "blobs").glob("*"):
        if blob.resolve() not in used:
            remove_path(blob, cache)
    for ref in (folder / "refs").rglob("*"):
        if ref.is_file() and ref.read_text(encoding="ascii", errors="replace").strip() == commit:
            remove_path(ref, cache)
