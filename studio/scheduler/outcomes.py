"""How a job ends: failed, cancelled, dead, or another try."""

import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from studio.config import Config
from studio.errors import JobFailedError, OutOfMemoryError, PluginLoadError, StudioError
from studio.events import JobChanged
from studio.scheduler.job import JobStatus, Lease, LostLeaseError
from studio.scheduler.jobs import JobTable
from studio.scheduler.messages import Refuse
from studio.scheduler.places import Running
from studio.scheduler.ports import Host
from studio.worker import protocol


class Outcomes:
    """Books ends in the job table and tells about them; a lost lease is no end."""

    def __init__(self, config: Config, jobs: JobTable, host: Host) -> None:
        self._config = config
        self._jobs = jobs
        self._host = host
        self._log = logging.getLogger("studio.scheduler")

    def end(self, lease: Lease, status: JobStatus, error: dict[str, Any] | None = None) -> None:
        """Book a final status."""
        with contextlib.suppress(LostLeaseError):
            self._jobs.end(lease, status, error)
            self._host.emit(JobChanged(lease.job, status))

    def check_done(self, lease: Lease) -> None:
        """A worker says it answered every seed: the commit of the last one marked the job done."""
        if self._jobs.get(lease.job).status is JobStatus.RUNNING:
            error = JobFailedError(
                "{generator} answered fewer seeds than it was asked for; tell its author",
                generator=lease.request.recipe.generator,
            )
            self.end(lease, JobStatus.FAILED, error.to_dict())

    def settle(
        self, running: Running, event: protocol.Done | protocol.Failed | protocol.Cancelled
    ) -> bool:
        """Book how a job left its worker; False if it went back to the queue."""
        match event:
            case protocol.Failed():
                error = dict(event.error)
                if event.traceback:
                    error["traceback"] = event.traceback
                self.end(running.lease, JobStatus.FAILED, error)
            case protocol.Done() if not running.parts:
                self.check_done(running.lease)
            case _ if running.stop == "hold":
                self.requeue(running.lease)
                return False
            case _:
                self.end(running.lease, JobStatus.CANCELLED)
        return True

    def requeue(self, lease: Lease) -> None:
        """Put a job back into the queue; it has done nothing wrong."""
        with contextlib.suppress(LostLeaseError):
            self._jobs.requeue(lease)
            self._host.emit(JobChanged(lease.job, JobStatus.QUEUED))

    def refuse(self, action: Refuse, lease: Lease | None) -> None:
        """Fail a job that needs more memory than there is, with advice."""
        error = build_refusal(action)
        lease = lease or self._jobs.lease(action.job, "")
        if lease is not None:
            self.end(lease, JobStatus.FAILED, error.to_dict())

    def bury(self, lease: Lease, event: protocol.Exited) -> None:
        """The worker ended under a job: give the job another try, or up."""
        try:
            record = self._jobs.get(lease.job)
            if record.cancel_requested:
                self.end(lease, JobStatus.CANCELLED)
            elif record.attempts + 1 < self._config.max_attempts:
                self._jobs.requeue(lease, died=True)
                self._host.emit(JobChanged(lease.job, JobStatus.QUEUED))
            else:
                self.end(lease, JobStatus.DEAD, self._build_dead_error(lease, event).to_dict())
        except LostLeaseError:
            self._log.warning("job %s: its worker ended after the lease was lost", lease.job)

    def fail_environment(self, environment: str, reason: str, jobs: Sequence[str]) -> None:
        """No worker of this environment starts: fail its jobs instead of trying for ever."""
        error = PluginLoadError(
            "environment '{environment}': its worker does not start ({reason}); "
            "see `studio doctor`, then retry the job",
            environment=environment,
            reason=reason,
        )
        for job in jobs:
            lease = self._jobs.lease(job, "")
            if lease is not None:
                self.end(lease, JobStatus.FAILED, error.to_dict())

    def _build_dead_error(self, lease: Lease, event: protocol.Exited) -> StudioError:
        cls = OutOfMemoryError if event.out_of_memory else JobFailedError
        return cls(
            "the job ended its worker {times} times, last: {reason}; "
            "`studio jobs show {job}` has its log",
            times=self._config.max_attempts,
            reason=event.reason,
            job=lease.job,
        )


def build_refusal(action: Refuse) -> OutOfMemoryError:
    """Say what was tried, or what it is believed to need."""
    rungs = ", ".join(action.rungs)
    if action.rungs and action.need <= action.capacity:
        # What it needs is not known: it took all there is, each time.
        return OutOfMemoryError(
            "it ran out of the {capacity} MiB a device here has, also with: {rungs}; ask for a "
            "smaller size or another checkpoint, or tell the plugin's author if it takes more "
            "each time",
            capacity=action.capacity >> 20,
            rungs=rungs,
        )
    return OutOfMemoryError(
        "{need} MiB are needed and {capacity} MiB is the most a device here has (tried: "
        "{rungs}); ask for a smaller size or another checkpoint",
        need=action.need >> 20,
        capacity=action.capacity >> 20,
        rungs=rungs or "nothing yet",
    )


def is_starved(event: protocol.WorkerEvent) -> bool:
    """Tell whether a job failed for want of memory."""
    return isinstance(event, protocol.Failed) and event.error.get("type") == "OutOfMemoryError"
