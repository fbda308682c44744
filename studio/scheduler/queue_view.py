"""The queued jobs as a person sees them: in order, the jobs of a batch folded into one row."""

from dataclasses import dataclass

from studio.database import Database, Row


@dataclass(frozen=True)
class QueueRow:
    """A job that waits, or the jobs of a batch that wait in one class.

    Attributes:
        id: of the job that goes first.
        count: jobs in the row.
        seeds: results they were asked for.
        created: when the first was queued, unix seconds.
    """

    id: str
    batch: str
    count: int
    seeds: int
    generator: str
    priority: int
    user: str
    is_paused: bool
    created: float


@dataclass(frozen=True)
class QueuePage:
    """Some rows of the queue, and how many rows and jobs there are in all."""

    rows: list[QueueRow]
    total: int
    jobs: int


_KEY = "CASE batch WHEN '' THEN id ELSE batch || '/' || priority || '/' || paused END"


class QueueView:
    """Reads the queue for people."""

    _database: Database

    def read_queue(self, *, user: str = "", start: int = 0, limit: int = 100) -> QueuePage:
        """Read rows `start` to `start + limit` of the queue, of one user or of all."""
        clause, bindings = ("AND user = ?", [user]) if user else ("", [])
        found = self._database.query(
            # With one min() the other columns are those of its row.
            "SELECT id, batch, generator, priority, user, paused, created, count(*) AS count, "
            "sum(seeds) AS seeds, min(coalesce(place, seq)) AS place FROM jobs "
            f"WHERE status = 'queued' {clause} GROUP BY {_KEY} "
            "ORDER BY priority, place LIMIT ? OFFSET ?",
            [*bindings, limit, start],
        )
        (sums,) = self._database.query(
            f"SELECT count(DISTINCT {_KEY}) AS total, count(*) AS jobs FROM jobs "
            f"WHERE status = 'queued' {clause}",
            bindings,
        )
        return QueuePage([_build_row(row) for row in found], sums["total"], sums["jobs"])


def _build_row(row: Row) -> QueueRow:
    return QueueRow(
        id=row["id"],
        batch=row["batch"],
        count=row["count"],
        seeds=row["seeds"],
        generator=row["generator"],
        priority=row["priority"],
        user=row["user"],
        is_paused=bool(row["paused"]),
        created=row["created"],
    )
