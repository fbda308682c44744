"""Where checkpoints are: every place there is, by name. Nothing is hashed here."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from studio.checkpoints.found import (
    PICKLES,
    SAFE,
    Source,
    is_checkpoint_folder,
    iterate_files,
    list_names,
    read_card,
)
from studio.checkpoints.hub import find_cached, get_shared_cache, parse_hub_id
from studio.checkpoints.materialise import materialise
from studio.checkpoints.records import Added, CheckpointTable
from studio.checkpoints.scan import HUB_CACHE, Scanned, scan_folder
from studio.config import Config
from studio.registry import Registry
from studio.spec import GeneratorSpec

_SHORTEST_PREFIX = 4  # of an asset's id; a shorter name is hardly meant as one


class CheckpointAsset(Protocol):
    """A CHECKPOINT asset of the library; `studio.store.AssetRecord` is one."""

    @property
    def id(self) -> str:
        """Id."""
        ...

    @property
    def title(self) -> str:
        """Short name."""
        ...

    @property
    def files(self) -> Mapping[str, Path]:
        """Name, or place in the checkpoint's folder -> file; main first."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def licence(self) -> str:
        """SPDX id or ""."""
        ...

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts; `generators` may list ids of those that take it."""
        ...


FindAsset = Callable[[str], CheckpointAsset | None]
ListAssets = Callable[[], Iterable[CheckpointAsset]]


@dataclass(frozen=True)
class Located:
    """A checkpoint whose files are known.

    Attributes:
        name: what it is listed as.
        added: the user's record of it, or None.
        generators: ids said by its plugin or its asset.
    """

    name: str
    source: Source
    path: Path
    size: int
    licence: str = ""
    generators: tuple[str, ...] = ()
    revision: str = ""
    added: Added | None = None


class Locator:
    """Looks in all places; the first that has a name wins."""

    def __init__(
        self,
        config: Config,
        table: CheckpointTable,
        registry: Registry,
        find_asset: FindAsset,
        list_assets: ListAssets,
    ) -> None:
        self.folder = config.home / "checkpoints"
        self.hub_cache = self.folder / HUB_CACHE
        self._assets_folder = config.home / "cache" / "checkpoints"
        self._folders = config.checkpoint_folders
        self._table = table
        self._registry = registry
        self._find_asset = find_asset
        self._list_assets = list_assets

    def iterate(self) -> Iterator[Located]:
        """Yield everything there is; each name once (a second gets its path for a name)."""
        names: set[str] = set()
        paths: set[Path] = set()
        for found in self._iterate_all():
            path = found.path.absolute()
            if path in paths:
                continue
            name = found.name if found.name not in names else str(path)
            paths.add(path)
            names.add(name)
            yield found if name == found.name else Located(**{**vars(found), "name": name})

    def find(self, name: str, spec: GeneratorSpec | None = None) -> Located | None:
        """Find a checkpoint by name, first among those that `spec` ships.

        Besides the names of `iterate`: an asset's id, a file name without its ending or folder if
        only one fits, any path, and a hub id that is in a cache.
        """
        specs = [spec] if spec else []
        for shipped in self._iterate_bundled([*specs, *self._registry.specs.values()], name):
            return shipped
        added = self._table.find(name)
        if added is not None:
            return _from_added(added)
        return (
            self._find_exactly(name)
            or self._find_by_asset(name)
            or self._find_loosely(name)
            or _find_path(name)
            or self._find_in_caches(name)
        )

    def _iterate_all(self) -> Iterator[Located]:
        yield from self._iterate_bundled(self._registry.specs.values())
        for added in self._table.find_all():
            yield _from_added(added)
        for asset in self._list_assets():
            yield self._from_asset(asset)
        yield from self._iterate_scanned()

    def _iterate_bundled(
        self, specs: Iterable[GeneratorSpec], name: str | None = None
    ) -> Iterator[Located]:
        """Yield what comes with plugins, or of it what is called `name`: measuring takes time."""
        takers: dict[tuple[str, str], list[str]] = {}
        licences: dict[tuple[str, str], str] = {}
        for spec in specs:
            for item in spec.checkpoints:
                if name not in (None, item.name):
                    continue
                key = (item.name, item.path)
                licences[key] = item.licence
                if spec.id not in takers.setdefault(key, []):
                    takers[key].append(spec.id)
        for (called, place), ids in takers.items():
            path, licence = Path(place), licences[called, place]
            yield Located(called, "bundled", path, measure(path), licence, tuple(ids))

    def _iterate_scanned(self) -> Iterator[Located]:
        for folder in (self.folder, *self._folders):
            for found in scan_folder(folder) if folder.is_dir() else ():
                if not (folder == self.folder and found.name.split("/")[0] == HUB_CACHE):
                    yield _from_scanned(found)

    def _find_exactly(self, name: str) -> Located | None:
        """Find a file or folder of that name without looking through all the others."""
        place = PurePosixPath(name)
        if not place.parts or place.is_absolute() or ".." in place.parts or not _is_path(name):
            return None
        for folder in (self.folder, *self._folders):
            path = folder / place
            is_folder = is_checkpoint_folder(list_names(path))
            is_file = path.suffix.lower() in {SAFE, *PICKLES} and path.is_file()
            if is_folder or is_file:
                return _from_scanned(Scanned(name, path, measure(path), is_folder))
        return None

    def _find_by_asset(self, name: str) -> Located | None:
        asset = self._find_asset(name) if len(name) >= _SHORTEST_PREFIX else None
        return self._from_asset(asset) if asset is not None else None

    def _find_loosely(self, name: str) -> Located | None:
        """Find the one file that is called so when its ending or its folder is left out."""
        fitting = [found for found in self._iterate_scanned() if name in _list_short_names(found)]
        return fitting[0] if len({found.path for found in fitting}) == 1 else None

    def _find_in_caches(self, name: str) -> Located | None:
        hub_id = parse_hub_id(name)
        if hub_id is None:
            return None
        for cache in (self.hub_cache, get_shared_cache(os.environ)):
            cached = find_cached(hub_id, cache)
            if cached is not None:
                path, commit = cached
                return Located(name, "hub", path, measure(path), revision=commit)
        return None

    def _from_asset(self, asset: CheckpointAsset) -> Located:
        return Located(
            asset.id,
            "asset",
            materialise(asset.id, asset.files, self._assets_folder),
            asset.size,
            asset.licence,
            tuple(map(str, asset.info.get("generators", ()))),
        )


def find_takers(located: Located, specs: Iterable[GeneratorSpec]) -> tuple[str, ...]:
    """Return the ids of generators known to take a checkpoint.

    They ship it, the checkpoint names them (`studio.generators` in the metadata of its
    safetensors, `generators` in its asset's info), or the schema of the param that chooses their
    weights lists the checkpoint's architecture under `architectures`.
    """
    card = read_card(located.path)
    takers = {*located.generators, *card.generators}
    for spec in specs:
        for param in spec.checkpoint_from:
            field = spec.params_schema.get("properties", {}).get(param, {})
            if card.architecture and card.architecture in field.get("architectures", ()):
                takers.add(spec.id)
    return tuple(sorted(takers))


def measure(path: Path) -> int:
    """Return the bytes of a file or folder; 0 if it is not there."""
    try:
        return sum(file.stat().st_size for file in iterate_files(path))
    except OSError:
        return 0


def _from_added(added: Added) -> Located:
    return Located(
        added.name, added.source, added.path, added.size, added.licence,
        revision=added.revision, added=added,
    )  # fmt: skip


def _from_scanned(found: Scanned) -> Located:
    source: Source = "folder" if found.is_folder else "file"
    return Located(found.name, source, found.path, found.size)


def _find_path(name: str) -> Located | None:
    if not _is_path(name):
        return None
    path = Path(os.path.expanduser(name))  # unlike Path.expanduser, it never raises
    if not path.is_file() and not is_weights_folder(path):
        return None
    source: Source = "folder" if path.is_dir() else "file"
    return Located(name, source, path.absolute(), measure(path))


def _is_path(name: str) -> bool:
    """Say whether the system takes a text for a path at all: not too long, no zero byte."""
    try:
        os.stat(name)
    except ValueError:
        return False
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


def is_weights_folder(path: Path) -> bool:
    """Say whether weights lie right in a folder; others are never searched through."""
    names = list_names(path)
    return is_checkpoint_folder(names) or any(Path(name).suffix == SAFE for name in names)


def _list_short_names(found: Located) -> set[str]:
    base = found.name.rpartition("/")[2]
    if found.source == "folder":
        return {base}
    return {base, Path(base).stem, str(Path(found.name).with_suffix(""))}
