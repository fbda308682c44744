"""What the runtime needs of `app`: workers, orders for them, and a place for results."""

from collections.abc import Sequence
from typing import Protocol

from studio.errors import StudioError
from studio.events import Event
from studio.scheduler.job import Lease
from studio.worker import protocol
from studio.worker.base import OnEvent, Worker


class Host(Protocol):
    """What the runtime needs of `app`."""

    def build_worker(self, name: str, environment: str, device: str, on_event: OnEvent) -> Worker:
        """Make a worker that is not started yet."""
        ...

    def build_order(self, lease: Lease) -> protocol.Run:
        """Resolve inputs and checkpoint; raises StudioError if they are gone."""
        ...

    def commit_many(
        self, arrivals: Sequence[tuple[Lease, protocol.Output, str]]
    ) -> Sequence[bool | StudioError]:
        """Store what answered seeds (lease, output, device), each exactly once.

        Returns:
            For each, whether it was the job's last one, or why it could not be kept.
        """
        ...

    def end(self, lease: Lease) -> None:
        """The job left its worker: drop its scratch folder."""
        ...

    def emit(self, event: Event) -> None:
        """Tell whoever listens."""
        ...
