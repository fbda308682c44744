"""When the queue will be done, and what a batch would take, before it starts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.config import Config
from studio.database import Database
from studio.scheduler.devices import build_limits, find_devices
from studio.scheduler.footprints import describe_shape
from studio.scheduler.forecast import Forecast, compute_forecast
from studio.scheduler.intake import Intake
from studio.scheduler.job import JobRequest
from studio.scheduler.jobs import JobTable
from studio.scheduler.kernel import decide
from studio.scheduler.messages import Waiting
from studio.scheduler.runtime import Scheduler
from studio.scheduler.state import State
from studio.store.search import guess_size

_SAMPLE = 20  # assets of a generator from which the size of the next one is guessed
_LAST = 1e15  # place in the queue after everybody


@dataclass(frozen=True)
class DryRun:
    """What a batch would take.

    Attributes:
        jobs, outputs: how many there are to run; what the library has already is not among them.
        seconds: until all of it is done, with what is queued before it.
        load_seconds: of that, spent on loading checkpoints.
        peak_bytes: device -> most memory in use.
        disk_bytes: that the results will take; None when nothing of the kind was made yet.
        refused: places in the batch of requests that can never fit into memory.
    """

    jobs: int
    outputs: int
    seconds: float
    load_seconds: float
    peak_bytes: dict[str, int]
    disk_bytes: int | None
    refused: list[int]


@dataclass(frozen=True)
class Estimate:
    """What one request would take by itself, once it is its turn.

    Attributes:
        seconds: of work, loading included; `load_seconds`: of that, spent on loading.
        peak_bytes: most memory of its device.
        disk_bytes: as `DryRun`.
        is_measured: it, or its like, was run before.
    """

    seconds: float
    load_seconds: float
    peak_bytes: int
    disk_bytes: int | None
    is_measured: bool


class Forecaster:
    """Runs the kernel forward, from the live scheduler if it is here, else from the job table."""

    def __init__(
        self,
        config: Config,
        database: Database,
        table: JobTable,
        find_scheduler: Callable[[], Scheduler | None],
    ) -> None:
        self._config = config
        self._database = database
        self._table = table
        self._find_scheduler = find_scheduler
        self._recent: tuple[float, Forecast] | None = None

    def forecast(self) -> Forecast:
        """Forecast the queue as it is: the end of every job, and of all."""
        return compute_forecast(self._read_state(), time.monotonic())

    def get_recent(self, seconds: float) -> Forecast:
        """Return a forecast of the queue at most so many seconds old."""
        recent = self._recent
        if recent is None or time.monotonic() - recent[0] > seconds:
            found = self.forecast()
            recent = self._recent = (time.monotonic(), found)
        return recent[1]

    def dry_run(self, requests: Sequence[JobRequest], left: Sequence[int]) -> DryRun:
        """Predict a batch.

        Args:
            requests: built, not queued.
            left: per request, seeds that the library does not answer already.
        """
        intake = Intake(self._database, self._table)
        costs = {describe_shape(request): intake.book.get_cost(request) for request in requests}
        now = time.monotonic()
        extra = [
            _build_waiting(i, request, left[i], now)
            for i, request in enumerate(requests)
            if left[i]
        ]
        found = compute_forecast(self._read_state(), now, extra, costs)
        return DryRun(
            jobs=len(extra),
            outputs=sum(left),
            seconds=found.seconds,
            load_seconds=found.load_seconds,
            peak_bytes=dict(found.peak_bytes),
            disk_bytes=self._guess_disk(requests, left),
            refused=[i for i in range(len(requests)) if f"+{i}" in found.refused],
        )

    def estimate(self, request: JobRequest) -> Estimate:
        """Estimate a request by what is believed of its like; milliseconds, whatever the queue."""
        book = Intake(self._database, self._table).book
        cost, count = book.get_cost(request), len(request.seeds)
        scheduler = self._find_scheduler()
        workers = scheduler.list_workers() if scheduler is not None else []
        is_loaded = any(request.resident in worker["residents"] for worker in workers)
        load = 0.0 if is_loaded else cost.load_seconds
        return Estimate(
            seconds=load + cost.seconds * count,
            load_seconds=load,
            peak_bytes=cost.get_total(1),
            disk_bytes=self._guess_disk([request], [count]),
            is_measured=cost.margin != 1.0,
        )

    def _read_state(self) -> State:
        scheduler = self._find_scheduler()
        if scheduler is not None and scheduler.is_alive:
            return scheduler.fork_state()
        state = State(build_limits(self._config, find_devices(self._config), "forecast"))
        for event in Intake(self._database, self._table).read_changes(state):
            decide(state, event)
        return state

    def _guess_disk(self, requests: Sequence[JobRequest], left: Sequence[int]) -> int | None:
        total, sizes = 0.0, dict[str, float | None]()
        for request, count in zip(requests, left, strict=True):
            generator = request.recipe.generator
            if generator not in sizes:
                sizes[generator] = guess_size(self._database, generator, _SAMPLE)
            size = sizes[generator]
            if size is None:
                return None
            total += size * count
        return int(total)


def _build_waiting(place: int, request: JobRequest, seeds: int, now: float) -> Waiting:
    return Waiting(
        id=f"+{place}",
        order=_LAST + place,
        rank=int(request.priority),
        user=request.user,
        environment=request.environment,
        resident=request.resident,
        shape=describe_shape(request),
        seeds=seeds,
        lane=request.lane,
        since=now,
    )
