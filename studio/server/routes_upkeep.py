"""What an admin mends from the system page, and the figures of a training."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from studio.generator import FINISH
from studio.observe.figures import parse_figures
from studio.scheduler.job import JobStatus
from studio.server.access import CurrentAdmin, CurrentVisitor
from studio.server.errors import ConflictError, NotFoundError
from studio.server.models_jobs import Touched
from studio.server.replies import READ, WRITE
from studio.server.routes_jobs import JobPath

MOST_POINTS = 1000
STOP_PARAM = "stop_after"
"""Param of trainers that can be ended early; a result that was has it in its recipe."""

router = APIRouter()


class Enabled(BaseModel):
    """Whether a plugin was suspended before."""

    was_suspended: bool


class Removed(BaseModel):
    """Whether files were deleted; those that belong to others stay where they are."""

    deleted: bool


class FiguresView(BaseModel):
    """What a training noted: rows with `step` and any other figures, and how many there were."""

    items: list[dict[str, float]]
    count: int


@router.post("/plugins/{name}/enable", operation_id="enable_plugin", tags=["system"],
             summary="Let a suspended plugin run again.", responses=WRITE)  # fmt: skip
def enable_plugin(visitor: CurrentAdmin, name: Annotated[str, Path(max_length=200)]) -> Enabled:
    """Forget how often it ended its worker. Admins only."""
    home = visitor.home
    if not any(plugin.name == name for plugin in home.registry.plugins):
        raise NotFoundError("no plugin '{plugin}' is installed here", plugin=name)
    return Enabled(was_suspended=home.strikes.enable(name))


@router.delete("/checkpoints/{name:path}", operation_id="remove_checkpoint", tags=["checkpoints"],
               summary="Remove a checkpoint.", responses=WRITE)  # fmt: skip
def remove_checkpoint(
    visitor: CurrentAdmin, name: Annotated[str, Path(max_length=1000)]
) -> Removed:
    """Delete one that is in the home; one that lies elsewhere is only forgotten. Admins only."""
    book = visitor.home.checkpoints
    if not any(info.name == name for info in book.list()):
        raise NotFoundError("no checkpoint '{name}'", name=name)
    return Removed(deleted=book.remove(name) is not None)


@router.post("/jobs/{job}/finish", operation_id="finish_job", tags=["jobs"],
             summary="End a training early, with its result.", responses=WRITE)  # fmt: skip
def finish_job(visitor: CurrentVisitor, job: JobPath) -> Touched:
    """Ask a running trainer for what it has learnt so far; those with a param `stop_after` can."""
    record = visitor.check_job(job)
    scratch = visitor.home.config.home / "scratch" / f"{record.id}-{record.token}"
    if record.status is not JobStatus.RUNNING or STOP_PARAM not in record.request.recipe.params:
        raise ConflictError("job {job} cannot be ended early; cancel it", job=record.id)
    try:
        (scratch / FINISH).touch()
    except OSError:  # it has just ended, or has not begun
        return Touched(count=0)
    return Touched(count=1)


@router.get("/jobs/{job}/figures", operation_id="read_job_figures", tags=["jobs"],
            summary="Read what a training noted.", responses=READ)  # fmt: skip
def read_figures(
    visitor: CurrentVisitor,
    job: JobPath,
    after: Annotated[float, Query(description="only rows of later steps")] = -1,
) -> FiguresView:
    """Return the figures by step, thinned out where there are very many."""
    record = visitor.check_job(job)
    found = parse_figures(visitor.home.jobs.read_log(record.id))
    rows = [row for row in found if row["step"] > after]
    stride = -(-len(rows) // MOST_POINTS) or 1
    kept = rows[::-stride][::-1]  # the newest is always among them
    return FiguresView(items=kept, count=len(found))
