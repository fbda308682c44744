"""The worker program: `python -m studio.worker --device cpu --memory BYTES --parent PID`.

The main thread runs jobs, as some libraries insist on it; a second thread reads orders, so that
a cancel is heard while a job runs; a third says every second that the process lives; one more may
write pictures to files while the next are drawn (`encoding`). With
`--describe` it lists the plugins of its environment instead.
"""

import argparse
import logging
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import BinaryIO

from studio.errors import JobFailedError
from studio.worker.confine import confine
from studio.worker.exits import DEVICE_LOST
from studio.worker.faults import DeviceLostError, build_log_error
from studio.worker.introspect import describe_plugins
from studio.worker.lifeline import (
    claim_pipes,
    die_with_parent,
    flush_output,
    offer_to_oom_killer,
    redirect_output,
)
from studio.worker.limits import limit_memory, read_memory
from studio.worker.protocol import (
    MAX_LINE,
    ORDERS,
    Cancel,
    Cancelled,
    Done,
    Evict,
    Evicted,
    Exit,
    Failed,
    Heartbeat,
    Hello,
    Output,
    Run,
    WorkerEvent,
)
from studio.worker.runner import Runner
from studio.worker.surroundings import Surroundings

HEARTBEAT_EVERY = 1.0
SWITCH_EVERY = 2e-4
"""Seconds until a thread may take over: a net's many short steps and the encoding of pictures share
the interpreter, and with Python's own 5 ms each step might wait that long."""
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"


class Session:
    """One conversation with the host, over a pair of pipes."""

    def __init__(self, orders: BinaryIO, events: BinaryIO, device: str) -> None:
        self._orders = orders
        self._events = events
        self._runner = Runner(device)
        self._queue: queue.SimpleQueue[Run | Evict | Exit] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._is_leaving = False
        self._lock = threading.Lock()

    def run(self) -> None:
        """Say hello, then follow orders until told to leave."""
        versions = {"python": sys.version.split()[0]}
        self.emit(Hello(pid=os.getpid(), device=self._runner.device, versions=versions))
        for work in (self._read_orders, self._beat):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        while True:
            order = self._queue.get()
            if isinstance(order, Run):
                self._run_job(order)
            elif isinstance(order, Evict):
                self._runner.evict(order.resident, is_kept=order.is_kept)
                self.emit(Evicted(resident=order.resident))
            else:
                self._runner.close()
                return

    def emit(self, event: WorkerEvent) -> None:
        """Tell the host; leave if it is gone.

        Raises:
            JobFailedError: an output is longer than a line may be.
        """
        line = event.model_dump_json().encode() + b"\n"
        if len(line) > MAX_LINE and isinstance(event, Output):
            raise JobFailedError(
                "one result has {size} bytes of metadata; write that much to a file",
                size=len(line),
            )
        if isinstance(event, Done | Failed | Cancelled):
            flush_output()  # who hears of the end may read the log
        view = memoryview(line)
        try:
            with self._lock:
                while view:
                    view = view[self._events.write(view) :]
        except OSError:
            os._exit(0)

    def _run_job(self, order: Run) -> None:
        surroundings = Surroundings()
        try:
            with redirect_output(Path(order.log)):
                self._runner.run(order, self.emit, lambda: self._is_cancelled(order.job))
        except DeviceLostError as error:
            with redirect_output(Path(order.log)):
                logging.getLogger("studio.job").critical("the device is lost: %s", error)
            os._exit(DEVICE_LOST)
        except OSError as error:
            self.emit(Failed(job=order.job, error=build_log_error(order.log, error).to_dict()))
        surroundings.restore()

    def _is_cancelled(self, job: str) -> bool:
        return self._is_leaving or job in self._cancelled

    def _read_orders(self) -> None:
        """Read until the host closes the pipe; then leave, whatever is running."""
        try:
            for line in self._orders:
                order = ORDERS.validate_json(line)
                if isinstance(order, Cancel):
                    self._cancelled.add(order.job)
                    continue
                if isinstance(order, Run):  # a cancel before it was meant for an earlier run
                    self._cancelled.discard(order.job)
                self._is_leaving = self._is_leaving or isinstance(order, Exit)
                self._queue.put(order)
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_EVERY)
            self.emit(Heartbeat(rss=read_memory()))


def main(parent: int) -> None:
    """Run the worker program; ends the process, and with process `parent`."""
    orders, events = claim_pipes()
    options = _parse_arguments()
    die_with_parent(parent)
    offer_to_oom_killer()
    log = open(2, "w", buffering=1, closefd=False)  # not sys.stderr: a plugin may close that
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=log)
    if options.memory and options.device == "cpu":
        # A GPU's driver reserves address space that is never memory; there the host watches.
        limit_memory(options.memory)
    sys.setswitchinterval(SWITCH_EVERY)
    # No other thread runs yet: what holds for this one holds for all.
    confine(options.writable, {parent, options.parent})
    if options.describe:
        describe_plugins(events, options.plugin)
    else:
        Session(orders, events, options.device).run()
    flush_output()
    os._exit(0)  # threads and exit hooks of plugins do not hold up the end


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m studio.worker")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", type=int, default=0, help="bytes it may take; 0: no limit")
    parser.add_argument("--parent", type=int, default=0, help="process to end with")
    parser.add_argument(
        "--writable", action="append", default=[], help="folder to write in; repeat"
    )
    parser.add_argument("--describe", action="store_true", help="list the plugins instead")
    parser.add_argument("--plugin", action="append", help="only the plugin of this name; repeat")
    return parser.parse_args()
