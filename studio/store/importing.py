"""Taking in the user's own files: looked at first, copied then, and known if they come again."""

import logging
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.codecs import Codec
from studio.codecs.base import COLOURED
from studio.codecs.colours import find_colours
from studio.errors import InvalidInputError
from studio.media import SUFFIXES, MediaType
from studio.recipe import Recipe
from studio.store.assets import Assets
from studio.store.files import as_input_errors, as_store_errors, check_file
from studio.store.maps import find_maps
from studio.store.records import AssetRecord, NewAsset

_PACKED = ("ao", "roughness", "metallic")
"""What the red, green and blue of an ORM map are."""


@dataclass(frozen=True)
class _Source:
    """What was found at a path."""

    kind: MediaType
    files: dict[str, Path]
    ignored: list[str] = field(default_factory=list)


def import_file(
    assets: Assets, path: Path, *, title: str = "", tags: Iterable[str] = (), user: str = "local"
) -> AssetRecord:
    """Add a file, or a folder with the maps of one material, to the library.

    The same content again gives the asset that is there (back from the trash if it was in it),
    with the tags added. A recipe inside the file is kept. The file itself is left as it is.

    Raises:
        InvalidInputError: missing, unreadable, a link, empty, of no known kind, or not what its
            name says; nothing is stored.
        StoreError: the disk is full or broken; nothing is stored.
    """
    path = path.expanduser().absolute()
    tags = tuple(tags)
    source = _find_folder(path) if path.is_dir() and not path.is_symlink() else _find_file(path)
    before = _take_snapshot(source.files)
    with as_store_errors(assets.blobs.incoming):
        unpacked = tempfile.TemporaryDirectory(dir=assets.blobs.incoming)
    with unpacked as folder:
        codec = assets.codecs.get(source.kind)
        if "orm" in source.files:
            source.files.update(_unpack_orm(assets, source.files, Path(folder)))
        pictured = _picture(codec, source, Path(folder))
        new = NewAsset(
            kind=source.kind,
            files=source.files,
            payload_hash=codec.hash_payload(source.files),
            recipe=_find_recipe(codec, source.files),
            title=title or (path.name if path.is_dir() else path.stem),
            info={"file": path.name, **({"ignored": source.ignored} if source.ignored else {})},
            source="imported",
            tags=tags,
            user=user,
            **pictured,
        )
        known = find_same(assets, new.kind, new.payload_hash, user=user)
        return _welcome(assets, known, tags) if known else _store(assets, path, new, before)


def find_same(
    assets: Assets,
    kind: MediaType,
    payload_hash: str,
    recipe_key: str | None = None,
    user: str | None = None,
) -> AssetRecord | None:
    """Return an asset with that content whose files are there, or None.

    Args:
        assets: the library.
        kind: media type.
        payload_hash: sha256 (hex) of the content.
        recipe_key: only one with that recipe ("" for none); any when None.
        user: only one that belongs to that user; to anybody when None.
    """
    for record in assets.find_by_payload(payload_hash):
        if record.kind is not kind or recipe_key not in {None, record.recipe_key}:
            continue
        if user not in {None, record.user}:
            continue
        if all(path.is_file() for path in record.files.values()):
            return record
    return None


def _find_file(path: Path) -> _Source:
    status = check_file(path)
    with as_input_errors(path), path.open("rb"):
        pass  # told now, with the right name, rather than by whatever reads it first
    if status.st_size == 0:
        raise InvalidInputError("{path}: is empty; name another file", path=path)
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InvalidInputError(
            "{path}: files ending in '{suffix}' are not known; known are {known}",
            path=path,
            suffix=path.suffix,
            known=" ".join(sorted(SUFFIXES)),
        )
    return _Source(kind, {"main": path})


def _find_folder(folder: Path) -> _Source:
    with as_input_errors(folder):
        paths = [path for path in folder.iterdir() if path.is_file()]
    files, ignored = find_maps(folder, paths)
    for path in files.values():
        _find_file(path)
    return _Source(MediaType.TEXTURE, files, ignored)


def _unpack_orm(assets: Assets, files: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Take the packed map out of `files`; return those of its channels that have no own file."""
    from PIL import Image  # only materials with a packed map pay for it

    packed = files.pop("orm")
    assets.codecs.get(MediaType.IMAGE).probe({"main": packed})
    found: dict[str, Path] = {}
    with as_input_errors(packed), Image.open(packed) as picture:
        channels = picture.convert("RGB").split()
        for name, channel in zip(_PACKED, channels, strict=True):
            if name not in files:
                found[name] = folder / f"{name}.png"
                channel.save(found[name])
    return found


def _picture(codec: Codec, source: _Source, folder: Path) -> dict[str, Any]:
    """Return facts and, of what has colours, a thumbnail; a picture is a nicety, the facts no."""
    facts = codec.probe(source.files)
    if source.kind not in COLOURED:
        return {"facts": facts}
    try:
        # Pillow is imported with the first picture, not with the host.
        from studio.codecs.small import save_small

        picture = codec.make_thumbnail(source.files)
        if picture is None:
            return {"facts": facts}
        thumbnail = save_small(picture, folder)
    except Exception:  # a plugin's codec may raise anything
        logging.getLogger("studio.store").warning("no thumbnail of an import", exc_info=True)
        return {"facts": facts}
    colours = find_colours(picture, centre=source.kind is MediaType.TEXTURE)
    return {"facts": {**facts, "colours": colours}, "thumbnail": thumbnail}


def _find_recipe(codec: Codec, files: Mapping[str, Path]) -> Recipe | None:
    for path in files.values():
        recipe = codec.extract_recipe(path)
        if recipe is not None:
            return recipe
    return None


def _take_snapshot(files: Mapping[str, Path]) -> dict[Path, tuple[int, int, int]]:
    return {
        path: (status.st_size, status.st_mtime_ns, status.st_ino)
        for path, status in ((path, check_file(path)) for path in files.values())
    }


def _store(
    assets: Assets, path: Path, new: NewAsset, before: Mapping[Path, tuple[int, int, int]]
) -> AssetRecord:
    blobs = assets.stage(new.files, move=False)
    try:
        if _take_snapshot({str(path): path for path in before}) != before:
            raise InvalidInputError("{path}: changed while it was read; try again", path=path)
        with assets.database.transaction() as connection:
            # Another process may have been faster.
            known = find_same(assets, new.kind, new.payload_hash, user=new.user)
            id = known.id if known else assets.insert(connection, new, blobs)
    except BaseException:
        assets.discard_quietly(blobs.values())
        raise
    if known:
        assets.discard_quietly(blobs.values())
        return _welcome(assets, known, new.tags)
    return assets.get(id)


def _welcome(assets: Assets, known: AssetRecord, tags: tuple[str, ...]) -> AssetRecord:
    if known.trashed:
        assets.restore([known.id])
    return assets.tag(known.id, add=tags) if tags else assets.get(known.id)
