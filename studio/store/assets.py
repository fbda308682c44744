"""The asset table and its files as one thing: what goes in together stays together."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import apsw

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import AssetNotFoundError, InvalidParamsError, StoreError
from studio.ids import IdSource
from studio.media import MediaType
from studio.store.blobs import BlobRef, BlobStore
from studio.store.files import Disk
from studio.store.lineage import find_edges, find_family
from studio.store.records import AssetRecord, Edge, Lineage, NewAsset, Page, SearchQuery
from studio.store.rows import RowLoader, add_tags, insert_asset
from studio.store.schema import LIVE, SCRIPTS, SET_ASIDE, TRASHED
from studio.store.search import count_assets, find_numbers
from studio.store.text import clean_tag, clean_text, index_all, index_asset
from studio.store.thumbnails import Thumbnails
from studio.store.trash import move_to_trash, purge, remove_unnamed, restore_from_trash


class Assets:
    """Every asset of a home. Safe from any thread and any number of processes.

    Wherever an asset is named by its id, a prefix that only one id has will do.

    Args:
        database: of the home; the store's tables are made or brought up to date in it.
        folder: the home.
        codecs: how media are read; the built-in ones if None.
        disk: the file-system calls; the real ones if None.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        codecs: Codecs | None = None,
        disk: Disk | None = None,
    ) -> None:
        database.migrate("store", SCRIPTS)
        self.database = database
        self.folder = folder
        self.codecs = codecs or Codecs()
        self.ids = IdSource()
        self.blobs = BlobStore(folder / "blobs", disk)
        self.thumbnails = Thumbnails(folder / "thumbnails", self.codecs)
        self.rows = RowLoader(database, self.blobs.get_path)

    # Adding

    def stage(self, files: Mapping[str, Path], *, move: bool = True) -> dict[str, BlobRef]:
        """Make files durable as blobs, before the transaction; they are moved, not copied.

        One sync per file and one per folder of blobs touched.

        Raises:
            StoreError: the disk is full or broken; nothing is left behind.
        """
        return self.stage_many([files], move=move)[0]

    def stage_many(
        self, groups: Sequence[Mapping[str, Path]], *, move: bool = True
    ) -> list[dict[str, BlobRef]]:
        """Stage the files of several assets, all or none, with one sync per folder for all."""
        names = [(index, name) for index, files in enumerate(groups) for name in files]
        refs = self.blobs.put_all({pair: groups[pair[0]][pair[1]] for pair in names}, move=move)
        return [{name: refs[index, name] for name in files} for index, files in enumerate(groups)]

    def insert(
        self, connection: apsw.Connection, new: NewAsset, blobs: Mapping[str, BlobRef]
    ) -> str:
        """Insert an asset inside the caller's transaction and return its id.

        Raises:
            StoreError: that output of the job is stored already, or a blob was purged meanwhile.
        """
        for ref in blobs.values():
            if not self.blobs.is_there(ref):
                raise StoreError(
                    "{path}: is gone since it was stored; make the asset again",
                    path=self.blobs.get_path(ref),
                )
        id = self.ids.new_id()
        insert_asset(connection, id, new, blobs)
        if new.thumbnail is not None:
            self.thumbnails.keep(id, new.thumbnail)
        return id

    def add(self, new: NewAsset, *, move: bool = True) -> AssetRecord:
        """Stage and insert in a durable transaction of its own; all of it or nothing."""
        blobs = self.stage(new.files, move=move)
        try:
            with self.database.transaction() as connection:
                id = self.insert(connection, new, blobs)
        except BaseException:
            self.discard_quietly(blobs.values())
            raise
        return self.get(id)

    def discard(self, blobs: Iterable[BlobRef]) -> None:
        """Remove staged blobs whose transaction failed, unless an asset names them."""
        remove_unnamed(self.database, self.blobs, blobs)

    def discard_quietly(self, blobs: Iterable[BlobRef]) -> None:
        """Discard after an error: what failed first is the one to tell, and fsck finds the rest."""
        with suppress(StoreError):
            self.database.settle()  # what failed must not come true once its files are gone
            self.discard(blobs)

    # Finding

    def get(self, id_or_prefix: str) -> AssetRecord:
        """Return one asset.

        Raises:
            AssetNotFoundError: no asset, or more than one, has an id that begins so.
        """
        records = self.rows.load([self.get_number(id_or_prefix)])
        if not records:
            raise _build_missing_error(id_or_prefix)
        return records[0]

    def get_number(self, id_or_prefix: str) -> int:
        """Return the row number of an asset.

        Raises:
            AssetNotFoundError: as `get`.
        """
        wanted = clean_text(id_or_prefix).strip().lower()
        sql = "SELECT n, id FROM assets WHERE id >= ? AND id < ? ORDER BY id LIMIT 2"
        rows = self.database.query(sql, (wanted, wanted + "{")) if wanted.isalnum() else []
        if not rows:
            raise _build_missing_error(id_or_prefix)
        if len(rows) > 1:
            raise AssetNotFoundError(
                "asset {id}: more than one begins so; give more of the id", id=id_or_prefix
            )
        number: int = rows[0]["n"]
        return number

    def find_by_recipe(self, recipe_key: str, *, with_trash: bool = False) -> list[AssetRecord]:
        """Return the assets in the library that were made here by a recipe, in output order.

        Imported files are left out: that a file says how it was made proves nothing.

        Args:
            recipe_key: `Recipe.key`.
            with_trash: those in the trash too.
        """
        sql = (
            "SELECT n FROM assets WHERE recipe_key = ? AND recipe_key <> '' AND state <= ? "
            "AND source = 'generated' ORDER BY output_index, n"
        )
        return self._load(sql, recipe_key, TRASHED if with_trash else LIVE)

    def find_by_payload(self, payload_hash: str) -> list[AssetRecord]:
        """Return the assets with that content, those in the library first, then the trash."""
        sql = "SELECT n FROM assets WHERE payload_hash = ? AND state <> ? ORDER BY state, n"
        return self._load(sql, payload_hash, SET_ASIDE)

    def find_checkpoint(self, name: str) -> AssetRecord | None:
        """Return a checkpoint of the library by id, unique prefix or, newest first, title."""
        sql = (
            "SELECT n FROM assets INDEXED BY assets_kind WHERE state = ? AND kind = ? "
            "AND title = ? ORDER BY n DESC LIMIT 1"
        )
        records = self._load(sql, LIVE, MediaType.CHECKPOINT.value, clean_text(name))
        if not records:
            with suppress(AssetNotFoundError):
                records = [self.get(name)]
        found = [record for record in records if record.kind is MediaType.CHECKPOINT]
        return found[0] if found else None

    def find_by_job(self, job: str) -> list[AssetRecord]:
        """Return all outputs of a job, in order, trashed ones too."""
        return self._load("SELECT n FROM assets WHERE job = ? ORDER BY output_index", job)

    def search(self, query: SearchQuery) -> Page:
        """Return a page of assets, newest first.

        Raises:
            InvalidParamsError: the limit, rating, a tag or the cursor is not one.
        """
        numbers, cursor = find_numbers(self.database, query)
        return Page(self.rows.load(numbers), cursor)

    def count(self, query: SearchQuery) -> int:
        """Count what a query means over all its pages."""
        return count_assets(self.database, query)

    def get_lineage(self, id: str) -> Lineage:
        """Return all an asset came from and all that came from it."""
        numbers, is_complete = find_family(self.database, self.get_number(id))
        edges = find_edges(self.database, json.dumps(numbers))
        return Lineage(
            nodes=tuple(self.rows.load(numbers)),
            edges=tuple(Edge(*edge) for edge in edges),
            is_complete=is_complete,
        )

    def find_thumbnail(self, id: str) -> Path | None:
        """Return the picture of an asset, made again if it is missing; None if there is none."""
        return self.thumbnails.make(self.get(id))

    # Changing what the user says about an asset

    def tag(self, id: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> AssetRecord:
        """Give tags to an asset and take others away."""
        with self.database.transaction() as connection:
            number = self.get_number(id)
            connection.executemany(
                "DELETE FROM tags WHERE tag = ? AND asset = ?",
                [(clean_tag(tag), number) for tag in remove],
            )
            add_tags(connection, number, add)
            index_asset(connection, number)
        return self.get(id)

    def rate(self, id: str, rating: int) -> AssetRecord:
        """Give 1 to 5 stars; 0 takes them away."""
        if rating not in range(6):
            raise InvalidParamsError("rating {rating}: must be 0 to 5 stars", rating=rating)
        return self._update(id, "rating", int(rating))

    def note(self, id: str, notes: str) -> AssetRecord:
        """Replace the notes of an asset."""
        return self._update(id, "notes", clean_text(notes))

    def set_title(self, id: str, title: str) -> AssetRecord:
        """Rename an asset."""
        return self._update(id, "title", clean_text(title))

    # The trash

    def trash(self, ids: Sequence[str]) -> int:
        """Move assets to the trash, all or none; return how many were not there yet."""
        return move_to_trash(self.database, [self.get_number(id) for id in ids])

    def restore(self, ids: Sequence[str]) -> int:
        """Move assets back from the trash, all or none; return how many came."""
        return restore_from_trash(self.database, [self.get_number(id) for id in ids])

    def purge(self, ids: Sequence[str]) -> int:
        """Remove for ever those of some assets that are in the trash; return how many."""
        numbers = [self.get_number(id) for id in ids]
        return purge(self.database, self.blobs, self.thumbnails, time.time(), numbers)

    def purge_trash(self, older_than: float = 0.0) -> int:
        """Remove for ever what was trashed longer ago than that (seconds); return how many."""
        before = time.time() - older_than
        return purge(self.database, self.blobs, self.thumbnails, before)

    def rebuild_search(self) -> None:
        """Make the text index anew from the rows."""
        with self.database.transaction() as connection:
            index_all(connection)

    def _load(self, sql: str, *values: object) -> list[AssetRecord]:
        return self.rows.load([row["n"] for row in self.database.query(sql, values)])

    def _update(self, id: str, column: str, value: str | int) -> AssetRecord:
        with self.database.transaction() as connection:
            number = self.get_number(id)
            connection.execute(f"UPDATE assets SET {column} = ? WHERE n = ?", (value, number))
            index_asset(connection, number)
        return self.get(id)


def _build_missing_error(id: str) -> AssetNotFoundError:
    return AssetNotFoundError(
        "asset {id}: there is none; `studio assets list` shows what there is", id=id
    )
