"""What the runtime keeps of a worker and of the job on it."""

import math
import time
from collections import deque
from dataclasses import dataclass, field

from studio.scheduler.job import Lease
from studio.scheduler.messages import Assign
from studio.worker import protocol
from studio.worker.base import Worker
from studio.worker.exits import FROM_OUTSIDE

MAX_START_FAILURES = 3
MAX_START_KILLS = 20
LINGER = 0.04
"""Seconds that a commit waits for more of a job that makes results faster than this."""
_NEVER = -math.inf


@dataclass
class Running:
    """A lease on a worker.

    Attributes:
        parts: orders still to be sent; the first one is running.
        count: how many parts there were.
        stop: why it was asked to stop: "", "cancel" or "hold" (it goes back to the queue).
        deadline: when its worker is killed.
        noted: when the job table was told of a step.
        unsaved: the newest step it was not told of: done, total, preview.
        sent: when its first part was.
        work: seconds that the running part spent on each seed.
        is_cold: its instance was loaded for it.
    """

    lease: Lease
    shape: str
    parts: deque[protocol.Run]
    count: int
    rungs: tuple[str, ...] = ()
    stop: str = ""
    deadline: float | None = None
    noted: float = _NEVER
    unsaved: tuple[int, int, str | None] | None = None
    sent: float = field(default_factory=time.monotonic)
    work: list[float] = field(default_factory=list)
    is_cold: bool = False

    def scale(self, step: protocol.Step) -> tuple[int, int]:
        """Return steps done and in all, over every part."""
        before = self.count - len(self.parts)
        return before * step.total + step.done, self.count * step.total

    def plan_commit(self, now: float) -> float:
        """Return when the newest output is to be stored: at once, unless more comes soon."""
        is_last = not self.parts or len(self.work) >= len(self.parts[0].seeds)
        return now if is_last or self.work[-1] >= LINGER else now + LINGER


@dataclass
class Place:
    """A worker and what it does."""

    handle: Worker
    environment: str
    device: str
    greeted: bool = False
    running: Running | None = None

    def ask_to_stop(self, why: str, grace: float | None) -> None:
        """Ask the job to stop at its next step; `grace`: seconds until the worker is killed."""
        running = self.running
        if running is None or running.stop in {"cancel", why}:
            return
        if not running.stop:
            self.handle.send(protocol.Cancel(job=running.lease.job))
        running.stop = why
        running.deadline = None if grace is None else time.monotonic() + grace


@dataclass
class Failures:
    """How often an environment's workers died before their first word.

    Attributes:
        count: by their own doing.
        kills: ended by somebody else, which says little of the environment.
    """

    count: int = 0
    kills: int = 0
    reason: str = ""

    @property
    def is_hopeless(self) -> bool:
        """Trying again is no use."""
        return self.count >= MAX_START_FAILURES or self.kills >= MAX_START_KILLS

    def note(self, event: protocol.Exited) -> None:
        """Count one."""
        is_kill = event.code in FROM_OUTSIDE and not event.out_of_memory
        self.kills += is_kill
        self.count += not is_kill
        self.reason = event.reason


@dataclass
class Memory:
    """What the runtime's thread keeps between events.

    Attributes:
        starved: jobs that ran out of memory, until the kernel says what becomes of them.
    """

    revision: int = 0
    data_version: int = -1
    ticked: float = _NEVER
    places: dict[str, Place] = field(default_factory=dict)
    failures: dict[str, Failures] = field(default_factory=dict)
    starved: dict[str, Lease] = field(default_factory=dict)


def split_order(order: protocol.Run, assignment: Assign) -> deque[protocol.Run]:
    """Split an order into runs of as many seeds at once as the kernel allows."""
    size = max(assignment.batch, 1)
    return deque(
        order.model_copy(
            update={
                "seeds": order.seeds[start : start + size],
                "positions": order.positions[start : start + size],
                "memory_modes": list(assignment.modes),
            }
        )
        for start in range(0, len(order.seeds), size)
    )
