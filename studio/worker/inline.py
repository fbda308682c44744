"""A worker in a thread of this process: for notebooks and tests.

Same run loop, no isolation: prints go where this process prints, and a generator that crashes
the interpreter crashes it.
"""

import logging
import os
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.config import Config
from studio.worker.base import OnEvent
from studio.worker.exits import DEVICE_LOST
from studio.worker.faults import DeviceLostError, build_log_error
from studio.worker.protocol import (
    Cancel,
    Evict,
    Evicted,
    Exit,
    Exited,
    Failed,
    Hello,
    Order,
    Run,
    WorkerEvent,
)
from studio.worker.runner import Runner

_log = logging.getLogger("studio.worker")


class InlineWorker:
    """See `studio.worker.base.Worker`."""

    def __init__(
        self, id: str, environment: str, device: str, config: Config, on_event: OnEvent
    ) -> None:
        self.id = id
        self.environment = environment
        self.device = device
        self._on_event = on_event
        self._runner = Runner(device)
        self._queue: queue.SimpleQueue[Run | Evict | Exit] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._is_leaving = False
        self._thread = threading.Thread(target=self._run, name=f"studio-{id}", daemon=True)
        self._lock = threading.Lock()
        self._is_over = False

    @property
    def is_alive(self) -> bool:
        """From `start` until `Exited`."""
        return self._thread.ident is not None and not self._is_over

    def start(self) -> None:
        """Start the thread; `Hello` follows."""
        self._thread.start()

    def send(self, order: Order) -> None:
        """Hand over an order without waiting."""
        if isinstance(order, Cancel):
            self._cancelled.add(order.job)
            return
        if isinstance(order, Run):  # a cancel before it was meant for an earlier run
            self._cancelled.discard(order.job)
        self._is_leaving = self._is_leaving or isinstance(order, Exit)
        self._queue.put(order)

    def kill(self, reason: str, *, out_of_memory: bool = False) -> None:
        """Give the thread up: Python cannot end it; it stops at the job's next step, unheard."""
        self.send(Exit())
        self._end(Exited(reason=reason, code=-9, out_of_memory=out_of_memory))

    def close(self, timeout: float = 5) -> None:
        """Ask it to leave, wait, and give it up after `timeout` seconds."""
        if not self.is_alive or threading.current_thread() is self._thread:
            return
        self.send(Exit())
        self._thread.join(timeout)
        self._end(Exited(reason=f"the worker did not leave within {timeout:g} s", code=-9))

    def _run(self) -> None:
        versions = {"python": sys.version.split()[0]}
        self._tell(Hello(pid=os.getpid(), device=self.device, versions=versions))
        exited = Exited(reason="the worker was closed", code=0)
        try:
            while not self._is_over:
                order = self._queue.get()
                if isinstance(order, Run):
                    self._run_job(order)
                elif isinstance(order, Evict):
                    self._runner.evict(order.resident, is_kept=order.is_kept)
                    self._tell(Evicted(resident=order.resident))
                else:
                    self._runner.close()
                    break
        except DeviceLostError as error:
            exited = Exited(reason=f"the worker's device is lost: {error}", code=DEVICE_LOST)
        except Exception as error:
            _log.exception("worker %s broke", self.id)
            exited = Exited(reason=f"the worker broke: {error}", code=1)
        self._end(exited)

    def _run_job(self, order: Run) -> None:
        try:
            with _log_to_file(Path(order.log)):
                self._runner.run(order, self._tell, lambda: self._is_cancelled(order.job))
        except OSError as error:
            self._tell(Failed(job=order.job, error=build_log_error(order.log, error).to_dict()))

    def _is_cancelled(self, job: str) -> bool:
        return self._is_leaving or job in self._cancelled

    def _tell(self, event: WorkerEvent) -> None:
        """Tell the host, unless the worker was given up."""
        if not self._is_over:
            self._call(event)

    def _end(self, event: Exited) -> None:
        """Say `Exited`, once."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
        self._call(event)

    def _call(self, event: WorkerEvent) -> None:
        try:
            self._on_event(self.id, event)
        except Exception:
            _log.exception("worker %s: nobody could take %r", self.id, event)


@contextmanager
def _log_to_file(path: Path) -> Iterator[None]:
    """Send the job's log, and only that, to a file as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8", delay=False)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("studio.job")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
