"""`studio trace`."""

import json
from pathlib import Path
from typing import Any

import click

from studio.cli.command import Command, WrongUseError, option
from studio.cli.context import Session
from studio.errors import StudioError


@click.command("trace", cls=Command)
@click.argument("job", metavar="[JOB]", default="")
@option("--all", "is_all", is_flag=True, help="Every job on one timeline.")
@option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Write the trace there; ui.perfetto.dev and chrome://tracing show it.")  # fmt: skip
@click.pass_obj
def command(session: Session, job: str, is_all: bool, out: Path | None) -> None:
    """Show when a job waited, loaded, stepped and stored.

    $ studio trace 01k5 --out trace.json

    Traces are written when a job ends; the setting `trace_jobs` says how many are kept.
    """
    if is_all == bool(job) or (is_all and not out and not session.out.as_json):
        raise WrongUseError("give a JOB, or --all with --out FILE")
    traces = session.studio.monitor.traces
    trace = traces.merge() if is_all else traces.load(session.studio.jobs.get(job).id)
    if out:
        save_trace(trace, out)
        session.note("{path}: {count} events", path=out, count=len(trace["traceEvents"]))
    elif session.out.as_json:
        session.out.data(trace)
    else:
        session.table(("at", "took", "what", "where"), list_spans(trace))


def save_trace(trace: dict[str, Any], path: Path) -> None:
    """Write a trace.

    Raises:
        StudioError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(trace, separators=(",", ":")), encoding="utf-8")
    except OSError as error:
        raise StudioError(
            "{path}: {fault}; choose another file", path=path, fault=error.strerror or error
        ) from error


def list_spans(trace: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """List the events of a trace: since its begin, how long, what, on which track."""
    events = [event for event in trace["traceEvents"] if event["ph"] != "M"]
    names = {
        event["tid"]: event["args"]["name"]
        for event in trace["traceEvents"]
        if event["name"] == "thread_name"
    }
    begin = min((event["ts"] for event in events), default=0)
    ends = {event["id"]: event["ts"] for event in events if event["ph"] == "e"}
    rows = []
    for event in events:
        if event["ph"] == "e":
            continue
        duration = event.get("dur")
        name = event["name"]
        if event["ph"] == "b":
            duration, name = ends.get(event["id"], event["ts"]) - event["ts"], f"{name} waits"
        took = "-" if duration is None else f"{duration / 1e6:.3f} s"
        at = f"{(event['ts'] - begin) / 1e6:.3f} s"
        rows.append((at, took, name, names.get(event["tid"], "")))
    return rows
