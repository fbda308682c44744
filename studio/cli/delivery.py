"""Copying what a pipeline made into a folder that a person can use."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.app.asset import Asset, build_file_stem
from studio.codecs.zips import iterate_member, list_members
from studio.errors import StudioError
from studio.media import MediaType


def deliver_steps(
    steps: Mapping[str, Sequence[Asset]], out: Path, folders: Mapping[str, str]
) -> dict[str, Path]:
    """Write each step into its own folder; what is there already is left alone.

    Pictures lie side by side, a material has a folder with its maps, an archive is unpacked.

    Args:
        steps: step -> assets.
        out: where the folders are made.
        folders: step -> folder, where it is not called like the step.

    Raises:
        StudioError: it cannot be written.
    """
    places = {}
    try:
        for step, assets in steps.items():
            if assets:
                places[step] = out / folders.get(step, step)
                for asset in assets:
                    deliver_asset(asset, places[step])
    except OSError as error:
        raise StudioError(
            "{folder}: {fault}; the assets are in the library all the same",
            folder=error.filename or out,
            fault=error.strerror or error,
        ) from error
    return places


def deliver_asset(asset: Asset, folder: Path) -> None:
    """Write one asset."""
    stem = build_file_stem(asset.record)
    if asset.kind is MediaType.ARCHIVE:
        engine = str(asset.params.get("engine", ""))
        unpack(asset.path, folder / engine / stem)
    elif asset.kind is MediaType.TEXTURE:
        asset.save(folder / stem)
    else:
        asset.save(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip; files of the right size are there already.

    Raises:
        InvalidInputError: its names leave the folder, or it is damaged.
    """
    members = list_members(archive)
    with zipfile.ZipFile(archive) as opened:
        for member in members:
            target = folder / member.filename
            if target.exists() and target.stat().st_size == member.file_size:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f"{target.name}.part")
            with part.open("wb") as file:
                for block in iterate_member(opened, member, archive):
                    file.write(block)
            part.replace(target)
