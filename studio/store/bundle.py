"""Writing a bundle: assets with files, recipes and lineage as one zip, the same every time.

Nothing in it tells when or where it was written: fixed dates, sorted names, no compression (media
are compressed already, and another zlib would give other bytes).
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from studio.database import Row
from studio.errors import StoreError
from studio.store.assets import Assets
from studio.store.blobs import BlobRef
from studio.store.files import as_store_errors
from studio.store.lineage import find_ancestors
from studio.store.manifest import (
    MANIFEST_NAME,
    BundledAsset,
    BundledEdge,
    BundledFile,
    Manifest,
)
from studio.store.records import AssetRecord

_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PLAIN_FILE = 0o100644
_CHUNK = 1 << 20
_LARGE = 1 << 31
_ANCESTORS = 100_000

_EDGES = """
    SELECT c.id AS child, slot, position, p.id AS parent FROM lineage
    JOIN assets AS p ON p.n = parent JOIN assets AS c ON c.n = child
    WHERE child IN (SELECT value FROM json_each(?1))
        AND parent IN (SELECT value FROM json_each(?1))
    ORDER BY child, slot, position
"""


def export_bundle(
    assets: Assets, ids: Iterable[str], path: Path, *, with_ancestors: bool = True
) -> int:
    """Write assets to a zip at `path`, which is replaced only when all is well.

    Args:
        assets: the library.
        ids: of assets, or unique prefixes.
        path: the zip.
        with_ancestors: all they were made from, too.

    Returns:
        How many assets are in it.

    Raises:
        AssetNotFoundError: no such asset.
        StoreError: a file of the library is missing or damaged, or the disk is full.
    """
    numbers = {assets.get_number(id) for id in ids}
    if with_ancestors:
        for number in list(numbers):
            numbers |= find_ancestors(assets.database, number, _ANCESTORS)
    ordered = sorted(numbers)
    blobs = _find_files(assets, ordered)
    manifest = _build_manifest(assets, ordered, blobs)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with as_store_errors(path):
            _write(assets, temporary, manifest, blobs)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return len(manifest.assets)


def _find_files(assets: Assets, numbers: list[int]) -> dict[str, list[tuple[str, BlobRef]]]:
    """Return asset id -> (name, blob) in order."""
    sql = (
        "SELECT a.id, f.name, f.sha256, f.size, f.suffix FROM files AS f "
        "JOIN assets AS a ON a.n = f.asset "
        "WHERE f.asset IN (SELECT value FROM json_each(?)) ORDER BY f.asset, f.position"
    )
    found: dict[str, list[tuple[str, BlobRef]]] = {}
    for row in assets.database.query(sql, (json.dumps(numbers),)):
        ref = BlobRef(row["sha256"], row["size"], row["suffix"])
        found.setdefault(row["id"], []).append((row["name"], ref))
    return found


def _build_manifest(
    assets: Assets, numbers: list[int], blobs: Mapping[str, list[tuple[str, BlobRef]]]
) -> Manifest:
    edges: list[Row] = assets.database.query(_EDGES, (json.dumps(numbers),))
    return Manifest(
        assets=tuple(
            _build_asset(record, blobs[record.id]) for record in assets.rows.load(numbers)
        ),
        lineage=tuple(BundledEdge(**edge) for edge in edges),
    )


def _build_asset(record: AssetRecord, files: list[tuple[str, BlobRef]]) -> BundledAsset:
    names = set(BundledAsset.model_fields) - {"files"}
    return BundledAsset(
        **{name: getattr(record, name) for name in names},
        files=tuple(
            BundledFile(name=name, sha256=ref.sha256, size=ref.size, suffix=ref.suffix)
            for name, ref in files
        ),
    )


def _write(
    assets: Assets,
    path: Path,
    manifest: Manifest,
    blobs: Mapping[str, list[tuple[str, BlobRef]]],
) -> None:
    text = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, indent=1)
    refs = {ref.name: ref for files in blobs.values() for _, ref in files}
    with path.open("xb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_build_entry(MANIFEST_NAME), text.encode())
            for name in sorted(refs):
                _write_blob(archive, assets.blobs.get_path(refs[name]), refs[name])
        stream.flush()
        os.fsync(stream.fileno())


def _write_blob(archive: zipfile.ZipFile, path: Path, ref: BlobRef) -> None:
    """Copy a blob in, checking on the way that it is what its name says."""
    digest = hashlib.sha256()
    entry = _build_entry(f"blobs/{ref.name}")
    entry.file_size = ref.size
    with (
        as_store_errors(path),
        path.open("rb") as source,
        archive.open(entry, "w", force_zip64=ref.size >= _LARGE) as sink,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            sink.write(chunk)
    if digest.hexdigest() != ref.sha256:
        raise StoreError("{path}: is damaged; run `studio fsck --deep`", path=path)


def _build_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = _PLAIN_FILE << 16
    return entry
