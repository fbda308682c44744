"""The kernel: which job runs next, where, and what leaves memory. A pure function.

`decide(state, event)` returns the new state and the actions; it knows no clock, thread, process or
database, so the product and a simulator run the same code. Values are never changed in place.

Policy: priority classes with a floor share for batch; within a class, a job whose checkpoint is
resident goes first, but nobody is overtaken more than `max_bypass` times; what is used latest in
the queue is evicted first (Belady 1966: the queue is the oracle), then the least recently used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

BATCH = 2


@dataclass(frozen=True)
class Waiting:
    """A queued job. `order`: smaller is older; `priority` 0 interactive, 1 normal, 2 batch."""

    id: str
    order: int
    priority: int
    environment: str
    resident: str
    bypassed: int = 0


@dataclass(frozen=True)
class WorkerView:
    """A worker. `residents` are instance keys, least recently used first."""

    id: str
    environment: str
    device: str
    is_ready: bool = False
    job: str | None = None
    residents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What the kernel must respect.

    Attributes:
        slots: device -> workers it may have.
        max_residents: instances a worker keeps.
        max_bypass: times a job may be overtaken for affinity.
        batch_every: every so many leases one goes to a batch job, if there is one.
    """

    slots: Mapping[str, int]
    max_residents: int = 4
    max_bypass: int = 32
    batch_every: int = 10


@dataclass(frozen=True)
class State:
    """Everything the kernel knows."""

    limits: Limits
    queue: Mapping[str, Waiting] = field(default_factory=lambda: MappingProxyType({}))
    workers: Mapping[str, WorkerView] = field(default_factory=lambda: MappingProxyType({}))
    since_batch: int = 0


@dataclass(frozen=True)
class Queued:
    """Jobs joined the queue."""

    jobs: tuple[Waiting, ...]


@dataclass(frozen=True)
class Withdrawn:
    """Jobs left the queue without running."""

    jobs: tuple[str, ...]


@dataclass(frozen=True)
class WorkerStarted:
    """A worker exists (`is_ready` when it can take jobs)."""

    worker: WorkerView


@dataclass(frozen=True)
class WorkerFree:
    """A worker finished whatever it did."""

    worker: str


@dataclass(frozen=True)
class WorkerGone:
    """A worker ended."""

    worker: str


Event = Queued | Withdrawn | WorkerStarted | WorkerFree | WorkerGone


@dataclass(frozen=True)
class StartWorker:
    """Start a worker for an environment on a device."""

    environment: str
    device: str


@dataclass(frozen=True)
class StopWorker:
    """Close an idle worker: another environment wants its place."""

    worker: str


@dataclass(frozen=True)
class Evict:
    """Push an instance out of a worker's memory, before the next lease."""

    worker: str
    resident: str


@dataclass(frozen=True)
class Assign:
    """Lease a job and run it on a worker."""

    job: str
    worker: str


Action = StartWorker | StopWorker | Evict | Assign


def decide(state: State, event: Event) -> tuple[State, list[Action]]:
    """Take in what happened and say what to do."""
    state = _take_in(state, event)
    actions: list[Action] = []
    for worker in state.workers.values():
        if worker.is_ready and worker.job is None:
            state, more = _fill(state, worker)
            actions += more
    state, more = _staff(state)
    return state, actions + more


def _take_in(state: State, event: Event) -> State:
    queue, workers = dict(state.queue), dict(state.workers)
    match event:
        case Queued(jobs):
            queue.update({job.id: job for job in jobs})
        case Withdrawn(names):
            for name in names:
                queue.pop(name, None)
        case WorkerStarted(worker):
            workers[worker.id] = worker
        case WorkerFree(name):
            if name in workers:
                workers[name] = replace(workers[name], job=None, is_ready=True)
        case WorkerGone(name):
            workers.pop(name, None)
    return replace(state, queue=queue, workers=workers)


