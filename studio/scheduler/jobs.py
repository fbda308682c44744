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
from studio.scheduler.footprints import describe_shape
from studio.scheduler.job import JobRecord, JobRequest, JobStatus, Lease, LostLeaseError
from studio.scheduler.queue_view import QueueView
from studio.scheduler.schema import LIVE, NEW_REVISION, SCRIPTS
from studio.scheduler.wishes import Wishes, build_filter

_CHANGES = (
    "SELECT revision, id, status, paused, coalesce(place, seq) AS place, priority, user, "
    "environment, resident, shape, lane, created, "
    "seeds - (SELECT count(*) FROM job_outputs WHERE job = jobs.id) AS seeds FROM jobs"
)


class JobTable(Wishes, QueueView):
    """Jobs in the database; safe from any thread and process."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._ids = IdSource()
        database.migrate("jobs", SCRIPTS)

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
        user: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[JobRecord]:
        """Return jobs, newest first; page on with `before=` the last id seen."""
        clause, bindings = build_filter(batch, user)
        if before:
            clause += " AND seq < (SELECT seq FROM jobs WHERE id = ?)"
            bindings.append(before)
        # Status by status: each is a walk along an index, in the order of the page.
        wanted: list[Any] = [str(s) for s in statuses] or (list(JobStatus) if user else [])
        rows = []
        for status in set(wanted) or [None]:
            terms = f"{clause} AND status = ?" if status else clause
            values = [*bindings, str(status)] if status else bindings
            rows += self._database.query(
                f"SELECT * FROM jobs WHERE {terms} ORDER BY seq DESC LIMIT ?", [*values, limit]
            )
        rows.sort(key=lambda row: row["seq"], reverse=True)
        return [self._build_record(row) for row in rows[:limit]]

    def count(self, *, batch: str = "", user: str = "") -> dict[JobStatus, int]:
        """Return how many jobs, of a batch or a user, stand where."""
        clause, bindings = build_filter(batch, user)
        rows = self._database.query(
            f"SELECT status, count(*) AS n FROM jobs WHERE {clause} GROUP BY status", bindings
        )
        return {JobStatus(row["status"]): row["n"] for row in rows}

    def list_changes(self, after: int) -> list[Row]:
        """Return what the kernel wants to know of jobs that changed since revision `after`.

        A job gets a new revision when it is queued, cancelled, paused, resumed or moved. Rows:
        revision, id, status, paused, place, priority, user, environment, resident, shape, lane,
        seeds (left to answer), created.
        """
        return self._database.query(
            f"{_CHANGES} WHERE revision > ? ORDER BY revision, seq", (after,)
        )

    def list_queued(self) -> tuple[int, list[Row]]:
        """Return the newest revision, and rows as `list_changes` of every queued job."""
        (newest,) = self._database.query("SELECT coalesce(max(revision), 0) AS n FROM jobs")
        rows = self._database.query(f"{_CHANGES} WHERE status = 'queued' ORDER BY revision, seq")
        return newest["n"], rows

    def get_request(self, job: str) -> JobRequest:
        """Return what a job was asked for; `job` is a whole id."""
        (row,) = self._database.query("SELECT request FROM jobs WHERE id = ?", (job,))
        return JobRequest.model_validate_json(row["request"])

    def find_stop_requests(self) -> list[tuple[str, bool]]:
        """Return running jobs that shall stop, and whether for good (else: paused)."""
        rows = self._database.query(
            "SELECT id, cancel_requested FROM jobs "
            "WHERE status = 'running' AND (cancel_requested OR paused)"
        )
        return [(row["id"], bool(row["cancel_requested"])) for row in rows]

    def lease(self, job: str, worker: str) -> Lease | None:
        """Take a queued job; None if it is no longer queued.

        Not durable on purpose: a lease lost with the machine leaves the job queued, and every
        worker that could have used the token is gone too.
        """
        with self._database.transaction(durable=False) as connection:
            rows = list(
                connection.execute(
                    "UPDATE jobs SET status = 'running', token = token + 1, worker = ?, "
                    "started = ? WHERE id = ? AND status = 'queued' AND NOT paused RETURNING *",
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
                f"UPDATE jobs SET status = 'queued', {NEW_REVISION}, worker = '', "
                "attempts = attempts + ?, done = 0, total = 0, preview = NULL "
                "WHERE id = ? RETURNING attempts",
                (int(died), lease.job),
            )
            return int(row["attempts"])

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
                    f"UPDATE jobs SET status = 'queued', {NEW_REVISION}, worker = '', "
                    "losses = losses + 1 "
                    "WHERE status = 'running' RETURNING id, losses, cancel_requested"
                )
            )
            for row in rows:
                if row["cancel_requested"]:
                    self._finish(connection, row["id"], JobStatus.CANCELLED, None)
                    continue
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
                    f"SELECT id FROM jobs WHERE identity = ? AND status IN {LIVE} "
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
            "generator, identity, request, created, finished, shape, lane, seeds) "
            "VALUES((SELECT coalesce(max(revision), 0) FROM jobs) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?)",
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
                describe_shape(request),
                request.lane,
                len(request.seeds),
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
            is_paused=bool(row["paused"]),
        )
