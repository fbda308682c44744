"""From rows of the job table, and what workers measured, to events for the kernel."""

import time
from collections.abc import Sequence

from studio.database import Database, Row
from studio.scheduler.footprints import FootprintBook
from studio.scheduler.jobs import JobTable
from studio.scheduler.messages import Event, Learned, Queued, Waiting, Withdrawn
from studio.scheduler.places import Running
from studio.scheduler.state import State
from studio.worker import protocol


class Intake:
    """Knows the job table and the footprint book, and what the kernel was told of them."""

    def __init__(self, database: Database, jobs: JobTable) -> None:
        self.book = FootprintBook(database)
        self._jobs = jobs
        self._revision = 0

    def read_changes(self, state: State) -> list[Event]:
        """Return events for whatever changed in the table since the last time."""
        if self._revision:
            rows = self._jobs.list_changes(self._revision)
        else:
            self._revision, rows = self._jobs.list_queued()
        if not rows:
            return []
        self._revision = max(self._revision, rows[-1]["revision"])
        now, wall = time.monotonic(), time.time()
        known = set(state.costs)
        events = self._learn_shapes(rows, known, now)
        waiting = [row for row in rows if row["status"] == "queued" and not row["paused"]]
        gone = [row["id"] for row in rows if row["status"] != "running"]
        left = set(gone) - {row["id"] for row in waiting}
        if left:
            events.append(Withdrawn(now, tuple(sorted(left))))
        if waiting:
            jobs = tuple(build_waiting(row, now - max(wall - row["created"], 0)) for row in waiting)
            events.append(Queued(now, jobs))
        return events

    def note_load(self, running: Running, event: protocol.Loaded) -> None:
        """Enter what loading took."""
        running.is_cold = event.seconds > 0
        if event.seconds > 0:  # the plugin's import, which comes first, is part of it
            seconds = max(event.seconds, time.monotonic() - running.sent)
            self.book.note_load(running.shape, event.size, seconds)

    def note_done(self, running: Running, event: protocol.Done) -> list[Event]:
        """Enter what a part of a job took; returns what the kernel should know of it."""
        count = len(running.parts[0].seeds)
        active = max(event.peak_bytes - event.base_bytes, 0)
        # The first seed after a load pays for imports and caches that the others find made.
        work = running.work[1:] if running.is_cold and len(running.work) > 1 else running.work
        seconds = sum(work) / len(work) if work else event.seconds / count
        running.work = []
        if not running.parts[0].memory_modes:  # those say little of a usual run
            self.book.note_run(running.shape, count, active, seconds)
        cost = self.book.get_cost(running.lease.request)
        return [Learned(time.monotonic(), running.shape, cost)]

    def note_starved(self, running: Running, state: State) -> None:
        """Keep what the kernel believes of a shape since a run of it was starved."""
        cost = state.costs.get(running.shape)
        if cost is not None:
            self.book.note_starved(running.shape, cost, len(running.parts[0].seeds))

    def _learn_shapes(self, rows: Sequence[Row], known: set[str], now: float) -> list[Event]:
        events: list[Event] = []
        for row in rows:
            if row["shape"] not in known or self.book.is_fading(row["shape"]):
                known.add(row["shape"])
                cost = self.book.get_cost(self._jobs.get_request(row["id"]))
                events.append(Learned(now, row["shape"], cost))
        return events


def build_waiting(row: Row, since: float) -> Waiting:
    """Turn a row of `JobTable.list_changes` into what the kernel sees of a job."""
    return Waiting(
        id=row["id"],
        order=row["place"],
        rank=row["priority"],
        user=row["user"],
        environment=row["environment"],
        resident=row["resident"],
        shape=row["shape"],
        seeds=max(row["seeds"], 1),
        lane=row["lane"],
        since=since,
    )
