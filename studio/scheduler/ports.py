"""What the runtime needs of others: workers to run jobs on, and a host that stores results."""

from collections.abc import Callable
from typing import Protocol

from studio.events import Event
from studio.scheduler.job import Lease
from studio.worker import protocol
from studio.worker.protocol import Order, WorkerEvent

OnEvent = Callable[[str, WorkerEvent], None]


class WorkerHandle(Protocol):
    """A worker, however it runs."""

    def start(self) -> None:
        """Begin; what happens comes through `OnEvent`."""
        ...

    def send(self, order: Order) -> None:
        """Give an order; never blocks for long."""
        ...

    def kill(self, reason: str) -> None:
        """End it at once; `Exited.reason` will say why."""
        ...

    def close(self, timeout: float = 5.0) -> None:
        """Ask it to leave, wait, then kill."""
        ...


class Host(Protocol):
    """What the runtime needs of `app`."""

    def build_worker(
        self, name: str, environment: str, device: str, on_event: OnEvent
    ) -> WorkerHandle:
        """Make a worker that is not started yet."""
        ...

    def build_order(self, lease: Lease) -> protocol.Run:
        """Resolve inputs and checkpoint; raises StudioError if they are gone."""
        ...

    def commit(self, lease: Lease, output: protocol.Output, device: str) -> bool:
        """Store what answered a seed, exactly once; True if that was the last one."""
        ...

    def end(self, lease: Lease) -> None:
        """The job left its worker: drop its scratch folder."""
        ...

    def emit(self, event: Event) -> None:
        """Tell whoever listens."""
        ...
