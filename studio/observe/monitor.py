"""`studio.monitor`: what goes on in a home, asked from any process."""

import shutil
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from studio.config import Config
from studio.database import Database, Row
from studio.observe.exposition import format_families
from studio.observe.machine import find_devices
from studio.observe.metrics import Totals, build_families
from studio.observe.overview import (
    Disk,
    JobView,
    Overview,
    QueueView,
    Rates,
    WorkerView,
    name_priority,
)
from studio.observe.snapshot import Snapshot, load_snapshot
from studio.observe.tables import Tables
from studio.observe.trace_files import TraceFiles

_BAD = ("failed", "dead")
_DEVICES_FOR = 2.0  # seconds: asking nvidia-smi takes a tenth of one
_LIBRARY_FOR = 10.0

Value = TypeVar("Value")


class Monitor:
    """Reads status, figures and traces; changes nothing."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._tables = Tables(database)
        self._totals = Totals(self._tables)
        self._devices = _Kept(_DEVICES_FOR, find_devices)
        self._library = _Kept(_LIBRARY_FOR, self._tables.sum_library)
        self.traces = TraceFiles(config.home / "logs" / "traces", config.trace_jobs)

    def read(self) -> Overview:
        """Look at everything now."""
        now = time.time()
        snapshot = load_snapshot(self._config.home / "cache" / "status.json", now)
        running = {row["id"]: row for row in self._tables.list_running()}
        workers = _build_workers(snapshot, running, now) if snapshot else ()
        placed = {worker.job.id for worker in workers if worker.job}
        return Overview(
            time=now,
            home=str(self._config.home),
            pid=snapshot.pid if snapshot else None,
            uptime=now - snapshot.since if snapshot else 0.0,
            devices=tuple(self._devices.get()),
            workers=workers,
            running=tuple(
                _build_job(row, snapshot, now) for job, row in running.items() if job not in placed
            ),
            queue=tuple(_build_queue(row, now) for row in self._tables.count_queue()),
            jobs=self._tables.count_jobs(),
            rates=self._read_rates(now),
            disk=self._read_disk(),
            deaths=tuple(self._tables.sum_deaths()),
        )

    def format_metrics(self) -> str:
        """Return everything in the text format of Prometheus."""
        self._totals.refresh()
        return format_families(build_families(self.read(), self._totals))

    def _read_rates(self, now: float) -> Rates:
        ended = self._tables.count_ended(now - 60)
        return Rates(
            done_per_minute=sum(row["jobs"] for row in ended if row["status"] == "done"),
            failed_per_minute=sum(row["jobs"] for row in ended if row["status"] in _BAD),
            assets_per_hour=self._tables.count_made(3600),
        )

    def _read_disk(self) -> Disk:
        assets, size = self._library.get()
        usage = shutil.disk_usage(self._config.home)
        return Disk(assets, size, free=usage.free, total=usage.total)


class _Kept(Generic[Value]):
    """A value that is asked for again after some seconds."""

    def __init__(self, seconds: float, ask: Callable[[], Value]) -> None:
        self._seconds = seconds
        self._ask = ask
        self._kept: tuple[float, Value] | None = None

    def get(self) -> Value:
        """Return it."""
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > self._seconds:
            self._kept = (now, self._ask())
        return self._kept[1]


def _build_workers(
    snapshot: Snapshot, running: Mapping[str, Row], now: float
) -> tuple[WorkerView, ...]:
    workers = []
    for row in snapshot.workers:
        job = running.get(row.get("job") or "")
        workers.append(
            WorkerView(
                id=str(row.get("id", "")),
                environment=str(row.get("environment", "")),
                device=str(row.get("device", "")),
                residents=tuple(map(str, row.get("residents") or ())),
                job=_build_job(job, snapshot, now) if job else None,
                memory=row.get("memory"),
            )
        )
    return tuple(sorted(workers, key=lambda worker: (worker.device, worker.id)))


def _build_job(row: Row, snapshot: Snapshot | None, now: float) -> JobView:
    noted = snapshot.progress.get(row["id"]) if snapshot else None
    done, total = noted or (row["done"], row["total"])
    seconds = max(0.0, now - (row["started"] or now))
    return JobView(
        id=row["id"],
        generator=row["generator"],
        user=row["user"],
        priority=name_priority(row["priority"]),
        done=done,
        total=total,
        seconds=seconds,
        eta=seconds / done * max(0, total - done) if done and total else None,
    )


def _build_queue(row: Row, now: float) -> QueueView:
    return QueueView(
        priority=name_priority(row["priority"]),
        user=row["user"],
        waiting=row["waiting"],
        paused=row["paused"],
        oldest=max(0.0, now - row["oldest"]) if row["oldest"] else 0.0,
    )
