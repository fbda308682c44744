"""`/queue`: what waits, in its order, for people to look at and to arrange."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from studio.scheduler.forecast import Forecast
from studio.scheduler.job import JobStatus
from studio.scheduler.queue_view import QueueRow
from studio.server.access import CurrentVisitor, Visitor
from studio.server.job_views import CLASSES, say_title
from studio.server.models_jobs import Class, JobId, Selection, Touched
from studio.server.replies import LIST, WRITE
from studio.server.routes_queue import select_jobs

FORECAST_FOR = 10.0
"""Seconds a forecast is shown: making one takes up to a second."""

MOST_FORECAST = 2000
"""Jobs that wait, beyond which none is made."""

router = APIRouter(prefix="/queue", tags=["jobs"])


class WaitingView(BaseModel):
    """A job that waits, or the jobs of a batch that wait in one class.

    `id` is the job that goes first; `key` names the row. `in_batch` and `ended` count all jobs of
    the batch; `eta` is seconds until the first is done, null where nobody knows.
    """

    key: str
    id: str
    batch: str
    count: int
    seeds: int
    in_batch: int
    ended: int
    generator: str
    title: str
    priority: Class
    user: str
    paused: bool
    created: float
    eta: float | None


class WaitingPage(BaseModel):
    """Rows of the queue; `total` rows and `jobs` jobs are in it; `seconds` until all are done."""

    items: list[WaitingView]
    total: int
    jobs: int
    seconds: float | None


class MoveBody(Selection):
    """Which jobs go before which."""

    before: JobId = Field(description="a queued job")


@router.get("", operation_id="read_queue", summary="Read what waits, in order.", responses=LIST)
def read_queue(
    visitor: CurrentVisitor,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> WaitingPage:
    """Read a page of the rows that the visitor may see."""
    page = visitor.home.jobs.read_queue(user=visitor.owner or "", start=start, limit=limit)
    found = _get_forecast(visitor, page.jobs)
    batches = {row.batch: _count_batch(visitor, row.batch) for row in page.rows if row.batch}
    ends = found.ends if found else {}
    return WaitingPage(
        items=[
            _build_row(visitor, row, batches.get(row.batch, (0, 0)), ends.get(row.id))
            for row in page.rows
        ],
        total=page.total,
        jobs=page.jobs,
        seconds=found.seconds if found else None,
    )


@router.post("/move", operation_id="move_jobs", summary="Move jobs before another.",
             responses=WRITE)  # fmt: skip
def move_jobs(visitor: CurrentVisitor, body: MoveBody) -> Touched:
    """Put queued jobs right before another one of their class."""
    visitor.check_job(body.before)
    jobs = select_jobs(visitor, body)
    return Touched(count=visitor.home.jobs.move_before(jobs, body.before))


def _count_batch(visitor: Visitor, batch: str) -> tuple[int, int]:
    """Return how many jobs a batch has, and how many of them have ended."""
    counts = visitor.home.jobs.count(batch=batch, user=visitor.owner or "")
    return sum(counts.values()), sum(
        n for status, n in counts.items() if JobStatus(status).is_final
    )


def _get_forecast(visitor: Visitor, jobs: int) -> Forecast | None:
    if not jobs or jobs > MOST_FORECAST:
        return None
    return visitor.home.forecaster.get_recent(FORECAST_FOR)


def _build_row(
    visitor: Visitor, row: QueueRow, batch: tuple[int, int], eta: float | None
) -> WaitingView:
    return WaitingView(
        key=f"{row.batch}/{row.priority}/{row.is_paused:d}" if row.batch else row.id,
        id=row.id,
        batch=row.batch,
        count=row.count,
        seeds=row.seeds,
        in_batch=batch[0],
        ended=batch[1],
        generator=row.generator,
        title=say_title(visitor, row.generator),
        priority=CLASSES[row.priority],
        user=row.user,
        paused=row.is_paused,
        created=row.created,
        eta=None if row.is_paused else eta,
    )
