"""What `studio top` shows, as tables of text."""

from dataclasses import dataclass

from studio.cli.context import Session
from studio.cli.output import format_seconds, format_size
from studio.observe.overview import JobView, Overview


@dataclass(frozen=True)
class Table:
    """A table of text with a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def build_headline(session: Session, view: Overview) -> str:
    """Say who schedules, and how fast things go."""
    if view.pid is None:
        state = session.text("no scheduler runs; `studio jobs wait` runs what is queued")
    else:
        state = session.text(
            "process {pid} has scheduled for {time}",
            pid=view.pid,
            time=format_seconds(view.uptime),
        )
    rates = session.text(
        "last minute: {done} done, {failed} failed; last hour: {assets} assets",
        done=view.rates.done_per_minute,
        failed=view.rates.failed_per_minute,
        assets=view.rates.assets_per_hour,
    )
    disk = session.text(
        "library: {assets} assets, {size}; disk: {free} of {total} free",
        assets=view.disk.assets,
        size=format_size(view.disk.library),
        free=format_size(view.disk.free),
        total=format_size(view.disk.total),
    )
    return "\n".join((f"{view.home}: {state}", rates, disk))


def build_tables(session: Session, view: Overview) -> list[Table]:
    """Build devices, workers, the queue, and jobs by status."""
    tables = [
        _build_devices(session, view),
        _build_workers(session, view),
        _build_queue(session, view),
    ]
    if view.running:
        tables.append(_build_running(session, view))
    return tables


def describe_job(session: Session, job: JobView | None) -> str:
    """Say how far a job is: "3/8 38 % 12.0 s left"."""
    if job is None:
        return ""
    if not job.total:
        return format_seconds(job.seconds)
    share = f"{job.done}/{job.total} {job.done / job.total:.0%}"
    if job.eta is None:
        return share
    return share + session.text(", {time} left", time=format_seconds(job.eta))


def _build_devices(session: Session, view: Overview) -> Table:
    columns = tuple(map(session.text, ("device", "name", "memory", "used")))
    rows = tuple(
        (
            device.name,
            device.title or "-",
            "-" if device.total is None else format_size(device.total),
            "-" if device.used is None else _share(device.used, device.total),
        )
        for device in view.devices
    )
    return Table(session.text("Devices"), columns, rows)


def _build_workers(session: Session, view: Overview) -> Table:
    names = ("worker", "device", "environment", "job", "generator", "progress", "resident")
    rows = tuple(
        (
            worker.id[-6:],
            worker.device,
            worker.environment,
            worker.job.id if worker.job else session.text("idle"),
            worker.job.generator if worker.job else "-",
            describe_job(session, worker.job) or "-",
            ", ".join(worker.residents) or "-",
        )
        for worker in view.workers
    )
    return Table(session.text("Workers"), tuple(map(session.text, names)), rows)


def _build_queue(session: Session, view: Overview) -> Table:
    counts = ", ".join(f"{count} {status}" for status, count in sorted(view.jobs.items()))
    title = session.text("Queue: {waiting} wait; in all: {counts}",
                         waiting=view.waiting, counts=counts or "0")  # fmt: skip
    names = ("class", "user", "waiting", "paused", "oldest")
    rows = tuple(
        (row.priority, row.user, str(row.waiting), str(row.paused), format_seconds(row.oldest))
        for row in view.queue
    )
    return Table(title, tuple(map(session.text, names)), rows)


def _build_running(session: Session, view: Overview) -> Table:
    """Jobs whose worker is not known: nobody publishes, or it is just starting."""
    names = ("job", "generator", "user", "progress")
    rows = tuple(
        (job.id, job.generator, job.user, describe_job(session, job)) for job in view.running
    )
    return Table(session.text("Running elsewhere"), tuple(map(session.text, names)), rows)


def _share(used: int, total: int | None) -> str:
    return f"{format_size(used)} {used / total:.0%}" if total else format_size(used)
