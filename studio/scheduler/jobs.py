"""The job table: the truth about what was asked for and what is done.

Every change that somebody may rely on is one durable transaction. Leases carry a fencing token: an
output or an end booked under an old token is refused.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apsw

from studio.database import Database, Row
from studio.errors import StudioError
from studio.ids import IdSource
from studio.scheduler.job import (
    JobRecord,
    JobRequest,
    JobStatus,
    Lease,
    LostLeaseError,
)

_SCHEMA = """
CREATE TABLE jobs(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    environment TEXT NOT NULL,
    resident TEXT NOT NULL,
    priority INTEGER NOT NULL,
    user TEXT NOT NULL,
    batch TEXT NOT NULL,
    generator TEXT NOT NULL,
    identity TEXT NOT NULL,
    request TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    preview TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    losses INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE INDEX jobs_by_status ON jobs(status, revision);
CREATE INDEX jobs_by_revision ON jobs(revision);
CREATE INDEX jobs_by_batch ON jobs(batch, seq) WHERE batch <> '';
CREATE INDEX jobs_by_identity ON jobs(identity) WHERE status IN ('queued', 'running');
CREATE TABLE job_outputs(
    job TEXT NOT NULL REFERENCES jobs(id),
    position INTEGER NOT NULL,
    assets TEXT NOT NULL,
    PRIMARY KEY(job, position)
) WITHOUT ROWID;
"""

_LIVE = "('queued', 'running')"
_NEW_REVISION = "revision = (SELECT max(revision) FROM jobs) + 1"


class JobTable:
    """Jobs in the database; safe from any thread and process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = IdSource()
        database.migrate("jobs", (_SCHEMA,))

    def submit(
        self,
        requests: Sequence[JobRequest],
        *,
        answered: Sequence[Mapping[int, list[str]]] = (),
        reuse: bool = False,
    ) -> list[str]:
        """Queue jobs in one durable transaction and return their ids, in order.

        Args:
            requests: what to run.
            answered: per request, positions that stored assets answer already; a request with
                all of them answered becomes a job that is done.
            reuse: a request equal to one that is still queued or running gets that job's id.
        """
        with self._database.transaction() as connection:
            return [
                self._submit_one(connection, request, answered[i] if answered else {}, reuse)
                for i, request in enumerate(requests)
            ]

    def get(self, job: str) -> JobRecord:
        """Return a job by id or unique prefix.

        Raises:
            StudioError: there is no such job, or several.
        """
        rows = self._database.query(
            "SELECT * FROM jobs WHERE id >= ? AND id < ? LIMIT 2", (job, job + "~")
        )
        if len(rows) != 1 or not job:
            fault = "several jobs begin so" if rows else "no such job"
            raise StudioError(
                "job '{job}': {fault}; `studio jobs list` shows them", job=job, fault=fault
            )
        return self._build_record(rows[0])

    def get_status(self, job: str) -> JobStatus:
        """Return where a job stands; `job` is a whole id.

        Raises:
            StudioError: there is no such job.
        """
        rows = self._database.query("SELECT status FROM jobs WHERE id = ?", (job,))
        return JobStatus(rows[0]["status"]) if rows else self.get(job).status

    def find(
        self,
        *,
        statuses: Iterable[JobStatus] = (),
        batch: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[JobRecord]:
        """Return jobs, newest first; page on with `before=` the last id seen."""
        clauses, bindings = ["1"], list[Any]()
        wanted = list(statuses)
        if wanted:
            clauses.append(f"status IN ({','.join('?' * len(wanted))})")
            bindings += [str(status) for status in wanted]
        if batch:
            clauses.append("batch = ?")
            bindings.append(batch)
        if before:
            clauses.append("seq < (SELECT seq FROM jobs WHERE id = ?)")
            bindings.append(before)
        rows = self._database.query(
            f"SELECT * FROM jobs WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?",
            [*bindings, limit],
        )
        return [self._build_record(row) for row in rows]

    def count(self) -> dict[JobStatus, int]:
        """Return how many jobs stand where."""
        rows = self._database.query("SELECT status, count(*) AS n FROM jobs GROUP BY status")
        return {JobStatus(row["status"]): row["n"] for row in rows}

    def list_queued(self, after: int) -> list[Row]:
        """Return what the kernel wants to know of jobs queued since revision `after`.

        A job gets a new revision each time it is queued. Rows: revision, id, priority, user,
        environment, resident.
        """
        return self._database.query(
            "SELECT revision, id, priority, user, environment, resident FROM jobs "
            "WHERE status = 'queued' AND revision > ? ORDER BY revision, seq",
            (after,),
        )

    def find_cancel_requests(self) -> list[str]:
        """Return running jobs that somebody wants cancelled."""
        rows = self._database.query(
            "SELECT id FROM jobs WHERE status = 'running' AND cancel_requested"
        )
        return [row["id"] for row in rows]

    def lease(self, job: str, worker: str) -> Lease | None:
        """Take a queued job; None if it is no longer queued.

        Not durable on purpose: a lease lost with the machine leaves the job queued, and every
        worker that could have used the token is gone too.
        """
        with self._database.transaction(durable=False) as connection:
            rows = list(
                connection.execute(
                    "UPDATE jobs SET status = 'running', token = token + 1, worker = ?, "
                    "started = ? WHERE id = ? AND status = 'queued' RETURNING *",
                    (worker, time.time(), job),
                )
            )
        if not rows:
            return None
        record = self._build_record(rows[0])
        positions = [i for i in range(len(record.request.seeds)) if i not in record.outputs]
        return Lease(job, record.token, record.request, tuple(positions))

    def book_output(
        self, connection: apsw.Connection, lease: Lease, position: int, assets: Sequence[str]
    ) -> bool:
        """Book what answered one seed, inside the transaction that inserts the assets.

        The last seed booked also marks the job done; nothing else does. Returns whether it did.

        Raises:
            LostLeaseError: the lease is no longer the job's.
        """
        self._check_lease(connection, lease)
        connection.execute(
            "INSERT INTO job_outputs VALUES(?, ?, ?)",
            (lease.job, position, json.dumps(list(assets))),
        )
        (row,) = connection.execute(
            "SELECT count(*) AS n FROM job_outputs WHERE job = ?", (lease.job,)
        )
        if row["n"] < len(lease.request.seeds):
            return False
        self._finish(connection, lease.job, JobStatus.DONE, None)
        return True

    def end(self, lease: Lease, status: JobStatus, error: dict[str, Any] | None = None) -> None:
        """Mark a job failed, cancelled or dead.

        Raises:
            LostLeaseError: the lease is no longer the job's.
        """
        with self._database.transaction() as connection:
            self._check_lease(connection, lease)
            self._finish(connection, lease.job, status, error)

    def requeue(self, lease: Lease, *, died: bool = False) -> int:
        """Give a leased job back to the queue; `died`: it took its worker with it.

        Returns:
            How often it has done so.

        Raises:
            LostLeaseError: the lease is no longer the job's.
        """
        with self._database.transaction() as connection:
            self._check_lease(connection, lease)
            (row,) = connection.execute(
                f"UPDATE jobs SET status = 'queued', {_NEW_REVISION}, worker = '', "
                "attempts = attempts + ?, done = 0, total = 0, preview = NULL "
                "WHERE id = ? RETURNING attempts",
                (int(died), lease.job),
            )
            return int(row["attempts"])

    def cancel(self, jobs: Sequence[str]) -> int:
        """Cancel queued jobs at once and ask running ones to stop; return how many of both."""
        now, touched = time.time(), 0
        with self._database.transaction() as connection:
            for job in jobs:
                connection.execute(
                    "UPDATE jobs SET cancel_requested = 1, "
                    "finished = CASE status WHEN 'queued' THEN ? ELSE finished END, "
                    "status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END "
                    f"WHERE id = ? AND status IN {_LIVE}",
                    (now, job),
                )
                touched += connection.changes()
        return touched

    def retry(self, jobs: Sequence[str]) -> int:
        """Queue failed, cancelled or dead jobs again; what they made already is kept."""
        touched = 0
        with self._database.transaction() as connection:
            for job in jobs:
                connection.execute(
                    f"UPDATE jobs SET status = 'queued', {_NEW_REVISION}, attempts = 0, "
                    "losses = 0, error = NULL, finished = NULL, cancel_requested = 0 "
                    "WHERE id = ? AND status IN ('failed', 'cancelled', 'dead')",
                    (job,),
                )
                touched += connection.changes()
        return touched

    def note_progress(self, lease: Lease, done: int, total: int, preview: str | None) -> None:
        """Write progress for other processes to see; may be lost in a crash."""
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "UPDATE jobs SET done = ?, total = ?, preview = ? WHERE id = ? AND token = ?",
                (done, total, preview, lease.job, lease.token),
            )

    def recover(self, max_losses: int) -> list[str]:
        """Requeue jobs whose host died; only the owner of the scheduler lock may call this.

        A job that was running in `max_losses` hosts that died is taken for the cause: DEAD.
        """
        with self._database.transaction() as connection:
            rows = list(
                connection.execute(
                    f"UPDATE jobs SET status = 'queued', {_NEW_REVISION}, worker = '', "
                    "losses = losses + 1 "
                    "WHERE status = 'running' RETURNING id, losses"
                )
            )
            for row in rows:
                if row["losses"] >= max_losses:
                    error = StudioError(
                        "the host died {times} times while this job ran; see its log, then "
                        "`studio jobs retry {job}`",
                        times=row["losses"],
                        job=row["id"],
                    )
                    self._finish(connection, row["id"], JobStatus.DEAD, error.to_dict())
        return [row["id"] for row in rows]

    def _submit_one(
        self,
        connection: apsw.Connection,
        request: JobRequest,
        answered: Mapping[int, list[str]],
        reuse: bool,
    ) -> str:
        text = request.model_dump_json()
        identity = hashlib.sha256(
            f"{request.recipe.key}{request.seeds}{request.trashed}".encode()
        ).hexdigest()
        if reuse:
            rows = list(
                connection.execute(
                    f"SELECT id FROM jobs WHERE identity = ? AND status IN {_LIVE} "
                    "AND NOT cancel_requested",
                    (identity,),
                )
            )
            if rows:
                return str(rows[0]["id"])
        job, now = self._ids.new_id(), time.time()
        is_done = len(answered) == len(request.seeds)
        connection.execute(
            "INSERT INTO jobs(revision, id, status, environment, resident, priority, user, batch, "
            "generator, identity, request, created, finished) "
            "VALUES((SELECT coalesce(max(revision), 0) FROM jobs) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?)",
            (
                job,
                str(JobStatus.DONE if is_done else JobStatus.QUEUED),
                request.environment,
                request.resident,
                int(request.priority),
                request.user,
                request.batch,
                request.recipe.generator,
                identity,
                text,
                now,
                now if is_done else None,
            ),
        )
        connection.executemany(
            "INSERT INTO job_outputs VALUES(?, ?, ?)",
            [(job, position, json.dumps(ids)) for position, ids in answered.items()],
        )
        return job

    def _check_lease(self, connection: apsw.Connection, lease: Lease) -> None:
        rows = list(
            connection.execute(
                "SELECT 1 FROM jobs WHERE id = ? AND token = ? AND status = 'running'",
                (lease.job, lease.token),
            )
        )
        if not rows:
            raise LostLeaseError("job {job}: its lease was lost", job=lease.job)

    def _finish(
        self,
        connection: apsw.Connection,
        job: str,
        status: JobStatus,
        error: dict[str, Any] | None,
    ) -> None:
        connection.execute(
            "UPDATE jobs SET status = ?, finished = ?, worker = '', preview = NULL, error = ? "
            "WHERE id = ?",
            (str(status), time.time(), json.dumps(error) if error else None, job),
        )

    def _build_record(self, row: Row) -> JobRecord:
        outputs = self._database.query(
            "SELECT position, assets FROM job_outputs WHERE job = ?", (row["id"],)
        )
        return JobRecord(
            id=row["id"],
            status=JobStatus(row["status"]),
            request=JobRequest.model_validate_json(row["request"]),
            created=row["created"],
            started=row["started"],
            finished=row["finished"],
            done=row["done"],
            total=row["total"],
            preview=row["preview"],
            attempts=row["attempts"],
            losses=row["losses"],
            token=row["token"],
            worker=row["worker"],
            cancel_requested=bool(row["cancel_requested"]),
            error=json.loads(row["error"]) if row["error"] else None,
            outputs={item["position"]: json.loads(item["assets"]) for item in outputs},
        )
