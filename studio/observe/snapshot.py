"""`cache/status.json`: what only the process that schedules knows, for all others to read."""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.events import JobChanged, JobProgressed
from studio.observe.machine import is_running, read_start
from studio.observe.moments import ListWorkers, Moment, WorkerRow

BEAT = 10.0
"""Seconds between snapshots when nothing happens."""

MIN_GAP = 0.5
"""Seconds between snapshots when much does."""

_STALE = 4 * BEAT
_FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """What the scheduler's process said last.

    Attributes:
        time: when, unix seconds; `since`: when it began to schedule.
        workers: rows of `Scheduler.list_workers`.
        progress: running job -> steps done, steps in all.
    """

    pid: int
    time: float
    since: float
    workers: list[WorkerRow] = field(default_factory=list)
    progress: dict[str, tuple[int, int]] = field(default_factory=dict)


def load_snapshot(path: Path, now: float | None = None) -> Snapshot | None:
    """Read a snapshot; None if there is none, or nobody stands behind it any more."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        if data["format"] != _FORMAT or not is_running(data["pid"], data["start"]):
            return None
        if (time.time() if now is None else now) - data["time"] > _STALE:
            return None
        progress = {job: (int(done), int(total)) for job, (done, total) in data["progress"].items()}
        return Snapshot(data["pid"], data["time"], data["since"], data["workers"], progress)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


class Publisher:
    """Writes snapshots. They are replaced at once, and not synced: nothing rests on them."""

    def __init__(self, path: Path, list_workers: ListWorkers) -> None:
        self._path = path
        self._list_workers = list_workers
        self._progress: dict[str, tuple[int, int]] = {}
        self._since = time.time()
        self._start = read_start(os.getpid())

    def note(self, moment: Moment) -> None:
        """Remember how far a job is."""
        match moment.event:
            case JobProgressed(job, done, total):
                self._progress[job] = (done, total)
            case JobChanged(job, _):
                self._progress.pop(job, None)

    def publish(self) -> None:
        """Replace the snapshot; a disk that refuses costs the watchers, not the jobs."""
        data = {
            "format": _FORMAT,
            "pid": os.getpid(),
            "start": self._start,
            "time": time.time(),
            "since": self._since,
            "workers": self._list_workers(),
            "progress": self._progress,
        }
        waiting = self._path.with_suffix(".part")
        try:
            waiting.parent.mkdir(parents=True, exist_ok=True)
            waiting.write_text(json.dumps(data, default=str), encoding="utf-8")
            waiting.replace(self._path)
        except OSError:
            with suppress(OSError):
                waiting.unlink()

    def remove(self) -> None:
        """Say that nobody schedules here any more."""
        with suppress(OSError):
            self._path.unlink()
