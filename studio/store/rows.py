"""Assets as rows: inserting one, and loading many at once."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from studio.codecs.colours import COLOURS
from studio.database import Database, Row, all_or_nothing
from studio.errors import InvalidInputError, StoreError
from studio.ids import read_milliseconds
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store.blobs import BlobRef
from studio.store.labels import COLLECTION, find_names
from studio.store.records import AssetRecord, NewAsset
from studio.store.schema import LIVE, NUMBER_SHIFT, TRASHED
from studio.store.text import clean_tag, clean_text, index_asset

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")

_INSERT = """
    INSERT INTO assets(n, id, state, trashed_at, kind, generator, user, payload_hash, recipe_key,
        job, output_index, source, title, licence, device, size, seconds, recipe, facts,
        metrics, info, versions)
    VALUES(:n, :id, :state, iif(:state, unixepoch('subsec'), NULL), :kind, :generator, :user,
        :payload_hash, :recipe_key, :job, :output_index, :source, :title, :licence, :device,
        :size, :seconds, :recipe, :facts, :metrics, :info, :versions)
"""


def insert_asset(
    connection: apsw.Connection, id: str, new: NewAsset, blobs: Mapping[str, BlobRef]
) -> int:
    """Insert an asset with files, tags, lineage and search entry; return its number.

    Raises:
        StoreError: its output of the job is there already.
        InvalidInputError: it has no file, or a file's name is not a plain word.
    """
    _check_names(new.kind, blobs)
    row = _build_row(new, blobs)
    with all_or_nothing(connection):
        number = _find_free_number(connection, read_milliseconds(id))
        try:
            connection.execute(_INSERT, {**row, "n": number, "id": id})
        except apsw.ConstraintError as error:
            raise StoreError(
                "job {job}: its output {index} is stored already",
                job=new.job,
                index=new.output_index,
            ) from error
        connection.executemany(
            "INSERT INTO files VALUES(?, ?, ?, ?, ?, ?)",
            [
                (number, position, name, ref.sha256, ref.size, ref.suffix)
                for position, (name, ref) in enumerate(blobs.items())
            ],
        )
        add_tags(connection, number, new.tags)
        _add_colours(connection, number, new.facts.get("colours"))
        _insert_parents(connection, number, new.parents)
        index_asset(connection, number)
    return number


def add_tags(connection: apsw.Connection, number: int, tags: Iterable[str]) -> None:
    """Give an asset tags; those it has are left as they are."""
    connection.executemany(
        "INSERT OR IGNORE INTO tags VALUES(?, ?)", [(clean_tag(tag), number) for tag in tags]
    )


def add_edge(
    connection: apsw.Connection, child: int, slot: str, position: int, parent: int
) -> None:
    """Note that `child` was made from `parent`."""
    connection.execute(
        "INSERT INTO lineage(child, slot, position, parent) VALUES(?, ?, ?, ?)",
        (child, clean_text(slot), position, parent),
    )


def _add_colours(connection: apsw.Connection, number: int, names: Any) -> None:
    """Note the colours of a picture; what a stranger's file says of them is not believed."""
    known = [name for name in names if name in COLOURS] if isinstance(names, list | tuple) else []
    connection.executemany(
        "INSERT OR IGNORE INTO colours VALUES(?, ?)", [(name, number) for name in known]
    )


