"""One scheduler per home: whoever holds the lock runs it, the others enqueue and wait."""

import threading
from collections.abc import Callable

from filelock import FileLock, Timeout

from studio.config import Config
from studio.scheduler.runtime import Scheduler


class Ownership:
    """Runs the home's scheduler in this process while nobody else does.

    Args:
        build: makes a scheduler that is not started.
    """

    def __init__(self, config: Config, build: Callable[[], Scheduler]) -> None:
        self._lock = FileLock(config.home / "scheduler.lock", thread_local=False)
        self._build = build
        self._scheduler: Scheduler | None = None
        self._guard = threading.Lock()
        self._is_released = False

    @property
    def scheduler(self) -> Scheduler | None:
        """The scheduler, if it runs here."""
        return self._scheduler

    def ensure(self) -> bool:
        """Take the lock if it is free, and start the scheduler; True if it runs here."""
        with self._guard:
            if self._is_released:
                return False
            if self._scheduler is not None:
                if self._scheduler.is_alive:
                    return True
                self._scheduler = None  # its thread failed; the log says why
                self._lock.release()
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                return False
            self._scheduler = self._build()
            self._scheduler.start()
            return True

    def wake(self) -> None:
        """Tell the scheduler, if it is ours, that there is something new."""
        scheduler = self._scheduler
        if scheduler is not None:
            scheduler.wake()

    def release(self) -> None:
        """Stop the scheduler for good, and let another process take over."""
        with self._guard:
            self._is_released = True
            if self._scheduler is not None:
                self._scheduler.stop()
                self._scheduler = None
            self._lock.release()
