"""`studio.jobs`: look at jobs, wait for them, cancel and retry them."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from studio.app.job import Job, JobHome, Progress
from studio.events import Event, EventBus, JobChanged, JobProgressed
from studio.scheduler.job import JobRecord, JobStatus, Priority
from studio.scheduler.jobs import JobTable
from studio.scheduler.queue_view import QueuePage

_POLL = 0.05  # seconds between looks when another process runs the scheduler


class JobBook:
    """Everything one can do with jobs, in this process or any other of the home.

    Args:
        ensure_scheduler: start scheduling here if nobody does; called while waiting.
    """

    def __init__(
        self,
        table: JobTable,
        events: EventBus,
        home: Callable[[], JobHome],
        ensure_scheduler: Callable[[], bool],
        log_folder: Path,
    ) -> None:
        self._table = table
        self._home = home
        self._ensure_scheduler = ensure_scheduler
        self._log_folder = log_folder
        self._progress: dict[str, tuple[float, JobProgressed]] = {}
        self._changed = threading.Condition()
        self._unsubscribe = events.subscribe(self._note)

    def get(self, job: str) -> Job:
        """Return a job by id or unique beginning of one.

        Raises:
            StudioError: there is no such job, or several.
        """
        return Job(self._table.get(job).id, self._home())

    def list(
        self,
        *,
        statuses: Iterable[JobStatus] = (),
        batch: str = "",
        user: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[JobRecord]:
        """Return jobs, newest first; page on with `before=` the last id seen."""
        return self._table.find(
            statuses=statuses, batch=batch, user=user, before=before, limit=limit
        )

    def count(self, *, batch: str = "", user: str = "") -> dict[JobStatus, int]:
        """Return how many jobs, of a batch or a user, stand where."""
        return self._table.count(batch=batch, user=user)

    def find_live(self, *, batch: str = "", user: str = "") -> Sequence[str]:
        """Return the jobs of a batch, of a user, or of everybody, that have not ended."""
        return self._table.find_live(batch=batch, user=user)

    def find_retriable(self, *, batch: str = "", user: str = "") -> Sequence[str]:
        """Return the jobs of a batch, of a user, or of everybody, that `retry` would queue."""
        return self._table.find_retriable(batch=batch, user=user)

    def find_batch(self, batch: str, *, user: str = "") -> Sequence[str]:
        """Return the jobs of a batch, in order; only those of `user` if one is given."""
        return self._table.find_batch(batch, user=user)

    def find_users(self, jobs: Sequence[str]) -> dict[str, str]:
        """Return job -> whose it is, by whole ids; those that are not there are missing."""
        return self._table.find_users(jobs)

    def read_queue(self, *, user: str = "", start: int = 0, limit: int = 100) -> QueuePage:
        """Return rows of the queue in its order, the jobs of a batch folded into one."""
        return self._table.read_queue(user=user, start=start, limit=limit)

    def set_priority(self, jobs: Sequence[str], priority: Priority) -> int:
        """Put queued jobs into another class; return how many there were."""
        return self._table.set_priority([self._table.get(job).id for job in jobs], priority)

    def cancel(self, jobs: Sequence[str] = (), *, batch: str = "", user: str = "") -> int:
        """Cancel jobs, or a batch, or all of a user; return how many had not ended."""
        return self._table.cancel(self._select(jobs, batch, user))

    def pause(self, jobs: Sequence[str] = (), *, batch: str = "", user: str = "") -> int:
        """Keep jobs, or a batch, or all of a user, from running until `resume`.

        One that runs stops at its next step; the seeds it answered stay answered.
        """
        return self._table.pause(self._select(jobs, batch, user))

    def resume(self, jobs: Sequence[str] = (), *, batch: str = "", user: str = "") -> int:
        """Let paused jobs go on."""
        return self._table.resume(self._select(jobs, batch, user))

    def move_first(self, jobs: Sequence[str] = (), *, batch: str = "") -> int:
        """Put queued jobs before the others of their class and user, in the order given."""
        return self._table.move_first(self._select(jobs, batch, ""))

    def move_before(self, jobs: Sequence[str], other: str) -> int:
        """Put queued jobs right before another one, in the order given."""
        return self._table.move_before(self._select(jobs, "", ""), other)

    def move_last(self, jobs: Sequence[str] = (), *, batch: str = "") -> int:
        """Put queued jobs behind the others of their class and user, in the order given."""
        return self._table.move_last(self._select(jobs, batch, ""))

    def retry(self, jobs: Sequence[str]) -> int:
        """Queue failed, cancelled and dead jobs again; return how many there were."""
        return self._table.retry([self._table.get(job).id for job in jobs])

    def read_log(self, job: str) -> str:
        """Return what a job's generator and its libraries printed."""
        path = self._log_folder / f"{self._table.get(job).id}.log"
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def get_progress(self, record: JobRecord) -> Progress:
        """Return the newest progress known of a job, with seconds left if it runs."""
        total = len(record.request.seeds)
        if record.status is JobStatus.DONE:
            return Progress(record.total or total, record.total or total, 0.0)
        _, event = self._progress.get(record.id, (0.0, None))
        done, total = (event.done, event.total) if event else (record.done, record.total)
        eta = None
        if record.status is JobStatus.RUNNING and record.started and done and total:
            eta = (time.time() - record.started) / done * (total - done)
        return Progress(done, total, eta)

    def wait(self, jobs: Sequence[str], timeout: float | None) -> None:
        """Block until all of `jobs` ended, and see to it that somebody runs them.

        Raises:
            TimeoutError: some have not ended after `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pending = list(jobs)
        while True:
            while pending and self._table.get_status(pending[-1]).is_final:
                pending.pop()
            if not pending:
                return
            if end is not None and time.monotonic() >= end:
                raise TimeoutError(f"{len(pending)} jobs have not ended after {timeout} s")
            is_ours = self._ensure_scheduler()
            with self._changed:
                # Our own scheduler tells; another process's has to be asked.
                if not self._table.get_status(pending[-1]).is_final:
                    step = 0.5 if is_ours else _POLL
                    self._changed.wait(step if end is None else min(step, end - time.monotonic()))

    def _select(self, jobs: Sequence[str], batch: str, user: str) -> Sequence[str]:
        chosen = [self._table.get(job).id for job in jobs]
        if batch or user:
            chosen += self._table.find_live(batch=batch, user=user)
        return chosen

    def close(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def _note(self, event: Event) -> None:
        if isinstance(event, JobProgressed):
            self._progress[event.job] = (time.monotonic(), event)
        elif isinstance(event, JobChanged):
            if JobStatus(event.status).is_final:
                self._progress.pop(event.job, None)
            with self._changed:
                self._changed.notify_all()
