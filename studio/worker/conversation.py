"""What a worker may say when: a plugin shares its process, and might speak in its name.

Nothing keeps a plugin from writing on the worker's pipe. So the host believes only what fits the
orders it gave: a job that runs, a seed that is open, files that lie in the job's scratch folder.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.worker.protocol import (
    Cancelled,
    Done,
    Exited,
    Failed,
    Hello,
    Loaded,
    Order,
    Output,
    Run,
    Step,
    WorkerEvent,
)


@dataclass
class _Open:
    """An order that is not through. `seeds`: position -> seed still to be answered."""

    plugin: str
    scratch: Path
    resident: str
    log: Path
    seeds: dict[int, int] = field(default_factory=dict)


class Conversation:
    """The orders given to one worker, and whether what it says fits them."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._plugins: set[str] = set()
        self._has_spoken = False

    @property
    def logs(self) -> list[Path]:
        """Log files of the open jobs."""
        return [job.log for job in self._open.values()]

    @property
    def culprit(self) -> str:
        """The plugin whose doing it is if the worker ends now; "" if nobody can tell."""
        running = next(iter(self._open.values()), None)
        if running is not None:
            return running.plugin
        return next(iter(self._plugins)) if len(self._plugins) == 1 else ""

    def note_order(self, order: Order) -> None:
        """Take in an order that was given."""
        if isinstance(order, Run):
            self._plugins.add(order.entry_point)
            seeds = dict(zip(order.positions, order.seeds, strict=True))
            self._open[order.job] = _Open(
                order.entry_point, Path(order.scratch), order.resident, Path(order.log), seeds
            )

    def find_fault(self, event: WorkerEvent) -> str:
        """Say what is wrong with an event, "" if nothing is; takes note of it."""
        if isinstance(event, Exited):
            return "said that it had exited, and had not"
        if isinstance(event, Hello):
            fault = "said hello twice" if self._has_spoken else ""
            self._has_spoken = True
            return fault
        if not isinstance(event, Loaded | Step | Output | Done | Failed | Cancelled):
            return ""
        job = self._open.get(event.job)
        if job is None:
            return f"spoke of a job it was not given: {event.job[:40]!r}"
        fault = ""
        if isinstance(event, Output):
            fault = _find_output_fault(job, event)
        elif isinstance(event, Done) and job.seeds:
            fault = f"said it was done and had left out {len(job.seeds)} seeds"
        elif isinstance(event, Step):
            fault = _find_step_fault(job, event)
        elif isinstance(event, Loaded) and event.resident != job.resident:
            fault = "loaded what it was not told to"
        if isinstance(event, Done | Failed | Cancelled):
            del self._open[event.job]
        return fault


def _find_output_fault(job: _Open, event: Output) -> str:
    if job.seeds.pop(event.position, None) != event.seed:
        return "answered a seed that was not open"
    if not event.artifacts:
        return "answered a seed with nothing"
    return _find_file_fault(job, _iterate_files(event))


def _iterate_files(event: Output) -> Iterator[str]:
    for artifact in event.artifacts:
        yield from artifact.files.values()
        if artifact.thumbnail is not None:
            yield artifact.thumbnail


def _find_step_fault(job: _Open, event: Step) -> str:
    if not 0 <= event.done <= max(event.total, 0) < 1 << 53:
        return f"reported {event.done} of {event.total} steps"
    return _find_file_fault(job, [event.preview] if event.preview else [])


def _find_file_fault(job: _Open, paths: Iterable[str]) -> str:
    """Files must be plain, in the job's own scratch folder, and nowhere else as well."""
    known: dict[str, bool] = {}  # most files of an output lie in one folder
    for path in paths:
        folder = os.path.dirname(path)
        if folder not in known:
            known[folder] = _is_inside(folder, job.scratch)
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            status = None
        is_link = status is not None and stat.S_ISLNK(status.st_mode)
        if (not known[folder] or is_link) and not _is_inside(path, job.scratch):
            return f"named a file outside the job's scratch folder: {path[:200]!r}"
        if status is None:
            return f"named a file that is not there: {path[:200]!r}"
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            return f"named what is no plain file: {path[:200]!r}"
    return ""


def _is_inside(path: str, scratch: Path) -> bool:
    try:
        return os.path.isabs(path) and Path(path).resolve().is_relative_to(scratch.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
