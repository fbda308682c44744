"""`studio assets export` and `import`: files, folders and bundles."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from studio.app.asset import Asset
from studio.cli.context import Session
from studio.cli.saving import save_assets
from studio.errors import InvalidInputError, StudioError

MANIFEST = "manifest.json"


def export_assets(session: Session, ids: Sequence[str], out: Path) -> None:
    """Write a bundle if `out` ends in .zip; else copy the files into that folder.

    Raises:
        StudioError: an id is unknown, or the place cannot be written.
    """
    library = session.studio.assets
    if out.suffix.lower() == ".zip":
        try:
            library.export(ids, out)
        except OSError as error:
            raise StudioError(
                "{path}: {fault}; choose another place", path=out, fault=error.strerror or error
            ) from error
        paths = [out]
    else:
        saved = save_assets([library.get(asset) for asset in ids], out)
        paths = [path for copies in saved for path in copies or ()]
    if session.out.as_json:
        session.out.data([str(path) for path in paths])
        return
    for path in paths:
        session.out.line(str(path))


def import_assets(
    session: Session, paths: Sequence[Path], title: str, tags: Sequence[str]
) -> list[Asset]:
    """Add files and bundles.

    Raises:
        InvalidInputError: one is missing or bad; those before it are in the library.
    """
    library = session.studio.assets
    found: list[Asset] = []
    for path in paths:
        if is_bundle(path):
            found += [library.tag(asset.id, add=tags) for asset in library.import_bundle(path)]
        else:
            found.append(library.import_file(path, title=title, tags=tags))
    return found


def is_bundle(path: Path) -> bool:
    """Say whether a file is a bundle: a zip with a manifest.

    Raises:
        InvalidInputError: it cannot be read.
    """
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except zipfile.BadZipFile:
        return False  # `import_file` says what is wrong with it
    except OSError as error:
        raise InvalidInputError(
            "{path}: {fault}", path=path, fault=error.strerror or error
        ) from error
