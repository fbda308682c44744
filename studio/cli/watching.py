"""Waiting for jobs while showing how far they are."""

from collections.abc import Sequence

from studio.app.job import Job
from studio.cli.context import Session
from studio.cli.progress import open_meter
from studio.scheduler.job import JobRecord, JobStatus

_TICK = 0.2  # seconds between looks
_LOOKED_AT = 40  # jobs whose rows are read at each look; they end roughly in order


def watch_jobs(session: Session, jobs: Sequence[Job], label: str) -> None:
    """Block until all jobs ended; progress counts their seeds."""
    waiting = {job.id: job for job in jobs}
    sizes = {job.id: len(job.record.request.seeds) for job in jobs}
    total = sum(sizes.values())
    with open_meter(session) as meter:
        while waiting:
            shares = 0.0
            for job in list(waiting.values())[:_LOOKED_AT]:
                record = job.record
                if record.status.is_final:
                    del waiting[job.id]
                    continue
                if record.status is JobStatus.RUNNING:
                    shares += job.progress.fraction * sizes[job.id]
            if not waiting:
                break
            done = total - sum(sizes[job] for job in waiting) + shares
            meter.show("jobs", label, done, total if done else 0)
            _pause(next(iter(waiting.values())))


def _pause(job: Job) -> None:
    try:
        job.wait(_TICK)
    except TimeoutError:
        return


def count_seeds(records: Sequence[JobRecord]) -> tuple[int, int]:
    """Return how many results are there, and how many were asked for."""
    made = sum(len(record.outputs) for record in records)
    return made, sum(len(record.request.seeds) for record in records)
