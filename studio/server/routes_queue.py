"""`/jobs/cancel` and its siblings, and `/batches`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path

from studio.app.submission import Tray, get_priority
from studio.errors import InvalidParamsError
from studio.server.access import CurrentVisitor, Visitor
from studio.server.calls import build_ask, build_receipt, build_request
from studio.server.errors import NotFoundError
from studio.server.job_views import build_counts
from studio.server.models_jobs import (
    BatchBody,
    BatchQueued,
    BatchView,
    PrioritySelection,
    Selection,
    Touched,
)
from studio.server.replies import READ, WRITE
from studio.server.routes_jobs import Key

router = APIRouter()


@router.post("/jobs/cancel", operation_id="cancel_jobs", summary="Cancel jobs.", tags=["jobs"],
             responses=WRITE)  # fmt: skip
def cancel_jobs(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Cancel queued jobs at once; ask running ones to stop."""
    return Touched(count=visitor.home.cancel(select_jobs(visitor, body)))


@router.post("/jobs/pause", operation_id="pause_jobs", summary="Pause jobs.", tags=["jobs"],
             responses=WRITE)  # fmt: skip
def pause_jobs(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Keep jobs from running; those that run stop at their next step and wait."""
    return Touched(count=visitor.home.jobs.pause(select_jobs(visitor, body)))


@router.post("/jobs/resume", operation_id="resume_jobs", summary="Resume jobs.", tags=["jobs"],
             responses=WRITE)  # fmt: skip
def resume_jobs(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Let paused jobs go on."""
    return Touched(count=visitor.home.jobs.resume(select_jobs(visitor, body)))


@router.post("/jobs/retry", operation_id="retry_jobs", summary="Retry jobs.", tags=["jobs"],
             responses=WRITE)  # fmt: skip
def retry_jobs(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Queue failed, cancelled and dead jobs again; what they made already is kept."""
    count = visitor.home.jobs.retry(select_jobs(visitor, body, is_live=False))
    visitor.home.ensure_scheduler()
    return Touched(count=count)


@router.post("/jobs/first", operation_id="move_jobs_first", summary="Move jobs to the front.",
             tags=["jobs"], responses=WRITE)  # fmt: skip
def move_first(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Put queued jobs before the others of their class and user, in the order given."""
    return Touched(count=visitor.home.jobs.move_first(select_jobs(visitor, body)))


@router.post("/jobs/last", operation_id="move_jobs_last", summary="Move jobs to the end.",
             tags=["jobs"], responses=WRITE)  # fmt: skip
def move_last(visitor: CurrentVisitor, body: Selection) -> Touched:
    """Put queued jobs behind the others of their class and user, in the order given."""
    return Touched(count=visitor.home.jobs.move_last(select_jobs(visitor, body)))


@router.post("/jobs/priority", operation_id="set_job_priority", summary="Change the class of jobs.",
             tags=["jobs"], responses=WRITE)  # fmt: skip
def set_priority(visitor: CurrentVisitor, body: PrioritySelection) -> Touched:
    """Put queued jobs into another class."""
    jobs = select_jobs(visitor, body)
    return Touched(count=visitor.home.jobs.set_priority(jobs, get_priority(body.priority)))


@router.post("/batches", operation_id="submit_batch", summary="Queue many calls as one.",
             status_code=201, tags=["batches"], responses=WRITE)  # fmt: skip
def submit_batch(
    visitor: CurrentVisitor, body: BatchBody, idempotency_key: Key = None
) -> BatchQueued:
    """Queue calls; results that the library has already are not made again."""
    tray = Tray(
        get_priority(body.priority),
        tags=tuple(body.tags),
        reuse=True,
        receipt=build_receipt(visitor, idempotency_key, body),
    )
    requests = [build_request(build_ask(visitor, call)) for call in body.requests]
    batch = visitor.studio.submit_batch(requests, tray)
    return BatchQueued(id=batch.id, jobs=batch.job_ids)


@router.get("/batches/{batch}", operation_id="get_batch", summary="Describe a batch.",
            tags=["batches"], responses=READ)  # fmt: skip
def get_batch(visitor: CurrentVisitor, batch: Annotated[str, Path(max_length=64)]) -> BatchView:
    """Describe the jobs of a batch that the visitor may see."""
    user = visitor.owner or ""
    jobs = list(visitor.home.jobs.find_batch(batch, user=user))
    if not jobs:
        raise NotFoundError("batch {batch}: there is none", batch=batch)
    counts = visitor.home.jobs.count(batch=batch, user=user)
    return BatchView(id=batch, counts=build_counts(counts), jobs=jobs)


def select_jobs(visitor: Visitor, body: Selection, *, is_live: bool = True) -> Sequence[str]:
    """Return the jobs that are meant.

    Raises:
        NotFoundError: one of the ids is no job that the visitor may touch.
        InvalidParamsError: nothing is said.
    """
    book, user = visitor.home.jobs, visitor.owner or ""
    if body.ids:
        known = book.find_users(body.ids)
        for job in body.ids:
            if job not in known or (user and known[job] != user):
                raise NotFoundError("job {id}: there is none", id=job)
        return list(dict.fromkeys(body.ids))
    if not body.batch and not body.all:
        raise InvalidParamsError("say which jobs: 'ids', 'batch' or 'all'", field="ids")
    find = book.find_live if is_live else book.find_retriable
    return find(batch=body.batch, user=user)
