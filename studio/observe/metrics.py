"""Which figures there are for Prometheus."""

from collections import Counter
from collections.abc import Iterable

import studio
from studio.observe.exposition import Family, Kind, Sample
from studio.observe.overview import PRIORITIES, Overview
from studio.observe.tables import BUCKETS, Tables


class Totals:
    """Counters over everything the tables remember, brought up to date row by new row.

    They begin with what is in the tables and only grow while this object lives: a job that failed,
    was retried and failed again counts twice. A later process may begin lower; Prometheus takes
    that for a restart.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._last_end = 0.0
        self._last_asset = 0
        self.ended: Counter[tuple[str, str]] = Counter()
        self.buckets: Counter[tuple[str, int]] = Counter()
        self.seconds: dict[str, float] = {}

    @property
    def generators(self) -> list[str]:
        """Those that made something, sorted."""
        return sorted(self.seconds)

    def refresh(self) -> None:
        """Count what is new."""
        for row in self._tables.count_ended(self._last_end):
            self.ended[row["status"], row["generator"]] += row["jobs"]
            self._last_end = max(self._last_end, row["last"])
        after = self._last_asset
        for row in self._tables.sum_seconds(after):
            generator = row["generator"]
            self.buckets[generator, row["bucket"]] += row["assets"]
            self.seconds[generator] = self.seconds.get(generator, 0.0) + row["seconds"]
            self._last_asset = max(self._last_asset, row["last"])

    def count_assets(self, generator: str) -> int:
        """Return how many assets a generator made."""
        return sum(self.buckets[generator, bucket] for bucket in range(len(BUCKETS) + 1))


def build_families(view: Overview, totals: Totals) -> list[Family]:
    """Build everything that is exposed."""
    return [
        *_build_totals(view, totals),
        *_build_queue(view),
        *_build_workers(view),
        *_build_machine(view),
    ]


def _build_totals(view: Overview, totals: Totals) -> list[Family]:
    return [
        _gauge("studio_info", "Version of Studio.", [Sample(1, {"version": studio.__version__})]),
        Family(
            "studio_jobs_ended_total",
            "counter",
            "Jobs that ended, by how and by generator.",
            tuple(
                Sample(count, {"status": status, "generator": generator})
                for (status, generator), count in sorted(totals.ended.items())
            ),
        ),
        Family(
            "studio_assets_made_total",
            "counter",
            "Assets made here, by generator.",
            tuple(
                Sample(totals.count_assets(name), {"generator": name}) for name in totals.generators
            ),
        ),
        Family(
            "studio_asset_seconds",
            "histogram",
            "Seconds an asset took to make, by generator.",
            tuple(sample for name in totals.generators for sample in _build_buckets(totals, name)),
        ),
        _gauge(
            "studio_worker_deaths",
            "Times a worker died under the jobs as they stand; a retry begins again.",
            [Sample(row["attempts"], {"generator": row["generator"]}) for row in view.deaths],
        ),
        _gauge(
            "studio_host_deaths",
            "Times a host died under the jobs as they stand; a retry begins again.",
            [Sample(row["losses"], {"generator": row["generator"]}) for row in view.deaths],
        ),
    ]


def _build_buckets(totals: Totals, generator: str) -> Iterable[Sample]:
    count = 0
    for bucket, bound in enumerate((*BUCKETS, float("inf"))):
        count += totals.buckets[generator, bucket]
        limit = "+Inf" if bucket == len(BUCKETS) else f"{bound:g}"
        yield Sample(count, {"generator": generator, "le": limit}, "_bucket")
    yield Sample(totals.seconds[generator], {"generator": generator}, "_sum")
    yield Sample(count, {"generator": generator}, "_count")


def _build_queue(view: Overview) -> list[Family]:
    # A class without jobs has a nought, so that a rule can see that it is empty.
    oldest = dict.fromkeys(PRIORITIES, 0.0)
    depth: dict[tuple[str, str], int] = {}
    for row in view.queue:
        oldest[row.priority] = max(oldest.get(row.priority, 0.0), row.oldest)
        depth[row.priority, row.user] = row.waiting
    for name in PRIORITIES:
        if not any(priority == name for priority, _ in depth):
            depth[name, ""] = 0
    return [
        _gauge(
            "studio_jobs",
            "Jobs by where they stand now.",
            [Sample(count, {"status": status}) for status, count in sorted(view.jobs.items())],
        ),
        _gauge(
            "studio_queue_jobs",
            "Jobs that wait, by class and user.",
            [
                Sample(count, {"priority": priority, "user": user})
                for (priority, user), count in sorted(depth.items())
            ],
        ),
        _gauge(
            "studio_queue_paused_jobs",
            "Queued jobs that are paused.",
            [Sample(sum(row.paused for row in view.queue))],
        ),
        _gauge(
            "studio_queue_oldest_seconds",
            "Age of the job that has waited longest, by class.",
            [Sample(age, {"priority": priority}) for priority, age in oldest.items()],
        ),
    ]


def _build_workers(view: Overview) -> list[Family]:
    workers = Counter(
        (worker.environment, worker.device, "busy" if worker.job else "idle")
        for worker in view.workers
    )
    residents: Counter[str] = Counter()
    for worker in view.workers:
        residents[worker.device] += len(worker.residents)
    return [
        _gauge(
            "studio_scheduler_up",
            "1 if a process schedules this home.",
            [Sample(int(view.pid is not None))],
        ),
        _gauge(
            "studio_workers",
            "Workers by environment, device and state.",
            [
                Sample(count, {"environment": environment, "device": device, "state": state})
                for (environment, device, state), count in sorted(workers.items())
            ],
        ),
        _gauge(
            "studio_residents",
            "Instances in the memory of a device.",
            [Sample(count, {"device": device}) for device, count in sorted(residents.items())],
        ),
    ]


def _build_machine(view: Overview) -> list[Family]:
    memory = [
        Sample(value, {"device": device.name, "kind": kind})
        for device in view.devices
        for kind, value in (("used", device.used), ("total", device.total))
        if value is not None
    ]
    disk = view.disk
    figures = [("library", disk.library), ("free", disk.free), ("total", disk.total)]
    return [
        _gauge("studio_device_memory_bytes", "Memory of a device; cpu: of the machine.", memory),
        _gauge("studio_library_assets", "Assets in the library.", [Sample(disk.assets)]),
        _gauge(
            "studio_disk_bytes",
            "Files of the library, and the disk they are on.",
            [Sample(value, {"kind": kind}) for kind, value in figures],
        ),
    ]


def _gauge(name: str, summary: str, samples: Iterable[Sample]) -> Family:
    kind: Kind = "gauge"
    return Family(name, kind, summary, tuple(samples))
