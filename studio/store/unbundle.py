"""Reading a bundle that anybody may have written: believed in nothing, taken in whole or not."""

import hashlib
import json
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pydantic import ValidationError

from studio.errors import InvalidInputError, StoreError
from studio.store.assets import Assets
from studio.store.files import as_input_errors, as_store_errors, check_file
from studio.store.manifest import (
    ENTRY_NAME,
    FORMAT,
    LARGEST_MANIFEST,
    MANIFEST_NAME,
    VERSION,
    BundledFile,
    Manifest,
)
from studio.store.records import AssetRecord
from studio.store.settling import Arrival, settle

_CHUNK = 1 << 20
_SMALL = 1 << 20
_LARGEST_RATIO = 200
_MOST_ENTRIES = 1_000_000
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError,
    NotImplementedError, ValueError, OverflowError,
)  # fmt: skip
"""What the zip library raises, depending on where the damage is."""


def import_bundle(assets: Assets, path: Path, *, user: str | None = None) -> list[AssetRecord]:
    """Add all assets of a bundle, with their lineage; return them, oldest first.

    An asset whose content and recipe are in the library already is that asset. They come as
    imported: none of them answers for a run of its recipe here.

    Args:
        assets: the library.
        path: of the bundle.
        user: whose they become; as the bundle says when None.

    Raises:
        InvalidInputError: not a bundle, damaged, of a newer Studio, or hostile (names that lead
            elsewhere, links, duplicates, bombs, wrong hashes); nothing is imported.
        StoreError: the disk is full or broken; nothing is imported.
    """
    check_file(path)
    with as_store_errors(assets.blobs.incoming):
        unpacked = tempfile.TemporaryDirectory(dir=assets.blobs.incoming)
    with unpacked as folder:
        with _opened(path) as bundle:
            manifest = bundle.read_manifest()
            files = bundle.check_files(manifest)
            free = shutil.disk_usage(folder).free
            if sum(file.size for file in files.values()) > free:
                raise StoreError("{path}: the disk is full; free some space", path=assets.folder)
            for name, file in files.items():
                bundle.extract(name, file, Path(folder) / name.rpartition("/")[2])
        arrivals = [
            Arrival(
                asset,
                {
                    file.name: Path(folder) / file.entry_name.rpartition("/")[2]
                    for file in asset.files
                },
            )
            for asset in manifest.assets
        ]
        if user is not None:
            arrivals = [arrival.give_to(user) for arrival in arrivals]
        return settle(assets, path, arrivals, manifest.lineage, is_given=user is not None)


@dataclass(frozen=True)
class _Bundle:
    """An open zip whose entries have plain names."""

    path: Path
    archive: zipfile.ZipFile

    def check_entries(self) -> None:
        """Refuse everything that an honest bundle never holds."""
        entries = self.archive.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise self.build_error("has too many entries")
        seen: set[str] = set()
        for entry in entries:
            name = entry.orig_filename
            if name != MANIFEST_NAME and not ENTRY_NAME.fullmatch(name):
                raise self.build_error(f"holds '{name[:100]}', which no bundle has")
            if name in seen:
                raise self.build_error(f"holds '{name}' twice")
            seen.add(name)
            mode = entry.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
                raise self.build_error(f"'{name}' is a link or a device")
            if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
                raise self.build_error(f"'{name}' is encrypted or packed in an unknown way")
            packed = max(entry.compress_size, 1)
            if entry.file_size > _SMALL and entry.file_size / packed > _LARGEST_RATIO:
                raise self.build_error(f"'{name}' would grow beyond measure")

    def read_manifest(self) -> Manifest:
        """Read and check the manifest."""
        try:
            entry = self.archive.getinfo(MANIFEST_NAME)
        except KeyError:
            raise self.build_error("has no manifest") from None
        if entry.file_size > LARGEST_MANIFEST:
            raise self.build_error("has too large a manifest")
        try:
            data = json.loads(self.archive.read(entry))
            if not isinstance(data, dict) or data.get("format") != FORMAT:
                raise self.build_error("has no manifest of a bundle")
            version = data.get("version")
            if isinstance(version, int) and version > VERSION:
                raise InvalidInputError(
                    "{path}: was made by a newer Studio; update Studio to import it",
                    path=self.path,
                )
            return Manifest.model_validate_json(json.dumps(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise self.build_error(f"its manifest at {where}: {first['msg']}") from error
        except (ValueError, RecursionError) as error:
            raise self.build_error("its manifest is not JSON") from error

    def check_files(self, manifest: Manifest) -> dict[str, BundledFile]:
        """Check that entries and manifest agree; return entry name -> file."""
        files = {file.entry_name: file for asset in manifest.assets for file in asset.files}
        entries = {entry.filename: entry for entry in self.archive.infolist()}
        del entries[MANIFEST_NAME]
        if odd := sorted(files.keys() ^ entries.keys()):
            raise self.build_error(f"manifest and entries disagree on '{odd[0]}'")
        for name, file in files.items():
            if entries[name].file_size != file.size:
                raise self.build_error(f"the size of '{name}' is not what the manifest says")
        for asset in manifest.assets:
            names = [file.name for file in asset.files]
            if len(set(names)) != len(names):
                raise self.build_error(f"asset {asset.id} has two files of one name")
        self._check_lineage(manifest)
        return files

    def extract(self, name: str, file: BundledFile, target: Path) -> None:
        """Write an entry to `target`, no further than its size, and check its hash."""
        digest = hashlib.sha256()
        size = 0
        with as_store_errors(target), target.open("xb") as sink:
            for chunk in self._iterate_chunks(name):
                size += len(chunk)
                if size > file.size:
                    raise self.build_error(f"'{name}' is larger than it says")
                digest.update(chunk)
                sink.write(chunk)
        if digest.hexdigest() != file.sha256:
            raise self.build_error(f"'{name}' is not the file its name says")

    def build_error(self, fault: str) -> InvalidInputError:
        """Say what is wrong with the bundle."""
        return InvalidInputError(
            "{path}: {fault}; nothing was imported, ask for the bundle again",
            path=self.path,
            fault=fault,
        )

    def _iterate_chunks(self, name: str) -> Iterator[bytes]:
        with as_input_errors(self.path), self.archive.open(name) as source:
            while chunk := source.read(_CHUNK):
                yield chunk

    def _check_lineage(self, manifest: Manifest) -> None:
        ids = {asset.id for asset in manifest.assets}
        if len(ids) != len(manifest.assets):
            raise self.build_error("has two assets of one id")
        parents: dict[str, set[str]] = {}
        places = set()
        for edge in manifest.lineage:
            if not {edge.child, edge.parent} <= ids:
                raise self.build_error("its lineage names an asset that is not in it")
            parents.setdefault(edge.child, set()).add(edge.parent)
            places.add((edge.child, edge.slot, edge.position))
        if len(places) != len(manifest.lineage):
            raise self.build_error("its lineage fills one place twice")
        try:
            TopologicalSorter(parents).prepare()
        except CycleError:
            raise self.build_error("its lineage runs in a circle") from None


@contextmanager
def _opened(path: Path) -> Iterator[_Bundle]:
    """Open a bundle; whatever the zip library finds wrong with it is the bundle's fault."""
    try:
        with as_input_errors(path):
            archive = zipfile.ZipFile(path)
        with archive:
            bundle = _Bundle(path, archive)
            bundle.check_entries()
            yield bundle
    except _ZIP_ERRORS as error:
        raise InvalidInputError(
            "{path}: is not a bundle, or is damaged ({fault}); ask for it again",
            path=path,
            fault=str(error) or "it ends too early",
        ) from error
