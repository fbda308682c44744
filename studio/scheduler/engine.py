"""Virtual devices and a virtual clock: runs a policy forward without a second of real time.

The simulator feeds it traces and true costs; the forecast feeds it the queue as it is and what is
believed. It keeps its own account of memory, so a policy whose ledger is wrong is starved here as
it would be on a real device.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from studio.scheduler.costs import Cost
from studio.scheduler.messages import (
    Action,
    Assign,
    Device,
    Ended,
    Event,
    Evict,
    Limits,
    Loaded,
    Preempt,
    Queued,
    Refuse,
    Retry,
    StartWorker,
    Starved,
    StopWorker,
    Waiting,
    WorkerGone,
    WorkerReady,
)
from studio.scheduler.state import State

Decide = Callable[[Event], list[Action]]
_STARVE = 0.2  # part of a run after which it notices that memory is out


@dataclass
class Visit:
    """What happened to one job. Times in seconds of the virtual clock; NaN: not yet."""

    job: Waiting
    arrival: float
    first_start: float = math.nan
    begin: float = math.nan  # its instance was there and it ran, for the first time
    end: float = math.nan
    attempts: int = 0
    preempted: int = 0
    rungs: tuple[str, ...] = ()
    fate: str = "waiting"


@dataclass
class Span:
    """A stretch on a device, for timelines. `kind`: "load", "wake" or "run"."""

    device: str
    resident: str
    job: str
    kind: str
    start: float
    end: float


@dataclass
class _Run:
    job: Waiting
    order: Assign
    serial: int
    begin: float = math.nan
    length: float = 0.0


@dataclass
class _Machine:
    """A virtual worker. `residents`, `parked`: instance -> bytes."""

    device: Device
    environment: str
    run: _Run | None = None
    residents: dict[str, int] = field(default_factory=dict)
    parked: dict[str, int] = field(default_factory=dict)


class Engine:
    """A discrete-event loop around `decide`.

    Args:
        decide: the policy: an event in, actions out.
        limits: the devices.
        truth: shape -> what a run really takes.
        startup: seconds a worker takes to come up.
        step: seconds between the steps at which a run can be stopped.
    """

    def __init__(
        self,
        decide: Decide,
        limits: Limits,
        truth: Mapping[str, Cost],
        *,
        startup: float = 0.0,
        step: float = 0.25,
    ) -> None:
        self.now = 0.0
        self.events = 0
        self.visits: dict[str, Visit] = {}
        self.spans: list[Span] = []
        self.refusals: list[Refuse] = []
        self.on_end: Callable[[Visit], None] = lambda visit: None
        self.on_begin: Callable[[str, int], None] = lambda device, used: None
        self.machines: dict[str, _Machine] = {}
        self._decide = decide
        self._truth = truth
        self._devices = {device.name: device for device in limits.devices}
        self._startup = startup
        self._step = step
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0

    def submit(self, arrival: float, job: Waiting) -> None:
        """Let a job arrive at a time."""
        self.visits[job.id] = Visit(job, arrival)
        self._at(arrival, lambda: self.tell(Queued(self.now, (job,))))

    def expect(self, jobs: Iterable[Waiting]) -> None:
        """Know jobs that the policy is told of by somebody else."""
        for job in jobs:
            self.visits[job.id] = Visit(job, self.now)

    def resume(self, state: State) -> None:
        """Go on from where a state is: its workers and what they run."""
        self.now = state.now
        for worker in state.workers.values():
            machine = _Machine(worker.device, worker.environment)
            machine.residents = {key: item.size for key, item in worker.residents.items()}
            machine.parked = {key: item.size for key, item in worker.parked.items()}
            self.machines[worker.id] = machine
            if worker.running is not None:
                job = worker.running.job
                self.visits[job.id] = Visit(job, state.now, state.now, state.now)
                run = _Run(job, Assign(job.id, worker.id), self._next(), state.now)
                machine.run = run
                self._at(max(worker.running.until, state.now), self._end_of(worker.id, run))
            elif not worker.is_ready:
                self._at(self.now + self._startup, self._ready_of(worker.id))
        self.expect(state.jobs.values())

    def run(self, *, until: float = math.inf, most: int = 10_000_000) -> None:
        """Advance until nothing happens any more, a time, or a number of events."""
        most += self.events
        while self._heap and self._heap[0][0] <= until and self.events < most:
            self.now, _, action = heappop(self._heap)
            action()

    def tell(self, event: Event) -> None:
        """Give the policy an event and do what it says."""
        self.events += 1
        for action in self._decide(event):
            self._act(action)

    def get_used(self, device: str) -> int:
        """Return the bytes really taken on a device."""
        return sum(
            sum(machine.residents.values()) + self._get_active(machine)
            for machine in self.machines.values()
            if machine.device.name == device
        )

    def _act(self, action: Action) -> None:
        match action:
            case StartWorker(name, environment, device):
                self.machines[name] = _Machine(self._devices[device], environment)
                self._at(self.now + self._startup, self._ready_of(name))
            case StopWorker(name):
                self._at(self.now, lambda: self._stop(name))
            case Evict(name, resident, is_kept):
                size = self.machines[name].residents.pop(resident, 0)
                self.machines[name].parked.pop(resident, None)
                if is_kept:
                    self.machines[name].parked[resident] = size
            case Assign():
                self._assign(action)
            case Preempt(_, name):
                self._preempt(name)
            case Retry(job, rungs):
                visit = self.visits[job]
                visit.rungs = rungs
                self._at(self.now, lambda: self.tell(Queued(self.now, (visit.job,))))
            case Refuse(job, rungs=rungs):
                self.refusals.append(action)
                self._finish(self.visits[job], "refused")

    def _assign(self, order: Assign) -> None:
        machine, visit = self.machines[order.worker], self.visits[order.job]
        job, truth = visit.job, self._truth[visit.job.shape]
        visit.attempts += 1
        if math.isnan(visit.first_start):
            visit.first_start = self.now
        seconds, kind = 0.0, ""
        if job.resident in machine.parked:
            seconds, kind = truth.wake_seconds, "wake"
            machine.residents[job.resident] = machine.parked.pop(job.resident)
        elif job.resident not in machine.residents:
            seconds, kind = truth.load_seconds, "load"
            machine.residents[job.resident] = truth.get_weights(order.modes)
        else:  # the last one used comes last
            machine.residents[job.resident] = machine.residents.pop(job.resident)
        run = machine.run = _Run(job, order, self._next())
        if kind:
            end = self.now + seconds
            self.spans.append(Span(machine.device.name, job.resident, job.id, kind, self.now, end))
        self._at(self.now + seconds, lambda: self._begin(order.worker, run))

    def _begin(self, name: str, run: _Run) -> None:
        machine = self.machines[name]
        if machine.run is not run:
            return
        truth, visit = self._truth[run.job.shape], self.visits[run.job.id]
        run.begin = self.now
        run.length = truth.seconds * run.job.seeds / machine.device.speed
        used = self.get_used(machine.device.name)
        self.on_begin(machine.device.name, used)
        is_starved = used > machine.device.capacity
        if math.isnan(visit.begin) and not is_starved:
            visit.begin = self.now
        size = machine.residents[run.job.resident]
        self.tell(Loaded(self.now, name, size))
        if is_starved:
            self._at(self.now + _STARVE * truth.seconds, lambda: self._starve(name, run))
        else:
            self._at(self.now + run.length, self._end_of(name, run))

    def _starve(self, name: str, run: _Run) -> None:
        machine = self.machines[name]
        if machine.run is run:
            self._close_span(machine, run)
            machine.run = None
            self.tell(Starved(self.now, name))

    def _end_of(self, name: str, run: _Run) -> Callable[[], None]:
        def end() -> None:
            machine = self.machines[name]
            if machine.run is not run:
                return
            self._close_span(machine, run)
            machine.run = None
            self._finish(self.visits[run.job.id], "done")
            self.tell(Ended(self.now, name))

        return end

    def _preempt(self, name: str) -> None:
        """Stop a run at its next step; seeds that are answered stay answered."""
        machine = self.machines[name]
        run = machine.run
        if run is None:
            return
        if math.isnan(run.begin):
            self._at(self.now, lambda: self._give_back(name, run, 0))
            return
        elapsed = self.now - run.begin
        stop = run.begin + math.ceil(elapsed / self._step + 1e-9) * self._step
        if stop >= run.begin + run.length:
            return  # it ends by itself before that
        each = run.length / run.job.seeds
        answered = min(int((stop - run.begin) / each + 1e-9), run.job.seeds - 1)
        self._at(stop, lambda: self._give_back(name, run, answered))

    def _give_back(self, name: str, run: _Run, answered: int) -> None:
        machine = self.machines[name]
        if machine.run is not run:
            return
        self._close_span(machine, run)
        if math.isnan(run.begin):
            machine.residents.pop(run.job.resident, None)
        machine.run = None
        visit = self.visits[run.job.id]
        visit.preempted += 1
        visit.attempts -= 1
        visit.job = replace(run.job, seeds=run.job.seeds - answered)
        self.tell(Ended(self.now, name, is_final=False))
        self.tell(Queued(self.now, (visit.job,)))

    def _finish(self, visit: Visit, fate: str) -> None:
        visit.end, visit.fate = self.now, fate
        self.on_end(visit)

    def _close_span(self, machine: _Machine, run: _Run) -> None:
        job = run.job
        if math.isnan(run.begin):
            self.spans[-1].end = min(self.spans[-1].end, self.now)
        elif self.now > run.begin:
            self.spans.append(
                Span(machine.device.name, job.resident, job.id, "run", run.begin, self.now)
            )

    def _stop(self, name: str) -> None:
        del self.machines[name]
        self.tell(WorkerGone(self.now, name))

    def _ready_of(self, name: str) -> Callable[[], None]:
        return lambda: self.tell(WorkerReady(self.now, name))

    def _get_active(self, machine: _Machine) -> int:
        run = machine.run
        if run is None:
            return 0
        truth = self._truth[run.job.shape]
        return truth.get_active(run.order.batch, run.order.modes)

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _at(self, time: float, action: Callable[[], None]) -> None:
        heappush(self._heap, (time, self._next(), action))
