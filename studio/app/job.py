"""`Job` and `Batch`: handles on what was submitted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.app.asset import Asset
from studio.errors import JobCancelledError, StudioError, error_from_dict
from studio.scheduler.job import JobRecord, JobStatus


@dataclass(frozen=True)
class Progress:
    """How far a job is: steps done of total, and seconds left (None: unknown)."""

    done: int
    total: int
    eta: float | None = None

    @property
    def fraction(self) -> float:
        """0..1."""
        return self.done / self.total if self.total else 0.0


class JobHome(Protocol):
    """What a `Job` needs of the studio it was submitted to."""

    def get_job(self, job: str) -> JobRecord:
        """Read its row."""
        ...

    def get_assets(self, ids: Sequence[str]) -> list[Asset]:
        """Load assets."""
        ...

    def wait(self, jobs: Sequence[str], timeout: float | None) -> None:
        """Block until all are final; raises TimeoutError."""
        ...

    def cancel(self, jobs: Sequence[str]) -> int:
        """Ask for an end."""
        ...

    def get_progress(self, record: JobRecord) -> Progress:
        """Return the newest progress known."""
        ...


class Job:
    """A submitted call. It lives in the home: it survives this handle and this process."""

    def __init__(self, job: str, home: JobHome) -> None:
        self.id = job
        self._home = home

    def __repr__(self) -> str:
        return f"Job({self.id!r}, {self.status.value})"

    @property
    def record(self) -> JobRecord:
        """Its row, read now."""
        return self._home.get_job(self.id)

    @property
    def status(self) -> JobStatus:
        """Where it stands, read now."""
        return self.record.status

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._home.get_progress(self.record)

    @property
    def error(self) -> StudioError | None:
        """Why it failed, or None."""
        data = self.record.error
        return error_from_dict(data) if data else None

    def cancel(self) -> bool:
        """Ask it to stop at its next step; False if it had ended already."""
        return self._home.cancel([self.id]) > 0

    def wait(self, timeout: float | None = None) -> JobStatus:
        """Block until it ended.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds.
        """
        self._home.wait([self.id], timeout)
        return self.status

    def result(self, timeout: float | None = None) -> list[Asset]:
        """Wait, and return what it made, in the order of its seeds.

        Raises:
            StudioError: it failed, was cancelled or is dead; what it made before is in
                `record.asset_ids`.
            TimeoutError: it has not ended after `timeout` seconds.
        """
        self._home.wait([self.id], timeout)
        record = self.record
        check_done(record)
        return self._home.get_assets(record.asset_ids)

    async def aresult(self, timeout: float | None = None) -> list[Asset]:
        """`result` for asyncio."""
        return await asyncio.to_thread(self.result, timeout)

    async def await_end(self, timeout: float | None = None) -> JobStatus:
        """`wait` for asyncio."""
        return await asyncio.to_thread(self.wait, timeout)


def check_done(record: JobRecord) -> None:
    """Raise why a job that ended is not done."""
    if record.status is JobStatus.CANCELLED:
        raise JobCancelledError("job {job} was cancelled", job=record.id)
    if record.status is not JobStatus.DONE and record.error:
        raise error_from_dict(record.error)


class Batch:
    """Many jobs submitted as one; submitting the same batch again does only what is missing.

    Attributes:
        id: the same for the same requests.
        job_ids: in the order of the requests.
    """

    def __init__(self, batch: str, job_ids: Sequence[str], home: JobHome) -> None:
        self.id = batch
        self.job_ids = list(job_ids)
        self._home = home

    @property
    def jobs(self) -> list[Job]:
        """Handles, in order."""
        return [Job(job, self._home) for job in self.job_ids]

    def count(self) -> dict[JobStatus, int]:
        """Return how many of its jobs stand where."""
        counts: dict[JobStatus, int] = {}
        for job in self.job_ids:
            status = self._home.get_job(job).status
            counts[status] = counts.get(status, 0) + 1
        return counts

    def cancel(self) -> int:
        """Cancel what has not ended; return how many."""
        return self._home.cancel(self.job_ids)

    def wait(self, timeout: float | None = None) -> dict[JobStatus, int]:
        """Block until every job ended.

        Raises:
            TimeoutError: some have not ended after `timeout` seconds.
        """
        self._home.wait(self.job_ids, timeout)
        return self.count()

    def result(self, timeout: float | None = None) -> list[Asset]:
        """Wait, and return every asset of the jobs that are done; failed ones are left out."""
        self._home.wait(self.job_ids, timeout)
        ids = [asset for job in self.job_ids for asset in self._home.get_job(job).asset_ids]
        return self._home.get_assets(ids)

    def find_errors(self) -> dict[str, StudioError]:
        """Return job id -> why it is not done, for those that ended badly."""
        errors = {}
        for job in self.job_ids:
            record = self._home.get_job(job)
            if record.error:
                errors[job] = error_from_dict(record.error)
        return errors
