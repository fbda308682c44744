"""Everything the kernel knows, indexed so that a decision does not look at every job.

A `State` has one owner: `kernel.decide` advances it in place, which is what makes a decision
among 10,000 jobs cheap. To ask "what if", fork it: the copy shares nothing that changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from studio.scheduler.costs import Cost
from studio.scheduler.messages import Device, Limits, Rank, Waiting
from studio.scheduler.waiting import ClassQueue, Jobs


@dataclass(slots=True)
class Resident:
    """An instance in device memory. `size`: bytes; times as the events gave them."""

    size: int
    loaded: float
    used: float
    load_seconds: float


@dataclass(slots=True)
class Running:
    """A job on a worker.

    Attributes:
        active: bytes beyond the resident instance.
        until: when it should end.
        charged: device seconds its user paid in advance.
    """

    job: Waiting
    batch: int
    modes: tuple[str, ...]
    active: int
    started: float
    until: float
    charged: float
    is_guarded: bool = False
    is_preempted: bool = False
    is_loading: bool = True


@dataclass(slots=True)
class WorkerState:
    """A worker. `residents` are in order of use; `parked` are in pinned host memory."""

    id: str
    environment: str
    device: Device
    is_ready: bool = False
    is_stopping: bool = False
    running: Running | None = None
    residents: dict[str, Resident] = field(default_factory=dict)
    parked: dict[str, Resident] = field(default_factory=dict)

    @property
    def is_idle(self) -> bool:
        """It could take a job now."""
        return self.is_ready and self.running is None and not self.is_stopping


@dataclass(frozen=True, slots=True)
class Plan:
    """How a job is run after it ran out of memory.

    Attributes:
        batch: seeds at once at most; 0: as many as fit.
        rungs: steps of the ladder taken, for the record.
        tries: times it ran out of memory.
    """

    batch: int = 0
    modes: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()
    tries: int = 0
    is_alone: bool = False
    is_last: bool = False


@dataclass(slots=True)
class Lane:
    """Devices of one kind and the jobs that wait for them. `batch_credit`: seconds owed."""

    name: str
    devices: tuple[Device, ...]
    classes: list[ClassQueue]
    batch_credit: float = 0.0

    @property
    def size(self) -> int:
        """Jobs that wait."""
        first, second, third = self.classes
        return first.size + second.size + third.size


class State:
    """What the kernel knows. Build one with `Limits`; change it with `kernel.decide` only.

    Attributes:
        plans: job -> how to run it, for those that ran out of memory.
        preempts: job -> times preempted, seeds left then.
        environments: every environment a job ever wanted.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.now = 0.0
        self.jobs: Jobs = {}
        self.lanes: dict[str, Lane] = {}
        self.workers: dict[str, WorkerState] = {}
        self.costs: dict[str, Cost] = {}
        self.plans: dict[str, Plan] = {}
        self.preempts: dict[str, tuple[int, int]] = {}
        self.environments: set[str] = set()
        self.workers_made = 0
        for device in limits.devices:
            self.lanes.setdefault(device.lane, self._build_lane(device.lane))

    def fork(self) -> "State":
        """Copy: what happens to one does not happen to the other."""
        twin = State(self.limits)
        twin.now, twin.workers_made = self.now, self.workers_made
        twin.jobs = self.jobs.copy()
        twin.costs, twin.plans = self.costs.copy(), self.plans.copy()
        twin.preempts, twin.environments = self.preempts.copy(), self.environments.copy()
        for name, lane in self.lanes.items():
            queues = [queue.fork(twin.jobs) for queue in lane.classes]
            twin.lanes[name] = replace(lane, classes=queues)
        for name, worker in self.workers.items():
            twin.workers[name] = replace(
                worker,
                running=replace(worker.running) if worker.running else None,
                residents={key: replace(item) for key, item in worker.residents.items()},
                parked={key: replace(item) for key, item in worker.parked.items()},
            )
        return twin

    def get_lane(self, name: str) -> Lane:
        """Return a lane; a kind of device that is not there is served by the first lane."""
        return self.lanes.get(name) or next(iter(self.lanes.values()))

    def get_queue(self, job: Waiting) -> ClassQueue:
        """Return the queue a job waits in."""
        return self.get_lane(job.lane).classes[job.rank]

    def get_cost(self, job: Waiting) -> Cost:
        """Return what a job is believed to take."""
        return self.costs.get(job.shape, self.limits.default_cost)

    def iterate_workers(self, device: Device) -> Iterator[WorkerState]:
        """List the workers of a device."""
        return (worker for worker in self.workers.values() if worker.device is device)

    def get_used(self, device: Device) -> int:
        """Return the bytes taken on a device: instances and runs."""
        return sum(
            sum(item.size for item in worker.residents.values())
            + (worker.running.active if worker.running else 0)
            for worker in self.iterate_workers(device)
        )

    def get_largest(self, lane: str) -> int:
        """Return the bytes of a lane's largest device."""
        return max(device.capacity for device in self.get_lane(lane).devices)

    def get_parked(self) -> int:
        """Return the pinned host memory in use, bytes."""
        return sum(item.size for worker in self.workers.values() for item in worker.parked.values())

    def _build_lane(self, name: str) -> Lane:
        devices = tuple(device for device in self.limits.devices if device.lane == name)
        queues = [ClassQueue(self.jobs, self.limits.quantum) for _ in Rank]
        return Lane(name, devices, queues)
