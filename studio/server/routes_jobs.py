"""`/jobs`: queue, look, check before queueing."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import PlainTextResponse, Response

from studio.app.checking import check_call
from studio.app.previews import find_preview
from studio.app.submission import Tray, get_priority
from studio.scheduler.job import JobStatus
from studio.server.access import CurrentVisitor
from studio.server.calls import (
    build_ask,
    build_bare_ask,
    build_receipt,
    find_path_faults,
    resolve_inputs,
)
from studio.server.job_views import build_counts, build_fault, build_job
from studio.server.models_jobs import (
    CheckAnswer,
    EstimateView,
    JobBody,
    JobCounts,
    JobPage,
    JobView,
)
from studio.server.replies import LIST, READ, WRITE, Responses

router = APIRouter(prefix="/jobs", tags=["jobs"])

TYPES = {
    ".webp": "image/webp",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".wav": "audio/wav",
}
LOG_LIMIT = 1 << 20
"""Most of a job's log that is sent: its last part, characters."""

JobPath = Annotated[str, Path(max_length=64)]
Key = Annotated[
    str | None,
    Header(
        max_length=200,
        description="made up by the client: the same request with the same key is queued once",
    ),
]
_PICTURE: Responses = {200: {"content": {kind: {} for kind in TYPES.values()}}}
_TEXT: Responses = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.post(
    "",
    operation_id="submit_job",
    summary="Queue a job.",
    status_code=201,
    responses=WRITE,
)
def submit_job(visitor: CurrentVisitor, body: JobBody, idempotency_key: Key = None) -> JobView:
    """Queue a job; it is on disk when this answers."""
    receipt = build_receipt(visitor, idempotency_key, body)
    tray = Tray(get_priority(body.priority), reuse=body.reuse, receipt=receipt)
    (job,) = visitor.studio.submit_asks([build_ask(visitor, body)], tray)
    return build_job(visitor, visitor.home.get_job(job))


@router.post("/check", operation_id="check_job", summary="Check a job, queue nothing.",
             responses=LIST)  # fmt: skip
def check_job(visitor: CurrentVisitor, body: JobBody) -> CheckAnswer:
    """Tell every wrong field, or what the job would take. Quick: made for forms."""
    inputs, faults = resolve_inputs(visitor, body.inputs)
    bad = {fault.field for fault in faults}
    faults += find_path_faults(visitor, body)
    ask = build_bare_ask(body, inputs)
    found, estimate = check_call(visitor.studio, ask, inputs, body.priority)
    faults += [fault for fault in found if fault.place != "inputs" or fault.field not in bad]
    view = None
    if estimate is not None and not faults:
        view = EstimateView(
            seconds=estimate.seconds,
            load_seconds=estimate.load_seconds,
            peak_bytes=estimate.peak_bytes,
            disk_bytes=estimate.disk_bytes,
            measured=estimate.is_measured,
        )
    return CheckAnswer(errors=[build_fault(visitor, fault) for fault in faults], estimate=view)


@router.get("", operation_id="list_jobs", summary="List jobs, newest first.", responses=LIST)
def list_jobs(
    visitor: CurrentVisitor,
    status: Annotated[list[JobStatus], Query(max_length=6)] = [],  # noqa: B006
    batch: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[str, Query(max_length=64, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> JobPage:
    """List a page of the jobs that the visitor may see."""
    records = visitor.home.jobs.list(
        statuses=status, batch=batch, user=visitor.owner or "", before=before, limit=limit + 1
    )
    shown = records[:limit]
    following = shown[-1].id if len(records) > limit else None
    return JobPage(items=[build_job(visitor, record) for record in shown], next=following)


@router.get("/counts", operation_id="count_jobs", summary="Count jobs by status.", responses=LIST)
def count_jobs(
    visitor: CurrentVisitor, batch: Annotated[str, Query(max_length=64)] = ""
) -> JobCounts:
    """Count the jobs that the visitor may see."""
    return build_counts(visitor.home.jobs.count(batch=batch, user=visitor.owner or ""))


@router.get("/{job}", operation_id="get_job", summary="Describe a job.", responses=READ)
def get_job(visitor: CurrentVisitor, job: JobPath) -> JobView:
    """Describe one."""
    return build_job(visitor, visitor.check_job(job))


@router.get(
    "/{job}/log",
    operation_id="read_job_log",
    summary="Read a job's log.",
    responses={**READ, **_TEXT},
    response_class=Response,
)
def read_log(visitor: CurrentVisitor, job: JobPath) -> PlainTextResponse:
    """Return what its generator and its libraries printed; the end of it if it is long."""
    record = visitor.check_job(job)
    text = visitor.home.jobs.read_log(record.id)
    return PlainTextResponse(text[-LOG_LIMIT:].encode("utf-8", "replace"))


@router.get(
    "/{job}/preview",
    operation_id="get_job_preview",
    summary="Show the newest preview of a running job.",
    responses={
        **READ,
        **_PICTURE,
        204: {"description": "It shows nothing at the moment."},
        304: {"description": "It has not changed."},
    },
    response_class=Response,
)
def get_preview(
    visitor: CurrentVisitor,
    job: JobPath,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Return a picture, or the sound so far; a new ETag for every new one; nothing if none."""
    record = visitor.check_job(job)
    path = find_preview(visitor.home.config.home, record)
    if path is None:
        return Response(status_code=204)
    etag = f'"{record.id}-{record.token}-{path.stem}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    try:
        data = path.read_bytes()
    except OSError:  # the job ended a moment ago
        return Response(status_code=204)
    return Response(data, media_type=TYPES[path.suffix], headers=headers)
