"""Assets and jobs as JSON and as rows of a table."""

import time
from pathlib import Path
from typing import Any

from studio.app.asset import Asset
from studio.cli.output import format_size
from studio.scheduler.job import JobRecord

ASSET_COLUMNS = ("id", "kind", "title", "generator", "seed", "made", "tags")
JOB_COLUMNS = ("id", "status", "generator", "results", "queued")


def build_asset_data(asset: Asset, saved: list[Path] | None = None) -> dict[str, Any]:
    """Describe an asset as JSON.

    Args:
        asset: of the library.
        saved: where its files were copied to.
    """
    record = asset.record
    data: dict[str, Any] = {
        "id": asset.id,
        "path": str(asset.path),
        "kind": asset.kind.value,
        "title": asset.title,
        "generator": record.generator,
        "seed": asset.seed,
        "payload_hash": asset.payload_hash,
        "metrics": asset.metrics,
        "files": {name: str(path) for name, path in asset.files.items()},
        "tags": list(record.tags),
        "rating": record.rating,
        "created": record.created,
        "job": record.job,
    }
    if saved is not None:
        data["saved"] = [str(path) for path in saved]
    return data


def build_asset_details(asset: Asset) -> dict[str, Any]:
    """Describe all that is known of an asset as JSON."""
    record = asset.record
    return build_asset_data(asset) | {
        "params": record.params,
        "checkpoint": record.checkpoint.model_dump() if record.checkpoint else None,
        "plugin": f"{record.plugin} {record.plugin_version}".strip(),
        "facts": record.facts,
        "info": record.info,
        "licence": record.licence,
        "source": record.source,
        "notes": record.notes,
        "user": record.user,
        "device": record.device,
        "versions": record.versions,
        "seconds": record.seconds,
        "size": record.size,
        "trashed": record.trashed,
    }


def build_asset_row(asset: Asset) -> tuple[object, ...]:
    """Make a row of a table."""
    record = asset.record
    made = format_time(record.created)
    tags = list(record.tags) + (["*" * record.rating] if record.rating else [])
    return (
        asset.id, asset.kind.value, asset.title, record.generator, asset.seed, made, " ".join(tags)
    )  # fmt: skip


def build_asset_facts(asset: Asset) -> list[tuple[str, object]]:
    """List what a person wants to know of an asset; empty values are left out."""
    data = build_asset_details(asset)
    data["size"] = format_size(data["size"])
    data["created"] = format_time(data["created"])
    for name in ("files", "path"):
        del data[name]
    rows: list[tuple[str, object]] = [(name, value) for name, value in data.items() if value]
    return [*rows, *[(f"file {name}", path) for name, path in asset.files.items()]]


def build_job_data(record: JobRecord) -> dict[str, Any]:
    """Describe a job as JSON."""
    request = record.request
    return {
        "id": record.id,
        "status": record.status.value,
        "generator": request.recipe.generator,
        "priority": request.priority.name.lower(),
        "batch": request.batch,
        "seeds": list(request.seeds),
        "params": request.recipe.params,
        "inputs": request.inputs,
        "made": len(record.outputs),
        "assets": record.asset_ids,
        "created": record.created,
        "started": record.started,
        "finished": record.finished,
        "attempts": record.attempts,
        "worker": record.worker,
        "error": record.error,
    }


def build_job_row(record: JobRecord) -> tuple[object, ...]:
    """Make a row of a table."""
    results = f"{len(record.outputs)}/{len(record.request.seeds)}"
    queued = format_time(record.created)
    return (record.id, record.status.value, record.request.recipe.generator, results, queued)


def format_time(seconds: float | None) -> str:
    """Say a unix time in the local zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "-"


def format_day(seconds: float) -> str:
    """Say the day of a unix time in the local zone."""
    return time.strftime("%Y-%m-%d", time.localtime(seconds))
