"""Looking for damage. What is found is reported; repair only ever moves it to the quarantine."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.database import Row
from studio.errors import StoreError
from studio.store.assets import Assets
from studio.store.blobs import BlobRef
from studio.store.labels import is_counted_right, rebuild_counts
from studio.store.quarantine import Quarantine
from studio.store.schema import LIVE, SET_ASIDE, TRASHED

GRACE = 3600.0
"""Seconds a file may lie about unnamed before it counts as forgotten: it may be on its way in."""

_CHUNK = 500


@dataclass(frozen=True)
class Problem:
    """One fault.

    Attributes:
        kind: "database", "missing-file", "wrong-size", "wrong-hash", "orphan-file",
            "unreadable-row", "dangling-row", "search-index", "tag-counts" or "whole-again".
        subject: the path, or the asset's id.
        advice: what to do, or what was done.
        repaired: whether it has been set aside (or, for what can be derived, made anew).
    """

    kind: str
    subject: str
    advice: str
    repaired: bool = False


@dataclass(frozen=True)
class FsckReport:
    """What was looked at and what was found."""

    assets: int
    files: int
    problems: list[Problem] = field(default_factory=list)
    quarantine: Path | None = None

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return not self.problems


def check_store(assets: Assets, *, deep: bool = False, repair: bool = False) -> FsckReport:
    """Check a home: database, rows, files, lineage, search.

    Args:
        assets: the library.
        deep: read every file and compare its hash; otherwise its size.
        repair: move what is wrong to `quarantine/`, and hide assets that are not whole. Such an
            asset comes back by itself once its files do (import them again, then repair again).
    """
    check = _Check(assets, deep, Quarantine(assets.folder / "quarantine") if repair else None)
    try:
        check.check_database()
        check.check_rows()
        check.check_links()
        check.check_search()
        check.check_counts()
        check.check_files()
    except StoreError as error:
        check.report("database", str(assets.database.path), str(error), repaired=False)
    return check.finish()


class _Check:
    """One run over a home."""

    def __init__(self, assets: Assets, deep: bool, quarantine: Quarantine | None) -> None:
        self._assets = assets
        self._deep = deep
        self._quarantine = quarantine
        self._problems: list[Problem] = []
        self._on_disk = self._list_files()  # before the rows: what comes in later is no orphan
        self._bad: dict[BlobRef, str] = {}
        self._counted = 0

    def report(self, kind: str, subject: str, advice: str, *, repaired: bool) -> None:
        """Note a problem."""
        self._problems.append(Problem(kind, subject, advice, repaired))

    def finish(self) -> FsckReport:
        """Return the report, and leave a copy with what was set aside."""
        where = self._quarantine.folder if self._quarantine and self._problems else None
        if self._quarantine and self._problems:
            self._quarantine.keep_json("report.json", [vars(item) for item in self._problems])
        return FsckReport(self._counted, len(self._on_disk), self._problems, where)

    def check_database(self) -> None:
        """Let SQLite look at its own pages."""
        pragma = "integrity_check" if self._deep else "quick_check"
        for row in self._assets.database.query(f"PRAGMA {pragma}(20)"):
            fault = next(iter(row.values()))
            if fault != "ok":
                advice = f"{fault}; restore the database from a backup"
                self.report("database", str(self._assets.database.path), advice, repaired=False)

    def check_rows(self) -> None:
        """Read every asset, and look whether its files are there."""
        for rows in self._iterate_rows():
            numbers = [row["n"] for row in rows]
            files = self._find_files(numbers)
            is_readable = self._find_row_fault(numbers) is None
            for row in rows:
                self._counted += 1
                fault = self._find_file_fault(files.get(row["n"], []))
                if fault is None and not is_readable:
                    fault = self._find_row_fault([row["n"]])
                if fault is None and row["state"] == SET_ASIDE:
                    self._bring_back(row)
                elif fault is not None:
                    self._set_aside(row, *fault)

    def check_links(self) -> None:
        """Look for rows that belong to an asset that is not there."""
        for table, columns in {
            "lineage": ("child", "parent"), "files": ("asset",), "tags": ("asset",),
        }.items():  # fmt: skip
            term = " OR ".join(f"{column} NOT IN (SELECT n FROM assets)" for column in columns)
            rows = self._assets.database.query(f"SELECT * FROM {table} WHERE {term}")
            if not rows:
                continue
            if self._quarantine:
                self._quarantine.keep_json(f"{table}.json", rows)
                with self._assets.database.transaction() as connection:
                    connection.execute(f"DELETE FROM {table} WHERE {term}")
            advice = self._advise(f"{len(rows)} rows name an asset that is not there")
            self.report("dangling-row", table, advice, repaired=self._quarantine is not None)

    def check_search(self) -> None:
        """Look whether every asset can be found by its words; the index is made from the rows."""
        missing = self._assets.database.query(
            "SELECT n FROM assets WHERE n NOT IN (SELECT id FROM assets_text_docsize) LIMIT 1"
        )
        extra = self._assets.database.query(
            "SELECT id FROM assets_text_docsize WHERE id NOT IN (SELECT n FROM assets) LIMIT 1"
        )
        if missing or extra:
            if self._quarantine:
                self._assets.rebuild_search()
            advice = "made anew" if self._quarantine else "run `studio fsck --repair`"
            repaired = self._quarantine is not None
            self.report("search-index", "assets_text", advice, repaired=repaired)

    def check_counts(self) -> None:
        """Look whether the figures beside the tags are right; they are made from the rows."""
        if is_counted_right(self._assets.database):
            return
        if self._quarantine:
            with self._assets.database.transaction() as connection:
                rebuild_counts(connection)
        advice = "made anew" if self._quarantine else "run `studio fsck --repair`"
        self.report("tag-counts", "tag_counts", advice, repaired=self._quarantine is not None)

    def check_files(self) -> None:
        """Look for damaged files, and for files that no asset names."""
        for ref, kind in self._bad.items():
            path = self._assets.blobs.get_path(ref)
            advice = self._advise("is not what was stored")
            self.report(kind, str(path), advice, repaired=self._quarantine is not None)
            if self._quarantine:
                self._quarantine.take(path)
        sql = "SELECT DISTINCT sha256, suffix FROM files"
        rows = self._assets.database.query(sql)
        named = {row["sha256"] + row["suffix"] for row in rows}
        for path, (_, modified) in self._on_disk.items():
            if path.name not in named and time.time() - modified > GRACE:
                self._report_orphan(path)

    def _list_files(self) -> dict[Path, tuple[int, float]]:
        """Return path -> (size, modification time) of all that lies under `blobs/`."""
        found = {}
        for path in self._assets.blobs.iterate_files():
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue  # on its way to its final name
            found[path] = (status.st_size, status.st_mtime)
        return found

    def _iterate_rows(self) -> Iterator[list[Row]]:
        last = -1
        sql = "SELECT n, id, state, trashed_at FROM assets WHERE n > ? ORDER BY n LIMIT ?"
        while rows := self._assets.database.query(sql, (last, _CHUNK)):
            yield rows
            last = rows[-1]["n"]

    def _find_files(self, numbers: list[int]) -> dict[int, list[BlobRef]]:
        sql = "SELECT * FROM files WHERE asset IN (SELECT value FROM json_each(?))"
        files: dict[int, list[BlobRef]] = {}
        for row in self._assets.database.query(sql, (json.dumps(numbers),)):
            ref = BlobRef(row["sha256"], row["size"], row["suffix"])
            files.setdefault(row["asset"], []).append(ref)
        return files

    def _find_file_fault(self, files: list[BlobRef]) -> tuple[str, str] | None:
        """Return (kind, what is wrong) with an asset's files, or None."""
        for ref in files:
            path = self._assets.blobs.get_path(ref)
            if path not in self._on_disk and not self._assets.blobs.is_there(ref):
                return "missing-file", f"its file {path} is missing"
            if self._is_damaged(ref):
                return "missing-file", f"its file {path} is damaged"
        return None

    def _find_row_fault(self, numbers: list[int]) -> tuple[str, str] | None:
        """Return (kind, what is wrong) with the rows, or None."""
        try:
            self._assets.rows.load(numbers)
        except StoreError as error:
            return "unreadable-row", str(error.values.get("fault", error))
        return None

    def _is_damaged(self, ref: BlobRef) -> bool:
        if ref not in self._bad:
            if not self._assets.blobs.is_there(ref):
                self._bad[ref] = "wrong-size"
            elif self._deep and self._assets.blobs.hash(ref) != ref.sha256:
                self._bad[ref] = "wrong-hash"
        return ref in self._bad

    def _set_aside(self, row: Row, kind: str, fault: str) -> None:
        if row["state"] == SET_ASIDE and self._quarantine is None:
            return  # known, and hidden already
        if self._quarantine and row["state"] != SET_ASIDE:
            sql = "SELECT * FROM assets WHERE n = ?"
            rows = self._assets.database.query(sql, (row["n"],))
            self._quarantine.keep_json(f"asset-{row['id']}.json", rows)
            self._set_state(row, SET_ASIDE)
        advice = self._advise(fault)
        self.report(kind, row["id"], advice, repaired=self._quarantine is not None)

    def _bring_back(self, row: Row) -> None:
        if self._quarantine:
            self._set_state(row, LIVE if row["trashed_at"] is None else TRASHED)
        advice = "back in the library" if self._quarantine else "run `studio fsck --repair`"
        self.report("whole-again", row["id"], advice, repaired=self._quarantine is not None)

    def _set_state(self, row: Row, state: int) -> None:
        with self._assets.database.transaction() as connection:
            connection.execute("UPDATE assets SET state = ? WHERE n = ?", (state, row["n"]))

    def _report_orphan(self, path: Path) -> None:
        if self._quarantine:
            sql = "SELECT 1 FROM files WHERE sha256 || suffix = ? AND sha256 = ?"
            with self._assets.database.transaction(durable=False) as connection:
                if list(connection.execute(sql, (path.name, path.name[:64]))):
                    return  # named meanwhile
                self._quarantine.take(path)
        advice = self._advise("no asset names it")
        self.report("orphan-file", str(path), advice, repaired=self._quarantine is not None)

    def _advise(self, fault: str) -> str:
        if self._quarantine:
            return f"{fault}; set aside in {self._quarantine.folder}"
        return f"{fault}; `studio fsck --repair` sets it aside"
