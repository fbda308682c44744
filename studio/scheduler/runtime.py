"""The runtime: one thread that feeds the kernel what happens and does what it decides.

Only the process that owns the home's scheduler lock runs one. Everything durable goes through the
job table; what is in memory here can be lost at any time.
"""

import contextlib
import logging
import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.config import Config
from studio.database import Database
from studio.errors import StudioError
from studio.events import JobChanged, JobProgressed, WorkerChanged
from studio.ids import IdSource
from studio.scheduler import kernel
from studio.scheduler.job import JobStatus, Lease, LostLeaseError
from studio.scheduler.jobs import JobTable
from studio.scheduler.outcomes import Outcomes
from studio.scheduler.ports import Host
from studio.worker import protocol
from studio.worker.base import Worker
from studio.worker.protocol import WorkerEvent

_TICK = 0.05  # seconds between looks at what other processes asked for
_PROGRESS_EVERY = 0.2  # seconds between progress notes in the job table
_MAX_START_FAILURES = 3
_MAX_LOSSES = 5


@dataclass
class _Running:
    """A lease on a worker. `deadline`: when a cancelled job's worker is killed."""

    lease: Lease
    deadline: float | None = None
    noted: float = 0.0


@dataclass
class _Place:
    """A worker and what it does."""

    handle: Worker
    environment: str
    device: str
    greeted: bool = False
    running: _Running | None = None
    stopping: bool = False


@dataclass
class _Failures:
    """How often an environment's worker died before its first word."""

    count: int = 0
    reason: str = ""


@dataclass
class _Memory:
    """What the thread keeps between events."""

    state: kernel.State
    revision: int = 0
    data_version: int = -1
    places: dict[str, _Place] = field(default_factory=dict)
    failures: dict[str, _Failures] = field(default_factory=dict)


