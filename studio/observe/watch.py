"""Listens where the scheduler runs: publishes its status, logs what happens, traces jobs.

The scheduler's thread only drops each event into a queue; one thread here does the rest.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Protocol

from studio.config import Config
from studio.database import Database
from studio.events import Event, EventBus, JobChanged, WorkerChanged
from studio.observe.event_log import EventLog
from studio.observe.moments import ListWorkers, Moment, WorkerRow
from studio.observe.snapshot import BEAT, MIN_GAP, Publisher
from studio.observe.tables import Tables
from studio.observe.trace_files import TraceFiles
from studio.observe.tracer import Tracer


class Watcher(Protocol):
    """Somebody who wants to know."""

    def note(self, moment: Moment) -> None:
        """Take note."""
        ...


class Watch:
    """Watches one scheduler at a time; nothing runs until `start`."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._tables = Tables(database)
        self._stop: Callable[[], None] = lambda: None

    def start(self, events: EventBus, list_workers: ListWorkers) -> None:
        """Watch a scheduler, instead of the one before."""
        self.close()
        home = self._config.home
        publisher = Publisher(home / "cache" / "status.json", list_workers)
        watchers: list[Watcher] = [publisher, EventLog(self._tables)]
        if self._config.trace_jobs:
            files = TraceFiles(home / "logs" / "traces", self._config.trace_jobs)
            watchers.append(Tracer(self._tables, files))
        desk = _Desk(publisher, watchers, list_workers)
        unsubscribe = events.subscribe(desk.take)
        desk.start()

        def stop() -> None:
            unsubscribe()
            desk.close()

        self._stop = stop

    def close(self) -> None:
        """Note what came so far, then stop."""
        stop, self._stop = self._stop, lambda: None
        stop()


class _Desk:
    """The queue and the thread."""

    def __init__(
        self, publisher: Publisher, watchers: list[Watcher], list_workers: ListWorkers
    ) -> None:
        self._publisher = publisher
        self._watchers = watchers
        self._list_workers = list_workers
        self._inbox: queue.SimpleQueue[Moment | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="studio-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Work off the queue and end."""
        self._inbox.put(None)
        self._thread.join()
        self._publisher.remove()

    def take(self, event: Event) -> None:
        """Take an event; called by the scheduler's thread."""
        worker = None
        if isinstance(event, JobChanged) and event.status == "running":
            # Asked now: a moment later the worker may have another job.
            worker = self._find_worker("job", event.job)
        elif isinstance(event, WorkerChanged):
            worker = self._find_worker("id", event.worker)
        self._inbox.put(Moment(time.time(), event, worker))

    def _find_worker(self, key: str, value: str) -> WorkerRow | None:
        return next((row for row in self._list_workers() if row.get(key) == value), None)

    def _loop(self) -> None:
        due, is_fresh = 0.0, False
        while True:
            now = time.monotonic()
            if now >= due and not is_fresh:
                self._publisher.publish()
                due, is_fresh = now + MIN_GAP, True
            try:
                moment = self._inbox.get(timeout=BEAT if is_fresh else max(0.0, due - now))
            except queue.Empty:
                is_fresh = False
                continue
            if moment is None:
                return
            is_fresh = False
            self._tell(moment)

    def _tell(self, moment: Moment) -> None:
        for watcher in self._watchers:
            try:
                watcher.note(moment)
            except Exception:
                logging.getLogger("studio.observe").exception(
                    "%s failed on %r", type(watcher).__name__, moment.event
                )
