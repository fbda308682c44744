"""What happens, as small dataclasses, and a bus that tells those who asked."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True)
class JobChanged(Event):
    """A job entered a status (the value of a `JobStatus`)."""

    job: str
    status: str


@dataclass(frozen=True)
class JobProgressed(Event):
    """A job took a step; `preview` is a small picture or None."""

    job: str
    done: int
    total: int
    preview: Path | None = None


@dataclass(frozen=True)
class AssetAdded(Event):
    """An asset was committed to the library."""

    asset: str
    job: str


@dataclass(frozen=True)
class RunChanged(Event):
    """A run of a pipeline got on, or entered a status (the value of a `RunStatus`)."""

    run: str
    status: str


@dataclass(frozen=True)
class WorkerChanged(Event):
    """A worker started, loaded a checkpoint, or ended (`state` says which)."""

    worker: str
    state: str


class EventBus:
    """Calls every subscriber, in order; one that raises costs only a line in the log."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Event], None]] = []
        self._lock = threading.Lock()

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Add a subscriber; call what is returned to remove it."""
        with self._lock:
            self._subscribers.append(subscriber)
        return lambda: self._unsubscribe(subscriber)

    def emit(self, event: Event) -> None:
        """Tell everybody."""
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber(event)
            except Exception:
                logging.getLogger("studio.events").exception("a subscriber failed on %r", event)

    def _unsubscribe(self, subscriber: Callable[[Event], None]) -> None:
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)