class Scheduler:
    """Runs jobs of one home until stopped.

    Args:
        slots: device -> worker processes it may have.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        jobs: JobTable,
        host: Host,
        slots: dict[str, int],
    ) -> None:
        self._config = config
        self._database = database
        self._jobs = jobs
        self._host = host
        self._outcomes = Outcomes(config, jobs, host)
        self._memory = _Memory(kernel.State(kernel.Limits(slots)))
        self._inbox: queue.SimpleQueue[tuple[str, WorkerEvent] | None] = queue.SimpleQueue()
        self._ids = IdSource()
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._log = logging.getLogger("studio.scheduler")
        self._thread = threading.Thread(target=self._loop, name="studio-scheduler", daemon=True)

    def start(self) -> None:
        """Take over what an earlier owner left, then run."""
        for job in self._jobs.recover(_MAX_LOSSES):
            self._log.info("job %s was running when its host ended; queued again", job)
        self._thread.start()

    def wake(self) -> None:
        """Look at the queue now instead of at the next tick."""
        self._inbox.put(None)

    def stop(self) -> None:
        """End the thread and the workers; running jobs go back to the queue."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def list_workers(self) -> list[dict[str, Any]]:
        """Return a row per worker: id, environment, device, job, residents."""
        views = dict(self._memory.state.workers)
        return [
            {
                "id": view.id,
                "environment": view.environment,
                "device": view.device,
                "job": view.job,
                "residents": list(view.residents),
            }
            for view in views.values()
        ]

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                with contextlib.suppress(queue.Empty):
                    self._take(self._inbox.get(timeout=_TICK))
                    while True:
                        self._take(self._inbox.get_nowait())
                self._look_around()
        except Exception:
            self._log.exception("the scheduler failed")
            raise
        finally:
            self._shut_down()

    def _take(self, item: tuple[str, WorkerEvent] | None) -> None:
        if item is None:
            return
        name, event = item
        place = self._memory.places.get(name)
        if place is not None:
            self._take_event(name, place, event)

    def _take_event(self, name: str, place: _Place, event: WorkerEvent) -> None:
        running = place.running
        match event:
            case protocol.Hello():
                place.greeted = True
                self._memory.failures.pop(place.environment, None)
                self._decide(kernel.WorkerFree(name))
            case protocol.Loaded():
                self._host.emit(WorkerChanged(name, f"loaded {event.resident}"))
            case protocol.Exited():
                self._bury(name, place, event)
            case protocol.Step() if running and event.job == running.lease.job:
                self._note_step(running, event)
            case protocol.Output() if running and event.job == running.lease.job:
                self._commit(place, running, event)
            case protocol.Done() | protocol.Failed() | protocol.Cancelled() if (
                running and event.job == running.lease.job
            ):
                self._release(name, place, running, event)
            case _:
                pass

    def _look_around(self) -> None:
        """Notice what other threads and processes wrote, and what is overdue."""
        version = next(iter(self._database.connection.execute("PRAGMA data_version")))
        if version["data_version"] != self._memory.data_version:
            self._memory.data_version = version["data_version"]
            self._refresh()
            for job in self._jobs.find_cancel_requests():
                self._cancel(job)
        now = time.monotonic()
        for place in list(self._memory.places.values()):
            running = place.running
            if running and running.deadline is not None and now > running.deadline:
                running.deadline = None
                place.handle.kill("it did not stop when its job was cancelled")

    def _refresh(self) -> None:
        rows = self._jobs.list_queued(self._memory.revision)
        if not rows:
            return
        self._memory.revision = rows[-1]["revision"]
        waiting = tuple(
            kernel.Waiting(
                id=row["id"],
                order=row["revision"],
                priority=row["priority"],
                environment=row["environment"],
                resident=row["resident"],
            )
            for row in rows
        )
        self._decide(kernel.Queued(waiting))

    def _decide(self, event: kernel.Event) -> None:
        """Feed the kernel and do what it says, until it has no more to say."""
        events = [event]
        while events:
            self._memory.state, actions = kernel.decide(self._memory.state, events.pop(0))
            for action in actions:
                follow_up = self._act(action)
                if follow_up is not None:
                    events.append(follow_up)

    def _act(self, action: kernel.Action) -> kernel.Event | None:
        match action:
            case kernel.StartWorker(environment, device):
                return self._start_worker(environment, device)
            case kernel.StopWorker(name):
                self._memory.places[name].stopping = True
                self._memory.places[name].handle.send(protocol.Exit())
            case kernel.Evict(name, resident):
                self._memory.places[name].handle.send(protocol.Evict(resident=resident))
            case kernel.Assign(job, name):
                return self._assign(job, name)
        return None

    def _start_worker(self, environment: str, device: str) -> kernel.Event | None:
        failures = self._memory.failures.get(environment)
        if failures and failures.count >= _MAX_START_FAILURES:
            return self._fail_environment(environment, failures)
        name = self._ids.new_id()
        handle = self._host.build_worker(
            name, environment, device, lambda worker, event: self._inbox.put((worker, event))
        )
        self._memory.places[name] = _Place(handle, environment, device)
        self._host.emit(WorkerChanged(name, "starting"))
        try:
            handle.start()
        except (OSError, StudioError) as error:
            exited = protocol.Exited(reason=str(error), code=-1)
            self._inbox.put((name, exited))
        return kernel.WorkerStarted(kernel.WorkerView(name, environment, device))

    def _fail_environment(self, environment: str, failures: _Failures) -> kernel.Event:
        """No worker of this environment starts: fail its jobs instead of trying for ever."""
        del self._memory.failures[environment]
        jobs = [
            job.id for job in self._memory.state.queue.values() if job.environment == environment
        ]
        self._outcomes.fail_environment(environment, failures.reason, jobs)
        return kernel.Withdrawn(tuple(jobs))

    def _assign(self, job: str, name: str) -> kernel.Event | None:
        place = self._memory.places[name]
        lease = self._jobs.lease(job, name)
        if lease is None:  # cancelled meanwhile
            return kernel.WorkerFree(name)
        try:
            order = self._host.build_order(lease)
        except StudioError as error:
            self._outcomes.end(lease, JobStatus.FAILED, error.to_dict())
            return kernel.WorkerFree(name)
        place.running = _Running(lease)
        self._host.emit(JobChanged(job, JobStatus.RUNNING))
        place.handle.send(order)
        return None

    def _note_step(self, running: _Running, event: protocol.Step) -> None:
        lease, now = running.lease, time.monotonic()
        preview = Path(event.preview) if event.preview else None
        self._host.emit(JobProgressed(lease.job, event.done, event.total, preview))
        if now - running.noted >= _PROGRESS_EVERY:
            running.noted = now
            self._jobs.note_progress(lease, event.done, event.total, event.preview)

    def _commit(self, place: _Place, running: _Running, output: protocol.Output) -> None:
        try:
            if self._host.commit(running.lease, output, place.device):
                self._host.emit(JobChanged(output.job, JobStatus.DONE))
        except LostLeaseError:
            self._log.warning("job %s: an output came after its lease was lost", output.job)
        except StudioError as error:
            # The result cannot be kept (disk full, a hostile file): stop the job, keep the rest.
            place.handle.send(protocol.Cancel(job=output.job))
            running.deadline = time.monotonic() + self._config.cancel_grace
            self._outcomes.end(running.lease, JobStatus.FAILED, error.to_dict())

    def _release(
        self,
        name: str,
        place: _Place,
        running: _Running,
        event: protocol.Done | protocol.Failed | protocol.Cancelled,
    ) -> None:
        """The worker is through with a job, one way or another."""
        place.running = None
        match event:
            case protocol.Done():
                self._outcomes.check_done(running.lease)
            case protocol.Failed():
                error = dict(event.error)
                if event.traceback:
                    error["traceback"] = event.traceback
                self._outcomes.end(running.lease, JobStatus.FAILED, error)
            case protocol.Cancelled():
                self._outcomes.end(running.lease, JobStatus.CANCELLED)
        self._host.end(running.lease)
        self._decide(kernel.WorkerFree(name))

    def _cancel(self, job: str) -> None:
        for place in self._memory.places.values():
            running = place.running
            if running and running.lease.job == job and running.deadline is None:
                running.deadline = time.monotonic() + self._config.cancel_grace
                place.handle.send(protocol.Cancel(job=job))

    def _bury(self, name: str, place: _Place, event: protocol.Exited) -> None:
        """A worker ended: give its job another try, or up."""
        del self._memory.places[name]
        self._host.emit(WorkerChanged(name, f"ended: {event.reason}"))
        if not place.greeted:
            failures = self._memory.failures.setdefault(place.environment, _Failures())
            failures.count += 1
            failures.reason = event.reason
        if place.running is not None:
            self._outcomes.bury(place.running.lease, event)
            self._host.end(place.running.lease)
        self._decide(kernel.WorkerGone(name))
        self._refresh()

    def _shut_down(self) -> None:
        for place in self._memory.places.values():
            if place.running is not None:
                with contextlib.suppress(StudioError):
                    self._jobs.requeue(place.running.lease)
        for place in self._memory.places.values():
            place.handle.close()
            if place.running is not None:
                self._host.end(place.running.lease)
        self._memory.places.clear()
