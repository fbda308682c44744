"""Jobs as the visitor may see them."""

from collections.abc import Mapping
from typing import Any

from studio.app.checking import Fault
from studio.app.previews import build_address, find_preview
from studio.errors import error_from_dict
from studio.scheduler.job import JobRecord, JobStatus
from studio.server.access import Visitor
from studio.server.models_jobs import Class, JobCounts, JobErrorView, JobView
from studio.server.models_jobs import Fault as FaultView

CLASSES: tuple[Class, ...] = ("interactive", "normal", "batch")


def build_job(visitor: Visitor, record: JobRecord) -> JobView:
    """Describe a job."""
    request, recipe = record.request, record.request.recipe
    progress = visitor.home.jobs.get_progress(record)
    return JobView(
        id=record.id,
        generator=recipe.generator,
        title=say_title(visitor, recipe.generator),
        status=record.status,
        priority=CLASSES[request.priority],
        user=request.user,
        batch=request.batch,
        created=record.created,
        started=record.started,
        ended=record.finished,
        done=progress.done,
        total=progress.total,
        eta=progress.eta,
        asset_ids=record.asset_ids,
        seeds=list(request.seeds),
        params=dict(recipe.params),
        inputs=request.inputs,
        checkpoint=recipe.checkpoint.name if recipe.checkpoint else "",
        error=build_job_error(visitor, record),
        paused=record.is_paused,
        attempts=record.attempts,
        tags=list(request.tags),
        preview=build_preview_address(visitor, record),
    )


def say_title(visitor: Visitor, generator: str) -> str:
    """Return the title of a generator in the visitor's language; its id if it is not there."""
    spec = visitor.home.registry.specs.get(generator)
    return visitor.translator.of(spec.entry_point).text(spec.title) if spec else generator


def build_job_error(visitor: Visitor, record: JobRecord) -> JobErrorView | None:
    """Say why a job ended badly."""
    if record.error is None:
        return None
    return build_error(visitor, record.error)


def build_error(visitor: Visitor, data: Mapping[str, Any]) -> JobErrorView:
    """Say what `StudioError.to_dict` wrote: what is wrong, and what to do about it."""
    error = error_from_dict(data)
    fault, remedy = visitor.translator.explain(error)
    return JobErrorView(
        type=type(error).__name__,
        message=visitor.translator.error(error),
        fault=fault,
        remedy=remedy,
    )


def build_preview_address(visitor: Visitor, record: JobRecord) -> str | None:
    """Return where the newest preview is; the address changes with it."""
    path = find_preview(visitor.home.config.home, record)
    return build_address(record.id, record.token, path) if path else None


def build_counts(counts: Mapping[JobStatus, int]) -> JobCounts:
    """Describe counts."""
    return JobCounts(**{str(status): count for status, count in counts.items()})


def build_fault(visitor: Visitor, fault: Fault) -> FaultView:
    """Describe a wrong field."""
    return FaultView(
        place=fault.place, field=fault.field, message=visitor.translator.error(fault.error)
    )
