"""What changed in a home since the last look, whoever changed it: read from its tables.

The tables are the truth and every process of the home writes to them, so this is all there is to
know; the event bus of this process only tells that it is time to look.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.app.previews import build_address, find_newest
from studio.database import Database, Row
from studio.observe.snapshot import load_snapshot
from studio.observe.tables import NUMBER_SHIFT

Kind = Literal["job", "progress", "asset", "worker", "run", "reset"]

MANY = 500
"""More changes of one kind at once are not told one by one: "reset" says to read anew."""

_OVERLAP = 3.0  # seconds that a clock may be set back
_REMEMBERED = 20_000

_JOB = (
    "SELECT revision, id, status, generator, user, batch, priority, paused, place, token, "
    "created, started, finished, done, total FROM jobs"
)
_CLASSES = ("interactive", "normal", "batch")


@dataclass(frozen=True)
class Change:
    """Something that happened. `user`: who may know, besides admins; "" is everybody."""

    kind: Kind
    user: str
    data: dict[str, Any] = field(default_factory=dict)


class ChangeReader:
    """Reads changes; one thread at a time.

    Nothing is missed: only one transaction at a time writes, and it takes the times of its rows
    meanwhile, so that what is seen later is newer than all there was, however long its commit took.
    Of a job's steps a look tells the newest only, and of a job that has ended none.
    """

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home
        self._status = home / "cache" / "status.json"
        self._version = -1
        self._is_blind = False
        self._stamp = 0
        self._told = _Memory()
        self._workers: dict[str, dict[str, Any]] = {}
        self._job_revision = self._get_newest("jobs")
        self._run_revision = self._get_newest("runs")
        self._newest_asset = self._get_newest("assets", "n")
        self._newest_end = self._get_newest("jobs", "finished")
        self._since = time.time()
        self.read()  # what is so already is no news
        self._version = -1  # was this thread's; the connection of another counts by itself

    def read(self) -> list[Change]:
        """Return what changed, in an order that makes sense; [] is cheap.

        After a look that failed, the next one begins with a "reset": what the failed one had
        found by then is told to nobody.
        """
        was_blind, self._is_blind = self._is_blind, True
        changes = self._look()
        self._is_blind = False
        gap = Change("reset", "", {"reason": "changes could not be read"})
        return [gap, *changes] if was_blind else changes

    def _look(self) -> list[Change]:
        changes: list[Change] = []
        (row,) = self._database.query("PRAGMA data_version")
        if row["data_version"] != self._version:
            self._version = row["data_version"]
            since, self._since = self._since - _OVERLAP, time.time()
            changes += self._read_assets(since)
            changes += self._read_jobs(since)
            changes += self._read_runs()
        changes += self._read_workers()
        return changes

    def _get_newest(self, table: str, column: str = "revision") -> float:
        (row,) = self._database.query(f"SELECT coalesce(max({column}), 0) AS n FROM {table}")
        newest: float = row["n"]
        return newest

    def _read_jobs(self, since: float) -> list[Change]:
        query = self._database.query
        rows = query(f"{_JOB} WHERE revision > ? ORDER BY revision", (self._job_revision,))
        if rows:
            self._job_revision = rows[-1]["revision"]
        after = min(since, self._newest_end)
        self._newest_end = self._get_newest("jobs", "finished")
        rows += query(f"{_JOB} WHERE finished > ? ORDER BY finished", (after,))
        running = query(f"{_JOB} WHERE status = 'running'")
        news = [row for row in [*rows, *running] if self._is_news("job", row, _sign_job(row))]
        if len(news) > MANY:
            return [Change("reset", "", {"reason": "many jobs changed"})]
        changes = [Change("job", row["user"], _describe_job(row)) for row in news]
        return [*changes, *self._read_progress(running)]

    def _read_progress(self, running: list[Row]) -> Iterator[Change]:
        for row in running:
            preview = find_newest(self._home, row["id"], row["token"])
            shown = preview.stem if preview else ""
            if not self._is_news("progress", row, (row["token"], row["done"], row["total"], shown)):
                continue
            data = {"id": row["id"], "done": row["done"], "total": row["total"]}
            data["eta"] = _guess_eta(row)
            data["preview"] = build_address(row["id"], row["token"], preview) if preview else None
            yield Change("progress", row["user"], data)

    def _read_assets(self, since: float) -> list[Change]:
        after = min(int(since * 1000) << NUMBER_SHIFT, self._newest_asset)
        self._newest_asset = self._get_newest("assets", "n")
        rows = self._database.query(
            "SELECT n, id, job, kind, user FROM assets WHERE n > ? AND state = 0 "
            "ORDER BY n LIMIT ?",
            (after, 20 * MANY),
        )
        news = [row for row in rows if self._is_news("asset", row, ())]
        if len(news) > MANY:
            return [Change("reset", "", {"reason": "many assets were added"})]
        return [
            Change("asset", row["user"], {name: row[name] for name in ("id", "job", "kind")})
            for row in news
        ]

    def _read_runs(self) -> list[Change]:
        rows = self._database.query(
            "SELECT revision, id, status, user, pipeline, steps FROM runs WHERE revision > ? "
            "ORDER BY revision LIMIT ?",
            (self._run_revision, MANY),
        )
        changes = []
        for row in rows:
            self._run_revision = row["revision"]
            steps = json.loads(row["steps"])
            data = {name: row[name] for name in ("id", "status", "user", "pipeline")}
            data["done"] = sum(step["done"] for step in steps)
            data["total"] = sum(step["total"] for step in steps)
            changes.append(Change("run", row["user"], data))
        return changes

    def _read_workers(self) -> list[Change]:
        try:
            stamp = self._status.stat().st_mtime_ns
        except OSError:
            stamp = 0
        if stamp == self._stamp:
            return []
        self._stamp = stamp
        snapshot = load_snapshot(self._status) if stamp else None
        names = ("id", "environment", "device", "residents")
        seen = {
            str(row["id"]): {**{name: row.get(name) for name in names}, "state": "there"}
            for row in (snapshot.workers if snapshot else [])
        }
        gone = [{**row, "state": "gone", "residents": []} for id, row in self._workers.items()
                if id not in seen]  # fmt: skip
        news = [row for id, row in seen.items() if self._workers.get(id) != row]
        self._workers = seen
        return [Change("worker", "", row) for row in [*gone, *news]]

    def _is_news(self, kind: Kind, row: Row, sign: tuple[Any, ...]) -> bool:
        return self._told.note((kind, row["id"]), sign)


class _Memory:
    """What was told last of each thing; forgets what it has not heard of for long."""

    def __init__(self) -> None:
        self._signs: OrderedDict[tuple[str, str], tuple[Any, ...]] = OrderedDict()

    def note(self, key: tuple[str, str], sign: tuple[Any, ...]) -> bool:
        """Enter a sign; True if it is another than before."""
        is_new = self._signs.get(key) != sign
        self._signs[key] = sign
        self._signs.move_to_end(key)
        if len(self._signs) > _REMEMBERED:
            self._signs.popitem(last=False)
        return is_new


def _sign_job(row: Row) -> tuple[Any, ...]:
    names = ("status", "paused", "priority", "place", "token", "finished")
    return tuple(row[name] for name in names)


def _describe_job(row: Row) -> dict[str, Any]:
    data = {name: row[name] for name in ("id", "status", "generator", "user", "batch", "created",
                                         "started", "done", "total")}  # fmt: skip
    if row["status"] == "done":
        data["done"] = data["total"] = row["total"] or 1
    data["priority"] = _CLASSES[row["priority"]]
    data["paused"] = bool(row["paused"])
    data["ended"] = row["finished"]
    return data


def _guess_eta(row: Row) -> float | None:
    if not row["started"] or not row["done"] or not row["total"]:
        return None
    spent: float = time.time() - row["started"]
    eta: float = spent / row["done"] * (row["total"] - row["done"])
    return max(eta, 0.0)
