"""Jobs, batches and runs of a server."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from studio import errors
from studio.client.assets import RemoteAsset, RemoteLibrary
from studio.client.connection import Connection
from studio.errors import JobCancelledError, StudioError

FINAL = ("done", "failed", "cancelled", "dead")
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 1.0  # seconds between looks


@dataclass(frozen=True)
class RemoteProgress:
    """How far a job is: steps done of total, and seconds left (None: unknown)."""

    done: int
    total: int
    eta: float | None


class RemoteJob:
    """A submitted call. It lives on the server: it survives this handle and this process."""

    def __init__(self, job: str, connection: Connection) -> None:
        self.id = job
        self._connection = connection
        self._ended: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"RemoteJob({self.id!r})"

    @property
    def data(self) -> dict[str, Any]:
        """All that the server says of it, read now."""
        if self._ended is None:
            data: dict[str, Any] = self._connection.get(f"jobs/{self.id}")
            if data["status"] not in FINAL:
                return data
            self._ended = data
        return self._ended

    @property
    def status(self) -> str:
        """Where it stands: queued, running, done, failed, cancelled or dead."""
        return str(self.data["status"])

    @property
    def progress(self) -> RemoteProgress:
        """How far it is."""
        data = self.data
        return RemoteProgress(data["done"], data["total"], data["eta"])

    @property
    def error(self) -> StudioError | None:
        """Why it failed, or None."""
        return build_job_error(self.data)

    def wait(self, timeout: float | None = None) -> str:
        """Block until it ended, and return its status.

        Raises:
            TimeoutError: it has not after `timeout` seconds.
        """
        wait_until(lambda: self.status in FINAL, timeout)
        return self.status

    def result(self, timeout: float | None = None) -> list[RemoteAsset]:
        """Wait, and return its assets in the order of the seeds.

        Raises:
            StudioError: it failed or was cancelled.
            TimeoutError: as `wait`.
        """
        self.wait(timeout)
        data = self.data
        if data["status"] == "cancelled":
            raise JobCancelledError("job {job} was cancelled", job=self.id)
        error = build_job_error(data)
        if error is not None:
            raise error
        return RemoteLibrary(self._connection).get_many(data["asset_ids"])

    def cancel(self) -> bool:
        """Ask for its end; False if it has ended."""
        return bool(self._connection.post("jobs/cancel", {"ids": [self.id]})["count"])

    def retry(self) -> bool:
        """Queue it again if it failed or was cancelled."""
        self._ended = None
        return bool(self._connection.post("jobs/retry", {"ids": [self.id]})["count"])

    def read_log(self) -> str:
        """Return what its generator printed."""
        return self._connection.read_text(f"jobs/{self.id}/log")


class RemoteBatch:
    """Many jobs submitted as one."""

    def __init__(self, batch: str, job_ids: Sequence[str], connection: Connection) -> None:
        self.id = batch
        self.job_ids = list(job_ids)
        self._connection = connection

    @property
    def jobs(self) -> list[RemoteJob]:
        """Handles, in order."""
        return [RemoteJob(job, self._connection) for job in self.job_ids]

    def cancel(self) -> int:
        """Cancel what has not ended; return how many."""
        return int(self._connection.post("jobs/cancel", {"ids": self.job_ids})["count"])

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Block until every job ended; return status -> how many."""
        jobs = self.jobs
        left = list(jobs)

        def is_done() -> bool:
            while left and left[-1].status in FINAL:
                left.pop()
            return not left

        wait_until(is_done, timeout)
        counts: dict[str, int] = {}
        for job in jobs:
            counts[job.status] = counts.get(job.status, 0) + 1
        return counts

    def result(self, timeout: float | None = None) -> list[RemoteAsset]:
        """Wait, and return every asset of the jobs that are done; failed ones are left out."""
        self.wait(timeout)
        ids = [asset for job in self.jobs for asset in job.data["asset_ids"]]
        return RemoteLibrary(self._connection).get_many(ids)


