"""What people want of queued and running jobs: cancel, retry, pause, resume, first, another class.

Each is one durable transaction; the scheduler, in whatever process it runs, sees the new revision.
"""

import json
import time
from collections.abc import Sequence
from typing import Any

import apsw

from studio.database import Database
from studio.scheduler.schema import ENDED_BADLY, LIVE, NEW_REVISION

_QUEUED = "status = 'queued'"
_PLACE = "SELECT coalesce(place, seq) AS place FROM jobs"
_LEAST_STEP = 1e-6  # between places: below this a float soon has no room for another
_SPREAD = (
    f"UPDATE jobs SET place = new.place, {NEW_REVISION} FROM (SELECT id, row_number() OVER "
    f"(ORDER BY coalesce(place, seq), seq) AS place FROM jobs WHERE {_QUEUED}) AS new "
    "WHERE jobs.id = new.id"
)
"""Puts what is queued one apart, in the same order; jobs to come are behind, by their `seq`."""


def build_filter(batch: str, user: str) -> tuple[str, list[Any]]:
    """Return an SQL condition for batch and user, as far as they are given, and its bindings."""
    given = {name: value for name, value in (("batch", batch), ("user", user)) if value}
    return " AND ".join(["1", *(f"{name} = ?" for name in given)]), list(given.values())


class Wishes:
    """Changes that anybody may make to the job table; each returns how many jobs it touched."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cancel(self, jobs: Sequence[str]) -> int:
        """Cancel queued jobs at once and ask running ones to stop."""
        return self._update(
            "cancel_requested = 1, "
            "finished = CASE status WHEN 'queued' THEN ? ELSE finished END, "
            "status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END",
            f"status IN {LIVE}",
            jobs,
            (time.time(),),
        )

    def retry(self, jobs: Sequence[str]) -> int:
        """Queue failed, cancelled or dead jobs again; what they made already is kept."""
        return self._update(
            "status = 'queued', attempts = 0, losses = 0, error = NULL, finished = NULL, "
            "cancel_requested = 0, paused = 0",
            f"status IN {ENDED_BADLY}",
            jobs,
        )

    def pause(self, jobs: Sequence[str]) -> int:
        """Keep queued jobs from starting; running ones stop at their next step and wait."""
        return self._update("paused = 1", f"status IN {LIVE} AND NOT paused", jobs)

    def resume(self, jobs: Sequence[str]) -> int:
        """Let paused jobs go on."""
        return self._update("paused = 0", f"status IN {LIVE} AND paused", jobs)

    def move_first(self, jobs: Sequence[str]) -> int:
        """Put queued jobs before all others of their class and user, in the order given."""
        return self._move(jobs, "min", -len(jobs))

    def move_last(self, jobs: Sequence[str]) -> int:
        """Put queued jobs after all others of their class and user, in the order given."""
        return self._move(jobs, "max", 1)

    def move_before(self, jobs: Sequence[str], other: str) -> int:
        """Put queued jobs right before another one, in the order given; 0 if that one is gone."""
        touched = 0
        with self._database.transaction() as connection:
            start, step = _find_gap(connection, jobs, other)
            if 0 < step < _LEAST_STEP:
                connection.execute(_SPREAD)
                start, step = _find_gap(connection, jobs, other)
            if not step:
                return 0
            for i, job in enumerate(jobs, 1):
                connection.execute(
                    f"UPDATE jobs SET place = ?, {NEW_REVISION} WHERE id = ? AND {_QUEUED}",
                    (start + step * i, job),
                )
                touched += connection.changes()
        return touched

    def set_priority(self, jobs: Sequence[str], priority: int) -> int:
        """Put queued jobs into another class; each keeps its place by age."""
        return self._update(
            "priority = ?, request = json_set(request, '$.priority', ?)",
            "status = 'queued'",
            jobs,
            (priority, priority),
        )

    def find_live(self, *, batch: str = "", user: str = "") -> list[str]:
        """Return the jobs of a batch, of a user, or of everybody, that have not ended."""
        return self._find_ids(LIVE, batch, user)

    def find_retriable(self, *, batch: str = "", user: str = "") -> list[str]:
        """Return the jobs of a batch, of a user, or of everybody, that `retry` would queue."""
        return self._find_ids(ENDED_BADLY, batch, user)

    def find_batch(self, batch: str, *, user: str = "") -> list[str]:
        """Return the jobs of a batch, in order; only those of `user` if one is given."""
        return self._find_ids("", batch, user)

    def find_users(self, jobs: Sequence[str]) -> dict[str, str]:
        """Return job -> whose it is; those that are not there are missing."""
        rows = self._database.query(
            "SELECT id, user FROM jobs WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(jobs)),),
        )
        return {row["id"]: row["user"] for row in rows}

    def _find_ids(self, statuses: str, batch: str, user: str) -> list[str]:
        clause, bindings = build_filter(batch, user)
        if statuses:
            clause = f"status IN {statuses} AND {clause}"
        rows = self._database.query(f"SELECT id FROM jobs WHERE {clause} ORDER BY seq", bindings)
        return [row["id"] for row in rows]

    def _move(self, jobs: Sequence[str], end: str, offset: int) -> int:
        touched = 0
        with self._database.transaction() as connection:
            rows = list(
                connection.execute(
                    f"SELECT {end}(coalesce(place, seq)) AS edge FROM jobs WHERE status = 'queued'"
                )
            )
            edge = rows[0]["edge"] or 0
            for i, job in enumerate(jobs):
                connection.execute(
                    f"UPDATE jobs SET place = ?, {NEW_REVISION} WHERE id = ? AND status = 'queued'",
                    (edge + offset + i, job),
                )
                touched += connection.changes()
        return touched

    def _update(
        self, change: str, clause: str, jobs: Sequence[str], values: tuple[float, ...] = ()
    ) -> int:
        touched = 0
        with self._database.transaction() as connection:
            for job in jobs:
                connection.execute(
                    f"UPDATE jobs SET {change}, {NEW_REVISION} WHERE id = ? AND {clause}",
                    (*values, job),
                )
                touched += connection.changes()
        return touched


def _find_gap(connection: apsw.Connection, jobs: Sequence[str], other: str) -> tuple[float, float]:
    """Return where the gap before a queued job starts, and the step at which `jobs` fill it.

    A step of 0 says that the job is gone.
    """
    rows = list(connection.execute(f"{_PLACE} WHERE id = ? AND {_QUEUED}", (other,)))
    if not rows:
        return 0.0, 0.0
    end = rows[0]["place"]
    rows = list(
        connection.execute(
            f"{_PLACE} WHERE {_QUEUED} AND coalesce(place, seq) < ? "
            "AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY place DESC LIMIT 1",
            (end, json.dumps(list(jobs))),
        )
    )
    start = rows[0]["place"] if rows else end - 1
    return start, (end - start) / (len(jobs) + 1)
