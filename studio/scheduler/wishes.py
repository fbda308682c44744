"""What people want of queued and running jobs: cancel, retry, pause, resume, go first.

Each is one durable transaction; the scheduler, in whatever process it runs, sees the new revision.
"""

import time
from collections.abc import Sequence

from studio.database import Database
from studio.scheduler.schema import LIVE, NEW_REVISION


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
            "status IN ('failed', 'cancelled', 'dead')",
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

    def find_live(self, *, batch: str = "", user: str = "") -> list[str]:
        """Return the jobs of a batch, or of a user, or of everybody, that have not ended."""
        clause, bindings = "1", list[str]()
        if batch:
            clause, bindings = "batch = ?", [batch]
        elif user:
            clause, bindings = "user = ?", [user]
        rows = self._database.query(
            f"SELECT id FROM jobs WHERE {clause} AND status IN {LIVE} ORDER BY seq", bindings
        )
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
