"""What one sees of a home at one moment: plain values, for a screen, JSON or metrics."""

from dataclasses import dataclass, field
from typing import Any

from studio.observe.machine import DeviceView

PRIORITIES = ("interactive", "normal", "batch")
"""Names of the classes; their places are the numbers in the job table."""


@dataclass(frozen=True)
class JobView:
    """A running job: steps done of total, seconds since it started, seconds left if known."""

    id: str
    generator: str
    user: str
    priority: str
    done: int
    total: int
    seconds: float
    eta: float | None


@dataclass(frozen=True)
class WorkerView:
    """A worker. `memory`: bytes it takes, None if unknown."""

    id: str
    environment: str
    device: str
    residents: tuple[str, ...]
    job: JobView | None = None
    memory: int | None = None


@dataclass(frozen=True)
class QueueView:
    """Jobs of a class and user that wait. `oldest`: seconds the first of them has waited."""

    priority: str
    user: str
    waiting: int
    paused: int
    oldest: float


@dataclass(frozen=True)
class Rates:
    """Jobs that ended in the last minute, assets made in the last hour."""

    done_per_minute: int
    failed_per_minute: int
    assets_per_hour: int


@dataclass(frozen=True)
class Disk:
    """Assets in the library, the bytes of their files, and of the disk they are on."""

    assets: int
    library: int
    free: int
    total: int


@dataclass(frozen=True)
class Overview:
    """A home at one moment.

    Attributes:
        time: unix seconds.
        pid: the process that schedules; None if nobody does.
        uptime: seconds it has done so.
        running: jobs that run on no worker we know of.
        jobs: status -> how many there are.
    """

    time: float
    home: str
    pid: int | None
    uptime: float
    devices: tuple[DeviceView, ...]
    workers: tuple[WorkerView, ...]
    running: tuple[JobView, ...]
    queue: tuple[QueueView, ...]
    jobs: dict[str, int]
    rates: Rates
    disk: Disk
    deaths: tuple[dict[str, Any], ...] = field(default=())

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return sum(row.waiting for row in self.queue)


def name_priority(number: int) -> str:
    """Return the name of a class."""
    return PRIORITIES[number] if 0 <= number < len(PRIORITIES) else str(number)