@dataclass(frozen=True)
class BlobPaths(Mapping[str, Path]):
    """Where the files of an asset are, made when asked for: a list of assets does not ask."""

    blobs: Mapping[str, BlobRef]
    get_path: Callable[[BlobRef], Path] = field(repr=False, compare=False)

    def __getitem__(self, name: str) -> Path:
        return self.get_path(self.blobs[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.blobs)

    def __len__(self) -> int:
        return len(self.blobs)


class RowLoader:
    """Turns numbers into records, a few queries for all of them."""

    def __init__(self, database: Database, get_path: Callable[[BlobRef], Path]) -> None:
        self._database = database
        self._get_path = get_path

    def load(self, numbers: list[int]) -> list[AssetRecord]:
        """Load in the order given; a number that is gone meanwhile is left out.

        Raises:
            StoreError: a row is damaged.
        """
        wanted = (json.dumps(numbers),)
        select = "SELECT {} WHERE {} IN (SELECT value FROM json_each(?)) {}"
        sql = select.format("* FROM assets", "n", "")
        rows = {row["n"]: row for row in self._database.query(sql, wanted)}
        files: dict[int, dict[str, BlobRef]] = {number: {} for number in rows}
        sql = select.format("* FROM files", "asset", "ORDER BY asset, position")
        for row in self._database.query(sql, wanted):
            ref = BlobRef(row["sha256"], row["size"], row["suffix"])
            files.setdefault(row["asset"], {})[row["name"]] = ref
        tags: dict[int, list[str]] = {number: [] for number in rows}
        for row in self._database.query(select.format("* FROM tags", "asset", ""), wanted):
            tags.setdefault(row["asset"], []).append(row["tag"])
        collections = {tag for some in tags.values() for tag in some if tag.startswith(COLLECTION)}
        names = find_names(self._database, collections) if collections else {}
        return [
            self._build(rows[number], files[number], tags[number], names)
            for number in numbers
            if number in rows
        ]

    def _build(
        self,
        row: Row,
        blobs: dict[str, BlobRef],
        tags: list[str],
        names: Mapping[tuple[str, str], str],
    ) -> AssetRecord:
        try:
            if not blobs:
                raise ValueError("it has no files")
            files = BlobPaths(blobs, self._get_path)
            collections = [
                names.get((tag, row["user"]), tag.removeprefix(COLLECTION))
                for tag in sorted(tags)
                if tag.startswith(COLLECTION)
            ]
            labels = (tuple(sorted(tags)), tuple(collections))
            return _build_record(row, files, labels)
        except (ValueError, TypeError) as error:
            raise StoreError(
                "asset {id}: its record is damaged ({fault}); run `studio fsck --repair`",
                id=row["id"],
                fault=str(error).partition("\n")[0],
            ) from error


def _build_record(
    row: Row, files: BlobPaths, labels: tuple[tuple[str, ...], tuple[str, ...]]
) -> AssetRecord:
    tags, collections = labels
    return AssetRecord(
        id=row["id"],
        kind=MediaType(row["kind"]),
        title=row["title"],
        files=files,
        blobs=files.blobs,
        payload_hash=row["payload_hash"],
        size=row["size"],
        created=(row["n"] >> NUMBER_SHIFT) / 1000,
        recipe=Recipe.model_validate_json(row["recipe"]) if row["recipe"] else None,
        recipe_key=row["recipe_key"],
        facts=_read_json(row["facts"]),
        metrics=_read_json(row["metrics"]),
        info=_read_json(row["info"]),
        licence=row["licence"],
        source=row["source"],
        tags=tags,
        collections=collections,
        rating=row["rating"],
        notes=row["notes"],
        user=row["user"],
        device=row["device"],
        versions=_read_json(row["versions"]),
        seconds=row["seconds"],
        job=row["job"],
        output_index=row["output_index"],
        trashed=row["state"] != LIVE,
    )


def _read_json(text: str) -> Any:
    # Most are empty, and a page has hundreds.
    return {} if text == "{}" else json.loads(text)


def _build_row(new: NewAsset, blobs: Mapping[str, BlobRef]) -> dict[str, Any]:
    return {
        "state": TRASHED if new.trashed else LIVE,
        "kind": new.kind.value,
        "generator": clean_text(new.recipe.generator) if new.recipe else "",
        "user": clean_text(new.user),
        "payload_hash": new.payload_hash,
        "recipe_key": new.recipe.key if new.recipe else "",
        "job": new.job,
        "output_index": new.output_index,
        "source": new.source,
        "title": clean_text(new.title),
        "licence": clean_text(new.licence),
        "device": new.device,
        "size": sum(ref.size for ref in blobs.values()),
        "seconds": float(new.seconds),
        "recipe": new.recipe.to_json() if new.recipe else None,
        "facts": _dump(new.facts),
        "metrics": _dump({name: float(value) for name, value in new.metrics.items()}),
        "info": _dump(new.info),
        "versions": _dump(new.versions),
    }


def _dump(value: Mapping[str, Any]) -> str:
    """Write JSON; what JSON cannot say (a path, a numpy number) is written as text."""
    return json.dumps(dict(value), sort_keys=True, default=str)


def _check_names(kind: MediaType, blobs: Mapping[str, BlobRef]) -> None:
    if not blobs:
        raise InvalidInputError("{kind}: an asset needs a file", kind=kind)
    for name in blobs:
        if not _FILE_NAME.fullmatch(name):
            raise InvalidInputError(
                "file '{name}': a file's name in an asset must be a plain word", name=name
            )


def _find_free_number(connection: apsw.Connection, milliseconds: int) -> int:
    """Return the first number of that millisecond that is above all those taken in it."""
    first = milliseconds << NUMBER_SHIFT
    sql = "SELECT coalesce(max(n) + 1, ?1) AS n FROM assets WHERE n >= ?1 AND n < ?2"
    for row in connection.execute(sql, (first, first + (1 << NUMBER_SHIFT))):
        number: int = row["n"]
        return number
    raise AssertionError("an aggregate always gives a row")


def _insert_parents(
    connection: apsw.Connection, number: int, parents: Iterable[tuple[str, str]]
) -> None:
    """Add the edges. A result is worth more than an edge to something purged meanwhile."""
    for position, (slot, id) in enumerate(parents):
        rows = list(connection.execute("SELECT n FROM assets WHERE id = ?", (id,)))
        if rows:
            add_edge(connection, number, slot, position, rows[0]["n"])
        else:
            logging.getLogger("studio.store").warning("parent %s is gone: no lineage to it", id)
