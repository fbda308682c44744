"""`/runs`: pipelines at work. They outlive the page, and the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Path, Query

from studio.app.run_records import RunRecord
from studio.errors import StudioError
from studio.ids import is_id
from studio.server.access import CurrentVisitor, Visitor
from studio.server.calls import resolve_inputs
from studio.server.errors import NotFoundError
from studio.server.job_views import build_error
from studio.server.models_jobs import Touched
from studio.server.models_pipelines import RunBody, RunPage, RunStepView, RunView
from studio.server.replies import LIST, READ, WRITE
from studio.server.routes_pipelines import PipelineName, find_recipe


@asynccontextmanager
async def resume_runs(app: FastAPI) -> AsyncIterator[None]:
    """Take up the runs whose server ended, when this one begins."""
    app.state.door.studio.runs.resume()
    yield


router = APIRouter(tags=["pipelines"], lifespan=resume_runs)

RunPath = Annotated[str, Path(max_length=64)]


@router.post(
    "/pipelines/{name}/runs",
    operation_id="start_run",
    summary="Run a pipeline.",
    status_code=201,
    responses=WRITE,
)
def start_run(visitor: CurrentVisitor, name: PipelineName, body: RunBody) -> RunView:
    """Check everything, then run; what was made before is not made again."""
    inputs, faults = resolve_inputs(visitor, body.inputs)
    for fault in faults:
        raise fault.error
    record = visitor.home.runs.start(
        find_recipe(visitor, name),
        inputs=inputs,
        params=body.params,
        seed=body.seed,
        user=visitor.name,
    )
    return build_run(visitor, record)


@router.get("/runs", operation_id="list_runs", summary="List runs, newest first.", responses=LIST)
def list_runs(
    visitor: CurrentVisitor,
    status: Annotated[Literal["", "running", "done", "failed", "cancelled"], Query()] = "",
    before: Annotated[str, Query(max_length=64, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunPage:
    """List a page of the runs that the visitor may see."""
    records = visitor.home.runs.list(
        user=visitor.owner or "", status=status, before=before, limit=limit + 1
    )
    shown = records[:limit]
    following = shown[-1].id if len(records) > limit else None
    return RunPage(items=[build_run(visitor, record) for record in shown], next=following)


@router.get("/runs/{run}", operation_id="get_run", summary="Describe a run.", responses=READ)
def get_run(visitor: CurrentVisitor, run: RunPath) -> RunView:
    """Describe one, step by step."""
    return build_run(visitor, check_run(visitor, run))


@router.post("/runs/{run}/cancel", operation_id="cancel_run", summary="Cancel a run.",
             responses=WRITE)  # fmt: skip
def cancel_run(visitor: CurrentVisitor, run: RunPath) -> Touched:
    """Stop a run; what it made is kept."""
    return Touched(count=int(visitor.home.runs.cancel(check_run(visitor, run).id)))


def check_run(visitor: Visitor, run: str) -> RunRecord:
    """Return a run that the visitor may see.

    Raises:
        NotFoundError: there is none, or it is another user's.
    """
    if is_id(run):
        try:
            record = visitor.home.runs.get(run)
        except StudioError:
            record = None
        if record is not None and visitor.owner in (None, record.order.user):
            return record
    raise NotFoundError("run {id}: there is none", id=run[:100])


def build_run(visitor: Visitor, record: RunRecord) -> RunView:
    """Describe a run."""
    error = None if record.error is None else build_error(visitor, record.error)
    order = record.order
    return RunView(
        id=record.id,
        pipeline=record.pipeline,
        title=visitor.translator.text(order.recipe.title),
        status=record.status.value,
        user=order.user,
        seed=order.seed,
        inputs=order.inputs,
        params=order.params,
        created=record.created,
        ended=record.ended,
        steps=[RunStepView.model_validate(vars(step), strict=False) for step in record.steps],
        error=error,
    )
