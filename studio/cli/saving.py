"""Copying assets out of the library."""

from collections.abc import Sequence
from pathlib import Path

from studio.app.asset import Asset
from studio.errors import StudioError


def save_assets(assets: Sequence[Asset], folder: Path | None) -> Sequence[list[Path] | None]:
    """Copy assets into a folder; None for each if there is no folder.

    Raises:
        StudioError: it cannot be written.
    """
    if folder is None:
        return [None] * len(assets)
    try:
        return [asset.save(folder) for asset in assets]
    except OSError as error:
        raise StudioError(
            "{folder}: {fault}; the assets are in the library all the same",
            folder=folder,
            fault=error.strerror or error,
        ) from error
