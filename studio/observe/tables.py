"""What the job table and the asset table say in figures, cheap at 100,000 rows.

Both tables belong to others; only indices are added here, each of them covering its question.
"""

import time

from studio.database import Database, Row

NUMBER_SHIFT = 15
"""`assets.n` is the time of creation, milliseconds, shifted left by so many bits."""

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Upper bounds of the seconds an asset took; what is longer goes into one more bucket."""

_SCRIPTS = (
    """
CREATE INDEX jobs_ended ON jobs(finished, status, generator) WHERE finished IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs(priority, user, paused, created) WHERE status = 'queued';
CREATE INDEX jobs_shaken ON jobs(generator, attempts, losses) WHERE attempts > 0 OR losses > 0;
CREATE INDEX assets_made ON assets(source, n, generator, seconds, size, state);
""",
)

_BUCKET = " ".join(f"WHEN seconds <= {bound} THEN {i}" for i, bound in enumerate(BUCKETS))


class Tables:
    """Questions to the tables; the store's and the jobs' must have been made.

    Times are unix seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("observe", _SCRIPTS)

    def count_jobs(self) -> dict[str, int]:
        """Return status -> jobs."""
        rows = self._database.query("SELECT status, count(*) AS n FROM jobs GROUP BY status")
        return {row["status"]: row["n"] for row in rows}

    def count_queue(self) -> list[Row]:
        """Return a row per class and user with queued jobs: waiting, paused, oldest."""
        return self._database.query(
            "SELECT priority, user, sum(NOT paused) AS waiting, sum(paused) AS paused, "
            "min(iif(paused, NULL, created)) AS oldest "
            # Left alone, SQLite reads every queued row: ten times slower.
            "FROM jobs INDEXED BY jobs_waiting WHERE status = 'queued' GROUP BY priority, user"
        )

    def list_running(self) -> list[Row]:
        """Return the running jobs: id, generator, user, priority, started, done, total."""
        return self._database.query(
            "SELECT id, generator, user, priority, started, done, total FROM jobs "
            "WHERE status = 'running'"
        )

    def find_job(self, job: str) -> Row | None:
        """Return generator, user, priority, batch, status, created and error of a job."""
        rows = self._database.query(
            "SELECT id, generator, user, priority, batch, status, created, error FROM jobs "
            "WHERE id = ?",
            (job,),
        )
        return rows[0] if rows else None

    def count_ended(self, after: float) -> list[Row]:
        """Return a row per status and generator of jobs that ended after a time: jobs, last."""
        return self._database.query(
            "SELECT status, generator, count(*) AS jobs, max(finished) AS last FROM jobs "
            "WHERE finished > ? GROUP BY status, generator",
            (after,),
        )

    def sum_deaths(self) -> list[Row]:
        """Return a row per generator whose jobs lost workers or hosts: attempts, losses."""
        return self._database.query(
            "SELECT generator, sum(attempts) AS attempts, sum(losses) AS losses FROM jobs "
            "WHERE attempts > 0 OR losses > 0 GROUP BY generator"
        )

    def sum_seconds(self, after: int) -> list[Row]:
        """Return a row per generator and bucket of assets made here after row `after`.

        Columns: generator, bucket (place in `BUCKETS`, or its length), assets, seconds, last.
        """
        return self._database.query(
            f"SELECT generator, CASE {_BUCKET} ELSE {len(BUCKETS)} END AS bucket, "
            "count(*) AS assets, sum(seconds) AS seconds, max(n) AS last FROM assets "
            "WHERE source = 'generated' AND n > ? GROUP BY generator, bucket",
            (after,),
        )

    def count_made(self, seconds: float) -> int:
        """Count the assets made in the last `seconds`."""
        after = int((time.time() - seconds) * 1000) << NUMBER_SHIFT
        sql = "SELECT count(*) AS n FROM assets WHERE source = 'generated' AND n > ?"
        return int(self._database.query(sql, (after,))[0]["n"])

    def sum_library(self) -> tuple[int, int]:
        """Return how many assets there are, and the bytes of their files; with the trash."""
        sql = "SELECT count(*) AS n, coalesce(sum(size), 0) AS size FROM assets"
        (row,) = self._database.query(sql)
        return row["n"], row["size"]
