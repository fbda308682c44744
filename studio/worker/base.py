"""What the scheduler sees of a worker, whether a process or a thread."""

from collections.abc import Callable
from typing import Protocol

from studio.worker.protocol import Order, WorkerEvent

OnEvent = Callable[[str, WorkerEvent], None]
"""Called with the worker's id and what it said, on the worker's own thread."""


class Worker(Protocol):
    """Runs jobs one after another on one device.

    Attributes:
        environment: "main", or the name of another interpreter in the config.
        device: "cpu", "cuda:0", "mps".
    """

    id: str
    environment: str
    device: str

    def start(self) -> None:
        """Begin; `Hello` follows, or `Exited`."""
        ...

    def send(self, order: Order) -> None:
        """Hand over an order without waiting; lost when the worker is gone."""
        ...

    def kill(self, reason: str, *, out_of_memory: bool = False) -> None:
        """End it now; `Exited` with this reason follows."""
        ...

    def close(self, timeout: float = 5) -> None:
        """Ask it to leave, wait, and kill it after `timeout` seconds."""
        ...

    @property
    def is_alive(self) -> bool:
        """From `start` until `Exited`."""
        ...