class RemoteRun:
    """A run of a pipeline on the server."""

    def __init__(self, run: str, connection: Connection) -> None:
        self.id = run
        self._connection = connection

    def __repr__(self) -> str:
        return f"RemoteRun({self.id!r})"

    @property
    def data(self) -> dict[str, Any]:
        """All that the server says of it, read now."""
        data: dict[str, Any] = self._connection.get(f"runs/{self.id}")
        return data

    @property
    def status(self) -> str:
        """Where it stands: running, done, failed or cancelled."""
        return str(self.data["status"])

    @property
    def steps(self) -> dict[str, list[RemoteAsset]]:
        """Step -> what it made so far."""
        library = RemoteLibrary(self._connection)
        return {step["name"]: library.get_many(step["assets"]) for step in self.data["steps"]}

    def wait(
        self,
        timeout: float | None = None,
        on_change: Callable[[dict[str, Any]], None] | None = None,
    ) -> str:
        """Block until it ended, and return its status; tell of its data whenever it changed."""
        told: dict[str, Any] = {}

        def is_done() -> bool:
            nonlocal told
            data = self.data
            if on_change is not None and data != told:
                on_change(data)
            told = data
            return data["status"] in FINAL

        wait_until(is_done, timeout)
        return str(told["status"])

    def result(self, timeout: float | None = None) -> dict[str, list[RemoteAsset]]:
        """Wait, and return step -> assets.

        Raises:
            StudioError: some of it failed, or it was cancelled; `steps` has what was made.
        """
        self.wait(timeout)
        error = build_job_error(self.data)
        if error is not None:
            raise error
        return self.steps

    def cancel(self) -> bool:
        """Stop it; what it made is kept."""
        return bool(self._connection.post(f"runs/{self.id}/cancel")["count"])


class RemoteJobs:
    """`client.jobs`: look at jobs, and steer them: by id, of a batch, or all that are yours."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, job: str) -> RemoteJob:
        """Return a job.

        Raises:
            StudioError: there is none, or it is another user's.
        """
        data = self._connection.get(f"jobs/{quote(job, safe='')}")
        return RemoteJob(data["id"], self._connection)

    def list(
        self, *, statuses: Sequence[str] = (), batch: str = "", before: str = "", limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return a page of jobs, newest first; page on with `before=` the last id seen."""
        params = {"status": list(statuses), "batch": batch, "before": before, "limit": limit}
        items: list[dict[str, Any]] = self._connection.get("jobs", params)["items"]
        return items

    def count(self, *, batch: str = "") -> dict[str, int]:
        """Return how many jobs stand where."""
        counts: dict[str, int] = self._connection.get("jobs/counts", {"batch": batch})
        return counts

    def cancel(self, jobs: Sequence[str] = (), *, batch: str = "", all: bool = False) -> int:
        """Cancel jobs; return how many had not ended."""
        return self._steer("cancel", jobs, batch, all)

    def pause(self, jobs: Sequence[str] = (), *, batch: str = "", all: bool = False) -> int:
        """Keep jobs from running until `resume`."""
        return self._steer("pause", jobs, batch, all)

    def resume(self, jobs: Sequence[str] = (), *, batch: str = "", all: bool = False) -> int:
        """Let paused jobs go on."""
        return self._steer("resume", jobs, batch, all)

    def retry(self, jobs: Sequence[str] = (), *, batch: str = "", all: bool = False) -> int:
        """Queue failed, cancelled and dead jobs again."""
        return self._steer("retry", jobs, batch, all)

    def move_first(self, jobs: Sequence[str] = (), *, batch: str = "") -> int:
        """Put queued jobs before the others of their class and user."""
        return self._steer("first", jobs, batch, False)

    def move_last(self, jobs: Sequence[str] = (), *, batch: str = "") -> int:
        """Put queued jobs behind the others of their class and user."""
        return self._steer("last", jobs, batch, False)

    def set_priority(self, jobs: Sequence[str], priority: str) -> int:
        """Put queued jobs into another class: interactive, normal or batch."""
        body = {"ids": [*jobs], "priority": priority}
        return int(self._connection.post("jobs/priority", body)["count"])

    def read_log(self, job: str) -> str:
        """Return what a job's generator printed."""
        return self._connection.read_text(f"jobs/{quote(job, safe='')}/log")

    def _steer(self, what: str, jobs: Sequence[str], batch: str, everything: bool) -> int:
        body = {"ids": [*jobs], "batch": batch, "all": everything}
        return int(self._connection.post(f"jobs/{what}", body)["count"])


def build_job_error(data: dict[str, Any]) -> StudioError | None:
    """Rebuild the error of a job or a run."""
    fault = data["error"]
    if fault is None:
        if data["status"] == "cancelled":
            return JobCancelledError("{id} was cancelled", id=data["id"])
        return None
    kind = getattr(errors, str(fault["type"]), StudioError)
    if not (isinstance(kind, type) and issubclass(kind, StudioError)):
        kind = StudioError
    return kind(str(fault["message"]).replace("{", "{{").replace("}", "}}"), id=data["id"])


def wait_until(is_done: Callable[[], bool], timeout: float | None) -> None:
    """Look again and again, ever more rarely.

    Raises:
        TimeoutError: it is not so after `timeout` seconds.
    """
    end = None if timeout is None else time.monotonic() + timeout
    pause = _FIRST_LOOK
    while not is_done():
        if end is not None and time.monotonic() >= end:
            raise TimeoutError(f"it has not ended after {timeout} s")
        time.sleep(pause if end is None else max(min(pause, end - time.monotonic()), 0.0))
        pause = min(pause * 1.3, _LONGEST_LOOK)
