"""An event with its time, as the watchers of a scheduler get it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.events import Event

WorkerRow = dict[str, Any]
"""A row of `Scheduler.list_workers`: id, environment, device, job, residents."""

ListWorkers = Callable[[], list[WorkerRow]]


_LOADED = "loaded "


@dataclass(frozen=True, slots=True)
class Moment:
    """An event, when it came (unix seconds), and the worker it is about, where one is."""

    time: float
    event: Event
    worker: WorkerRow | None = None


def find_resident(state: str) -> str:
    """Return the instance that a `WorkerChanged.state` says was loaded, or ""."""
    return state.removeprefix(_LOADED) if state.startswith(_LOADED) else ""
