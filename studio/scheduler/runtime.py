"""The runtime: one thread that feeds the kernel what happens and does what it decides.

Only the process that owns the home's scheduler lock runs one. Everything durable goes through the
job table; what is in memory here can be lost at any time.
"""

import contextlib
import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from studio.config import Config
from studio.database import Database
from studio.errors import JobFailedError, StudioError
from studio.events import JobChanged, JobProgressed, WorkerChanged
from studio.ids import IdSource
from studio.scheduler import messages
from studio.scheduler.devices import build_limits
from studio.scheduler.intake import Intake
from studio.scheduler.job import JobStatus, Lease, LostLeaseError
from studio.scheduler.jobs import JobTable
from studio.scheduler.kernel import decide
from studio.scheduler.outcomes import Outcomes, is_starved
from studio.scheduler.places import Failures, Memory, Place, Running, split_order
from studio.scheduler.ports import Host
from studio.scheduler.state import State
from studio.worker import protocol
from studio.worker.protocol import WorkerEvent

_TICK = 0.05  # seconds between looks at what other processes asked for
_REMIND = 1.0  # seconds between ticks of the kernel's clock
_PROGRESS_EVERY = 0.2  # seconds between progress notes in the job table
_MAX_LOSSES = 5

_Item = tuple[str, WorkerEvent] | Callable[[], None] | None


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
        self._intake = Intake(database, jobs)
        self._outcomes = Outcomes(config, jobs, host)
        self._state = State(build_limits(config, slots, IdSource().new_id()))
        self._memory = Memory()
        self._arrivals: list[tuple[Place, Running, protocol.Output]] = []
        self._commit_by = math.inf
        self._inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._stopping = threading.Event()
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

    def fork_state(self, timeout: float = 5.0) -> State:
        """Return a copy of what the kernel knows, from any thread.

        Raises:
            TimeoutError: the scheduler's thread did not answer.
        """
        future: Future[State] = Future()

        def answer() -> None:
            self._refresh()  # with what was queued a moment ago
            future.set_result(self._state.fork())

        self._inbox.put(answer)
        return future.result(timeout)

    def list_workers(self) -> list[dict[str, Any]]:
        """Return a row per worker: id, environment, device, job, residents."""
        return [
            {
                "id": worker.id,
                "environment": worker.environment,
                "device": worker.device.name,
                "job": worker.running.job.id if worker.running else None,
                "residents": list(worker.residents),
            }
            for worker in list(self._state.workers.values())
        ]

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                patience = min(_TICK, max(self._commit_by - time.monotonic(), 0.0))
                with contextlib.suppress(queue.Empty):
                    self._take(self._inbox.get(timeout=patience))
                    while True:
                        self._take(self._inbox.get_nowait())
                if time.monotonic() >= self._commit_by:
                    self._commit()
                self._look_around()
            self._commit()
        except Exception:
            self._log.exception("the scheduler failed")
            raise
        finally:
            self._shut_down()

    def _take(self, item: _Item) -> None:
        if callable(item):
            item()
        elif item is not None:
            name, event = item
            place = self._memory.places.get(name)
            if place is not None:
                self._take_event(name, place, event)

    def _take_event(self, name: str, place: Place, event: WorkerEvent) -> None:
        running = place.running
        match event:
            case protocol.Hello():
                place.greeted = True
                self._memory.failures.pop(place.environment, None)
                self._decide(messages.WorkerReady(time.monotonic(), name))
            case protocol.Exited():
                self._commit()
                self._bury(name, place, event)
            case protocol.Loaded() if running and event.job == running.lease.job:
                self._host.emit(WorkerChanged(name, f"loaded {event.resident}"))
                self._intake.note_load(running, event)
                if event.seconds > 0 or len(running.parts) == running.count:
                    self._decide(messages.Loaded(time.monotonic(), name, event.size))
            case protocol.Step() if running and event.job == running.lease.job:
                self._note_step(running, event)
            case protocol.Output() if running and event.job == running.lease.job:
                running.work.append(event.seconds)
                self._arrivals.append((place, running, event))
                self._commit_by = min(self._commit_by, running.plan_commit(time.monotonic()))
            case protocol.Done() | protocol.Failed() | protocol.Cancelled() if (
                running and event.job == running.lease.job
            ):
                self._commit()
                self._release(name, place, running, event)
            case _:
                pass

    def _look_around(self) -> None:
        """Notice what other threads and processes wrote, and what is overdue."""
        (row,) = self._database.connection.execute("PRAGMA data_version")
        if row["data_version"] != self._memory.data_version:
            self._memory.data_version = row["data_version"]
            self._refresh()
            for job, is_final in self._jobs.find_stop_requests():
                for place in self._memory.places.values():
                    if place.running and place.running.lease.job == job:
                        grace = self._config.cancel_grace if is_final else None
                        place.ask_to_stop("cancel" if is_final else "hold", grace)
        now = time.monotonic()
        for place in list(self._memory.places.values()):
            running = place.running
            if running and running.deadline is not None and now > running.deadline:
                running.deadline = None
                place.handle.kill("it did not stop when its job was cancelled")
            if running:
                self._save_progress(running, now)
        if self._state.jobs and now - self._memory.ticked > _REMIND:
            self._memory.ticked = now
            self._decide(messages.Tick(now))

    def _refresh(self) -> None:
        self._decide(*self._intake.read_changes(self._state))

    def _decide(self, *events: messages.Event) -> None:
        """Feed the kernel and do what it says, until it has no more to say."""
        waiting = deque(events)
        while waiting:
            for action in decide(self._state, waiting.popleft()):
                waiting += self._act(action)

    def _act(self, action: messages.Action) -> list[messages.Event]:
        places = self._memory.places
        match action:
            case messages.StartWorker():
                return self._start_worker(action)
            case messages.StopWorker(name):
                places[name].handle.send(protocol.Exit())
            case messages.Evict(name, resident, is_kept):
                places[name].handle.send(protocol.Evict(resident=resident, is_kept=is_kept))
            case messages.Preempt(_, name):
                places[name].ask_to_stop("hold", None)
            case messages.Assign():
                return self._assign(action)
            case messages.Retry(job):
                lease = self._memory.starved.pop(job)
                self._outcomes.requeue(lease)
                return self._intake.read_changes(self._state)
            case messages.Refuse():
                self._outcomes.refuse(action, self._memory.starved.pop(action.job, None))
        return []

    def _start_worker(self, action: messages.StartWorker) -> list[messages.Event]:
        name, environment = action.worker, action.environment
        failures = self._memory.failures.get(environment)
        if failures and failures.is_hopeless:
            jobs = self._fail_environment(environment, failures)
            now = time.monotonic()
            return [messages.Withdrawn(now, jobs), messages.WorkerGone(now, name)]
        handle = self._host.build_worker(
            name,
            environment,
            action.device,
            lambda worker, event: self._inbox.put((worker, event)),
        )
        self._memory.places[name] = Place(handle, environment, action.device)
        self._host.emit(WorkerChanged(name, "starting"))
        try:
            handle.start()
        except (OSError, StudioError) as error:
            self._inbox.put((name, protocol.Exited(reason=str(error), code=-1)))
        return []

    def _fail_environment(self, environment: str, failures: Failures) -> tuple[str, ...]:
        """No worker of this environment starts: fail its jobs instead of trying for ever."""
        del self._memory.failures[environment]
        jobs = [job.id for job in self._state.jobs.values() if job.environment == environment]
        self._outcomes.fail_environment(environment, failures.reason, jobs)
        return tuple(jobs)

    def _assign(self, action: messages.Assign) -> list[messages.Event]:
        place = self._memory.places[action.worker]
        lease = self._jobs.lease(action.job, action.worker)
        if lease is None:  # cancelled or paused meanwhile
            return [messages.Ended(time.monotonic(), action.worker)]
        worker = self._state.workers[action.worker]
        try:
            parts = split_order(self._host.build_order(lease), action)
        except Exception as error:
            self._fail(lease, error, "it could not be started")
            return [messages.Ended(time.monotonic(), action.worker)]
        shape = worker.running.job.shape if worker.running else ""
        place.running = Running(lease, shape, parts, len(parts), action.rungs)
        self._host.emit(JobChanged(action.job, JobStatus.RUNNING))
        place.handle.send(parts[0])
        return []

    def _note_step(self, running: Running, event: protocol.Step) -> None:
        preview = Path(event.preview) if event.preview else None
        done, total = running.scale(event)
        self._host.emit(JobProgressed(running.lease.job, done, total, preview))
        running.unsaved = (done, total, event.preview)
        self._save_progress(running, time.monotonic())

    def _save_progress(self, running: Running, now: float) -> None:
        """Tell the job table of the newest step, unless that was done a moment ago."""
        if running.unsaved and now - running.noted >= _PROGRESS_EVERY:
            self._jobs.note_progress(running.lease, *running.unsaved)
            running.noted, running.unsaved = now, None

    def _commit(self) -> None:
        """Store the outputs that came, together: they share their syncs."""
        arrivals, self._arrivals, self._commit_by = self._arrivals, [], math.inf
        if not arrivals:
            return
        verdicts: list[bool | StudioError | Exception]
        try:
            verdicts = [
                *self._host.commit_many(
                    [
                        (running.lease, record_rungs(output, running.rungs), place.device)
                        for place, running, output in arrivals
                    ]
                )
            ]
        except Exception as error:
            verdicts = [error] * len(arrivals)
        for (place, running, output), verdict in zip(arrivals, verdicts, strict=True):
            if isinstance(verdict, LostLeaseError):
                self._log.warning("job %s: an output came after its lease was lost", output.job)
            elif isinstance(verdict, Exception):
                # The result cannot be kept (disk full, a hostile file): stop, keep the rest.
                place.ask_to_stop("cancel", self._config.cancel_grace)
                self._fail(running.lease, verdict, "its result could not be stored")
            elif verdict:
                self._host.emit(JobChanged(output.job, JobStatus.DONE))

    def _fail(self, lease: Lease, error: Exception, what: str) -> None:
        """End a job that the host could not serve; anything but a `StudioError` is our bug."""
        if not isinstance(error, StudioError):
            self._log.error("job %s: %s", lease.job, what, exc_info=error)
            error = JobFailedError("{what}: {fault}", what=what, fault=error)
        self._outcomes.end(lease, JobStatus.FAILED, error.to_dict())

    def _release(
        self,
        name: str,
        place: Place,
        running: Running,
        event: protocol.Done | protocol.Failed | protocol.Cancelled,
    ) -> None:
        """The worker is through with an order, one way or another."""
        now = time.monotonic()
        learned: list[messages.Event] = []
        if isinstance(event, protocol.Done):
            learned = self._intake.note_done(running, event)
            running.parts.popleft()
            if running.parts and not running.stop:
                self._decide(*learned)
                place.handle.send(running.parts[0])
                return
        place.running = None
        self._host.end(running.lease)
        if is_starved(event):
            self._memory.starved[running.lease.job] = running.lease
            self._decide(messages.Starved(now, name))
            self._intake.note_starved(running, self._state)
            return
        is_final = self._outcomes.settle(running, event)
        self._decide(*learned, messages.Ended(now, name, is_final))
        if not is_final:
            self._refresh()

    def _bury(self, name: str, place: Place, event: protocol.Exited) -> None:
        """A worker ended: give its job another try, or up."""
        del self._memory.places[name]
        self._host.emit(WorkerChanged(name, f"ended: {event.reason}"))
        if not place.greeted:
            failures = self._memory.failures.setdefault(place.environment, Failures())
            failures.note(event)
        starves = False
        if place.running is not None:
            lease = place.running.lease
            starves = event.out_of_memory and not place.running.stop
            if starves:
                self._memory.starved[lease.job] = lease
            else:
                self._outcomes.bury(lease, event)
            self._host.end(lease)
        self._decide(messages.WorkerGone(time.monotonic(), name, starves))
        self._refresh()

    def _shut_down(self) -> None:
        places = self._memory.places
        for place in places.values():
            if place.running is not None:
                with contextlib.suppress(StudioError):
                    self._outcomes.requeue(place.running.lease)
            place.handle.send(protocol.Exit())
        for place in places.values():
            place.handle.close()
            if place.running is not None:
                self._host.end(place.running.lease)
        places.clear()


def record_rungs(output: protocol.Output, rungs: tuple[str, ...]) -> protocol.Output:
    """Note in what a job made which rungs of the memory ladder it took."""
    if not rungs:
        return output
    artifacts = [
        data.model_copy(update={"info": {**data.info, "memory_ladder": list(rungs)}})
        for data in output.artifacts
    ]
    return output.model_copy(update={"artifacts": artifacts})
