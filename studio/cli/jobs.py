"""`studio jobs`: list, show, wait, cancel, retry."""

from typing import Any

import click

from studio.app.job import Job
from studio.cli.command import Group, option
from studio.cli.context import Session
from studio.cli.exits import ExitCode
from studio.cli.rows import JOB_COLUMNS, build_job_data, build_job_row, format_time
from studio.cli.watching import watch_jobs
from studio.errors import StudioError, error_from_dict
from studio.scheduler.job import JobRecord, JobStatus

STATUSES = tuple(status.value for status in JobStatus)

_LOG_LINES = 20


@click.group("jobs", cls=Group)
def command() -> None:
    """Look at jobs; wait for, cancel and retry them."""


@command.command("list")
@option("--status", "statuses", type=click.Choice(STATUSES), multiple=True,
        help="Only these; repeatable.")  # fmt: skip
@option("--limit", type=click.IntRange(1), default=30, metavar="N", help="At most so many.")
@option("--before", default="", metavar="ID", help="Go on after this one of the last list.")
@click.pass_obj
def list_jobs(session: Session, statuses: tuple[str, ...], limit: int, before: str) -> None:
    """List jobs, newest first."""
    wanted = [JobStatus(status) for status in statuses]
    records = session.studio.jobs.list(statuses=wanted, before=before, limit=limit)
    if session.out.as_json:
        session.out.data([build_job_data(record) for record in records])
        return
    session.table(JOB_COLUMNS, [build_job_row(record) for record in records])
    counts = {status.value: n for status, n in session.studio.jobs.count().items()}
    session.say("in all: {counts}", counts=", ".join(f"{n} {s}" for s, n in counts.items()) or "0")


@command.command("show")
@click.argument("job", metavar="ID")
@option("--verbose", is_flag=True, help="With the traceback and the whole log.")
@click.pass_obj
def show_job(session: Session, job: str, verbose: bool) -> None:
    """Show a job: its request, error and the end of its log."""
    record = session.studio.jobs.get(job).record
    log = session.studio.jobs.read_log(record.id)
    if session.out.as_json:
        session.out.data(build_job_data(record) | {"log": log})
        return
    session.table(("field", "value"), list_job_facts(session, record))
    trace = str((record.error or {}).get("traceback") or "")
    if verbose and trace:
        session.out.line()
        session.out.line(trace.rstrip())
    lines = log.splitlines()
    shown = lines if verbose else lines[-_LOG_LINES:]
    if shown:
        session.out.line()
        session.say("log, {shown} of {lines} lines:", shown=len(shown), lines=len(lines))
        for line in shown:
            session.out.line(f"  {line}")


@command.command("wait")
@click.argument("jobs", metavar="[ID]...", nargs=-1)
@click.pass_obj
def wait_for_jobs(session: Session, jobs: tuple[str, ...]) -> None:
    """Wait for jobs, or for all that have not ended; they are run here if nobody does."""
    book = session.studio.jobs
    if jobs:
        handles = [book.get(job) for job in jobs]
    else:
        live = (JobStatus.QUEUED, JobStatus.RUNNING)
        handles = [book.get(r.id) for r in book.list(statuses=live, limit=1_000_000)]
    session.has_queued = True
    watch_jobs(session, handles, session.text("jobs"))
    show_ends(session, handles)


@command.command("cancel")
@click.argument("jobs", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def cancel_jobs(session: Session, jobs: tuple[str, ...]) -> None:
    """Cancel jobs; what they made stays."""
    count = session.studio.jobs.cancel(jobs)
    if session.out.as_json:
        session.out.data({"cancelled": count})
    session.say("{count} of {total} cancelled", count=count, total=len(jobs))


@command.command("retry")
@click.argument("jobs", metavar="ID...", nargs=-1, required=True)
@option("--no-wait", is_flag=True, help="Queue them and return.")
@click.pass_obj
def retry_jobs(session: Session, jobs: tuple[str, ...], no_wait: bool) -> None:
    """Queue failed, cancelled and dead jobs again, and wait for them."""
    book = session.studio.jobs
    count = book.retry(jobs)
    session.note("{count} of {total} queued again", count=count, total=len(jobs))
    handles = [book.get(job) for job in jobs]
    session.has_queued = True
    if not no_wait:
        watch_jobs(session, handles, session.text("jobs"))
    show_ends(session, handles)


def show_ends(session: Session, jobs: list[Job]) -> None:
    """List how jobs ended; leave with 1 if one ended badly."""
    records = [job.record for job in jobs]
    if session.out.as_json:
        session.out.data([build_job_data(record) for record in records])
    else:
        session.table(JOB_COLUMNS, [build_job_row(record) for record in records])
    bad = {JobStatus.FAILED, JobStatus.DEAD, JobStatus.CANCELLED}
    if any(record.status in bad for record in records):
        raise click.exceptions.Exit(ExitCode.FAILED)


def list_job_facts(session: Session, record: JobRecord) -> list[tuple[str, Any]]:
    """List what a person wants to know of a job; empty values are left out."""
    data = build_job_data(record)
    for name in ("created", "started", "finished"):
        data[name] = format_time(data[name]) if data[name] else ""
    if record.error:
        data["error"] = session.describe(find_error(record))
    return [(name, value) for name, value in data.items() if value not in ("", None, [], {})]


def find_error(record: JobRecord) -> StudioError | None:
    """Return why a job failed."""
    return error_from_dict(record.error) if record.error else None
