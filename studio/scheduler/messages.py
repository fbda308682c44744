"""What the kernel is told (`Event`) and what it says (`Action`). Plain values.

Times are seconds on one clock that only goes forward; the kernel itself has none.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from studio.scheduler.costs import Cost


class Rank(IntEnum):
    """Priority classes; smaller goes first. The same numbers as `job.Priority`."""

    INTERACTIVE = 0
    NORMAL = 1
    BATCH = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued job.

    Attributes:
        order: place in the queue of its user and class; smaller is sooner.
        rank: priority class.
        resident: key of the instance that runs it.
        shape: key of its cost.
        seeds: how many are still to be answered.
        lane: kind of device it runs on.
        since: when it was submitted.
    """

    id: str
    order: float
    rank: int
    user: str
    environment: str
    resident: str
    shape: str
    seeds: int = 1
    lane: str = "cpu"
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Queued:
    """Jobs joined the queue, came back to it, or changed their place in it."""

    now: float
    jobs: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Jobs left the queue without running: cancelled, paused."""

    now: float
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """The cost of a shape is now believed to be this."""

    now: float
    shape: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker that was asked for can take jobs."""

    now: float
    worker: str


@dataclass(frozen=True, slots=True)
class WorkerGone:
    """A worker ended, with what it ran; `is_starved`: for want of memory."""

    now: float
    worker: str
    is_starved: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """The instance is in memory (`size` bytes, 0: unknown) and the run begins."""

    now: float
    worker: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker is through with its job: done, failed, cancelled or preempted."""

    now: float
    worker: str
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Starved:
    """A worker's job ran out of memory; the worker lives on (else `WorkerGone` follows)."""

    now: float
    worker: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""

    now: float


Event = Queued | Withdrawn | Learned | WorkerReady | WorkerGone | Loaded | Ended | Starved | Tick


@dataclass(frozen=True, slots=True)
class StartWorker:
    """Start a worker for an environment on a device, under this name."""

    worker: str
    environment: str
    device: str


@dataclass(frozen=True, slots=True)
class StopWorker:
    """Close an idle worker: another environment wants its place."""

    worker: str


@dataclass(frozen=True, slots=True)
class Evict:
    """Push an instance out of device memory, to pinned host memory (`is_kept`) or altogether."""

    worker: str
    resident: str
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Assign:
    """Lease a job and run it on a worker.

    Attributes:
        batch: seeds at once.
        modes: memory-saving modes.
        rungs: steps of the out-of-memory ladder taken for this job so far, for the record.
    """

    job: str
    worker: str
    batch: int = 1
    modes: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preempt:
    """Stop a running job at its next step and put it back into the queue."""

    job: str
    worker: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Put a job that ran out of memory back into the queue."""

    job: str
    rungs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Fail a job: it needs more memory than any device has.

    Attributes:
        need: bytes at the last rung.
        capacity: bytes of the largest device it may use.
    """

    job: str
    need: int
    capacity: int
    rungs: tuple[str, ...] = ()


Action = StartWorker | StopWorker | Evict | Assign | Preempt | Retry | Refuse


@dataclass(frozen=True, slots=True)
class Device:
    """A device. `capacity`: bytes; `slots`: workers it may have; `speed`: 1.0 is usual."""

    name: str
    lane: str
    capacity: int
    slots: int = 1
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the kernel must respect.

    Attributes:
        devices: in order of preference.
        host_bytes: pinned host memory for evicted instances, all workers together.
        max_residents: instances a worker keeps.
        max_bypass: times a job may be overtaken for affinity.
        max_age: seconds a job may be overtaken for affinity, per class, plus `age_per_load`
            times the seconds its checkpoint takes to load, plus `age_per_wait` times the seconds
            it has waited.
        batch_share: part of the device seconds that batch jobs get at least.
        quantum: device seconds a user gets a round.
        hold: an instance is kept for so many times its load seconds while jobs wait for it.
        min_preempt: seconds a job must have left to be worth preempting.
        max_preempts: times in a row, without a seed answered, that a job is preempted.
    """

    devices: tuple[Device, ...]
    host_bytes: int = 0
    max_residents: int = 16
    max_bypass: int = 32
    max_age: tuple[float, float, float] = (5.0, 30.0, 60.0)
    age_per_load: float = 10.0
    age_per_wait: float = 1.0
    batch_share: float = 0.12
    quantum: float = 240.0
    hold: float = 2.0
    min_preempt: float = 2.0
    max_preempts: int = 4
    names: str = "w"
    default_cost: Cost = field(default_factory=Cost)