def _fill(state: State, worker: WorkerView) -> tuple[State, list[Action]]:
    """Give an idle worker its next job, if there is one for its environment."""
    chosen = choose(state, worker)
    if chosen is None:
        return state, []
    if _must_yield(state, worker, chosen):
        workers = {**state.workers, worker.id: replace(worker, is_ready=False)}
        return replace(state, workers=workers), [StopWorker(worker.id)]
    queue = {name: job for name, job in state.queue.items() if name != chosen.id}
    for job in state.queue.values():
        if job.order < chosen.order and job.priority == chosen.priority:
            queue[job.id] = replace(job, bypassed=job.bypassed + 1)
    residents = (*(name for name in worker.residents if name != chosen.resident), chosen.resident)
    victims = choose_victims(residents, queue.values(), state.limits.max_residents)
    kept = tuple(name for name in residents if name not in victims)
    workers = {**state.workers, worker.id: replace(worker, job=chosen.id, residents=kept)}
    since = 0 if chosen.priority == BATCH else state.since_batch + 1
    actions: list[Action] = [Evict(worker.id, victim) for victim in victims]
    actions.append(Assign(chosen.id, worker.id))
    return replace(state, queue=queue, workers=workers, since_batch=since), actions


def choose(state: State, worker: WorkerView) -> Waiting | None:
    """Pick the next job for a worker; None when nothing fits its environment."""
    fitting = [job for job in state.queue.values() if job.environment == worker.environment]
    if not fitting:
        return None
    batch = [job for job in fitting if job.priority == BATCH]
    if batch and state.since_batch + 1 >= state.limits.batch_every:
        fitting = batch
    best = min(job.priority for job in fitting)
    peers = [job for job in fitting if job.priority == best]
    oldest = min(peers, key=lambda job: job.order)
    if oldest.bypassed >= state.limits.max_bypass:
        return oldest
    warm = [job for job in peers if job.resident in worker.residents]
    return min(warm, key=lambda job: job.order) if warm else oldest


def _must_yield(state: State, worker: WorkerView, chosen: Waiting) -> bool:
    """Tell whether a job of an environment without any worker has the better right to the place."""
    served = {other.environment for other in state.workers.values()}
    taken = [other.device for other in state.workers.values()]
    if any(taken.count(device) < most for device, most in state.limits.slots.items()):
        return False
    return any(
        job.environment not in served
        and (
            job.priority < chosen.priority
            or (job.priority == chosen.priority and job.bypassed >= state.limits.max_bypass)
        )
        for job in state.queue.values()
    )


def choose_victims(
    residents: tuple[str, ...], queue: Iterable[Waiting], most: int
) -> tuple[str, ...]:
    """Pick who leaves so that `most` remain; never the last one, which is about to be used.

    Latest next use in the queue goes first; among those never used again, least recently used.
    """
    surplus = len(residents) - most
    if surplus <= 0:
        return ()
    next_use: dict[str, tuple[int, int]] = {}
    for job in queue:
        place = (job.priority, job.order)
        next_use[job.resident] = min(place, next_use.get(job.resident, place))
    never = (BATCH + 1, 0)
    # sorted() is stable: equal next use keeps least recently used first.
    ranked = sorted(residents[:-1], key=lambda name: next_use.get(name, never), reverse=True)
    return tuple(ranked[:surplus])


def _staff(state: State) -> tuple[State, list[Action]]:
    """Start a worker where jobs wait for an environment and a device has room or an idler."""
    actions: list[Action] = []
    starting = {
        worker.environment
        for worker in state.workers.values()
        if not worker.is_ready or worker.job is None
    }
    wanted = dict.fromkeys(
        job.environment
        for job in sorted(state.queue.values(), key=lambda job: (job.priority, job.order))
        if job.environment not in starting
    )
    taken = [worker.device for worker in state.workers.values()]
    for environment in wanted:
        free = [name for name, most in state.limits.slots.items() if taken.count(name) < most]
        if free:
            actions.append(StartWorker(environment, free[0]))
            taken.append(free[0])
            continue
        for worker in state.workers.values():
            idle = worker.is_ready and worker.job is None
            if idle and not any(
                job.environment == worker.environment for job in state.queue.values()
            ):
                actions.append(StopWorker(worker.id))
                workers = {**state.workers, worker.id: replace(worker, is_ready=False)}
                state = replace(state, workers=workers)
                break
    return state, actions
