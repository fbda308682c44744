"""The last step of an import: unpacked, checked assets find their place in the library."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from studio.errors import InvalidInputError
from studio.ids import read_milliseconds
from studio.store.assets import Assets
from studio.store.blobs import BlobRef
from studio.store.importing import find_same
from studio.store.manifest import BundledAsset, BundledEdge
from studio.store.records import AssetRecord, NewAsset
from studio.store.rows import add_edge, insert_asset
from studio.store.text import clean_text, index_asset


@dataclass(frozen=True)
class Arrival:
    """An asset of a bundle and where its files lie now; two arrivals may share one."""

    asset: BundledAsset
    files: dict[str, Path]

    def give_to(self, user: str) -> "Arrival":
        """Return it as that user's."""
        return replace(self, asset=self.asset.model_copy(update={"user": user}))


def settle(
    assets: Assets,
    bundle: Path,
    arrivals: Iterable[Arrival],
    lineage: Iterable[BundledEdge],
    *,
    is_given: bool = False,
) -> list[AssetRecord]:
    """Insert arrivals and lineage in one transaction; return them in order.

    Args:
        assets: the library.
        bundle: what is unpacked, for messages.
        arrivals: its assets.
        lineage: its edges.
        is_given: they are one user's: what another has already is not theirs.

    Raises:
        InvalidInputError: a file is not what its asset's kind says.
        StoreError: the disk is full or broken. Either way nothing is imported.
    """
    new = [(arrival, _build_new(assets, bundle, arrival)) for arrival in arrivals]
    unique = {path.name: path for arrival, _ in new for path in arrival.files.values()}
    staged = assets.stage(unique)
    try:
        with assets.database.transaction() as connection:
            numbers: dict[str, int] = {}
            known: set[str] = set()
            for arrival, asset in new:
                blobs = {name: staged[path.name] for name, path in arrival.files.items()}
                same = _find_known(assets, asset, asset.user if is_given else None)
                if same is not None:
                    known.add(arrival.asset.id)
                    numbers[arrival.asset.id] = same
                else:
                    number = _insert(assets, connection, arrival, asset, blobs)
                    numbers[arrival.asset.id] = number
            _add_lineage(connection, lineage, numbers, known)
    finally:
        # Those that were in the library already, and after an error all of them.
        assets.discard_quietly(staged.values())
    return assets.rows.load(list(dict.fromkeys(numbers.values())))


def _build_new(assets: Assets, bundle: Path, arrival: Arrival) -> NewAsset:
    """Look at the files themselves: facts and payload hash are ours, not the bundle's."""
    asset = arrival.asset
    codec = assets.codecs.get(asset.kind)
    try:
        facts = codec.probe(arrival.files)
        payload_hash = codec.hash_payload(arrival.files)
    except InvalidInputError as error:
        raise InvalidInputError(
            "{path}: asset {id} is damaged ({fault}); nothing was imported",
            path=bundle,
            id=asset.id,
            fault=error,
        ) from error
    return NewAsset(
        kind=asset.kind,
        files=arrival.files,
        payload_hash=payload_hash,
        title=asset.title,
        recipe=asset.recipe,
        facts={**asset.facts, **facts},
        metrics=asset.metrics,
        info=asset.info,
        licence=asset.licence,
        source="imported",
        tags=asset.tags,
        user=asset.user,
        device=asset.device,
        versions=asset.versions,
        seconds=asset.seconds,
        trashed=asset.trashed,
    )


def _find_known(assets: Assets, new: NewAsset, user: str | None) -> int | None:
    """Return the number of the same asset if it is here, back from the trash if need be."""
    key = new.recipe.key if new.recipe else ""
    same = find_same(assets, new.kind, new.payload_hash, key, user)
    if same is None:
        return None
    if same.trashed and not new.trashed:
        assets.restore([same.id])
    return assets.get_number(same.id)


def _insert(
    assets: Assets,
    connection: apsw.Connection,
    arrival: Arrival,
    new: NewAsset,
    blobs: dict[str, BlobRef],
) -> int:
    id = _choose_id(assets, connection, arrival.asset.id)
    number = insert_asset(connection, id, new, blobs)
    connection.execute(
        "UPDATE assets SET rating = ?, notes = ? WHERE n = ?",
        (arrival.asset.rating, clean_text(arrival.asset.notes), number),
    )
    index_asset(connection, number)
    return number


def _choose_id(assets: Assets, connection: apsw.Connection, id: str) -> str:
    """Keep the id an asset comes with, and so its time, unless it is taken or of the future."""
    milliseconds = read_milliseconds(id)
    if milliseconds > time.time() * 1000:
        return assets.ids.new_id()
    if list(connection.execute("SELECT 1 FROM assets WHERE id = ?", (id,))):
        return assets.ids.new_id(milliseconds)
    return id


def _add_lineage(
    connection: apsw.Connection,
    lineage: Iterable[BundledEdge],
    numbers: dict[str, int],
    known: set[str],
) -> None:
    """Add the edges to assets that are new; one that was here keeps the lineage it has.

    So no edge ever leads from a new asset down to an old one, and no circle can close.
    """
    for edge in lineage:
        child, parent = numbers[edge.child], numbers[edge.parent]
        if edge.child not in known and child != parent:
            add_edge(connection, child, edge.slot, edge.position, parent)
