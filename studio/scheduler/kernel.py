"""The kernel: which job runs next, where, what leaves memory, what is tried when memory runs out.

`decide(state, event)` returns the actions and nothing else comes out: no clock (events carry
`now`), thread, I/O or chance, so the product, the forecast and the simulator run the same code and
the same events give the same actions. The state has one owner and is advanced in place; whoever
wants the state of before forks it first (`State.fork`).
"""

from studio.scheduler.choosing import fill
from studio.scheduler.fairness import charge, note_batch_arrival
from studio.scheduler.ladder import correct_cost, find_next_plan
from studio.scheduler.messages import (
    Action,
    Ended,
    Event,
    Learned,
    Loaded,
    Queued,
    Rank,
    Refuse,
    Retry,
    Starved,
    Tick,
    Waiting,
    Withdrawn,
    WorkerGone,
    WorkerReady,
)
from studio.scheduler.preemption import preempt
from studio.scheduler.staffing import staff
from studio.scheduler.state import Running, State, WorkerState


def decide(state: State, event: Event) -> list[Action]:
    """Take in what happened and say what to do."""
    state.now = max(state.now, event.now)
    actions = _take_in(state, event)
    if isinstance(event, Loaded | Learned):
        return actions  # nothing became free
    for lane in state.lanes.values():
        if lane.size:
            actions += fill(state, lane)
            actions += staff(state, lane)
            actions += preempt(state, lane)
    return actions


def _take_in(state: State, event: Event) -> list[Action]:
    match event:
        case Queued(_, jobs):
            return [action for job in jobs for action in _add(state, job)]
        case Withdrawn(_, names):
            for name in names:
                _drop(state, name)
                _forget(state, name)
        case Learned(_, shape, cost):
            state.costs[shape] = cost
        case Tick():
            pass
        case _:
            return _take_in_worker(state, event)
    return []


def _take_in_worker(
    state: State, event: WorkerReady | WorkerGone | Loaded | Ended | Starved
) -> list[Action]:
    worker = state.workers.get(event.worker)
    if worker is None:
        return []
    match event:
        case WorkerReady():
            worker.is_ready = True
        case WorkerGone(is_starved=is_starved):
            actions = _starve(state, worker) if is_starved else []
            _end_run(state, worker)
            del state.workers[worker.id]
            return actions
        case Loaded(size=size):
            _note_loaded(state, worker, size)
        case Ended(is_final=is_final):
            running = _end_run(state, worker)
            if running is not None and is_final:
                _forget(state, running.job.id)
        case Starved():
            return _starve(state, worker)
    return []


def _add(state: State, job: Waiting) -> list[Action]:
    """Queue a job, unless no device can ever hold it."""
    _drop(state, job.id)
    times, seeds = state.preempts.get(job.id, (0, 0))
    if times and job.seeds < seeds:  # it got on between two preemptions
        state.preempts[job.id] = (0, job.seeds)
    lane = state.get_lane(job.lane)
    need = state.get_cost(job).get_least()
    most = state.get_largest(lane.name)
    if need > most:
        rungs = state.plans[job.id].rungs if job.id in state.plans else ()
        _forget(state, job.id)
        return [Refuse(job.id, need, most, rungs)]
    if job.rank == Rank.BATCH:
        note_batch_arrival(state, lane)
    state.jobs[job.id] = job
    state.environments.add(job.environment)
    lane.classes[job.rank].add(job)
    return []


def _drop(state: State, name: str) -> None:
    job = state.jobs.pop(name, None)
    if job is not None:
        state.get_queue(job).remove(job)


def _forget(state: State, name: str) -> None:
    state.plans.pop(name, None)
    state.preempts.pop(name, None)


def _note_loaded(state: State, worker: WorkerState, size: int) -> None:
    running = worker.running
    if running is None:
        return
    item = worker.residents[running.job.resident]
    if running.is_loading and item.loaded > state.now:
        item.loaded = state.now
        item.size = size or item.size
    running.is_loading = False
    cost = state.get_cost(running.job)
    running.until = state.now + cost.seconds * running.job.seeds / worker.device.speed


def _end_run(state: State, worker: WorkerState) -> Running | None:
    """Take a job off its worker and settle what it was charged."""
    running, worker.running = worker.running, None
    if running is None:
        return None
    measured = state.now - running.started
    charge(state, state.get_lane(running.job.lane), running, measured - running.charged)
    item = worker.residents[running.job.resident]
    item.used = state.now
    if running.is_loading and item.loaded > state.now:  # it never got there
        del worker.residents[running.job.resident]
    return running


def _starve(state: State, worker: WorkerState) -> list[Action]:
    running = _end_run(state, worker)
    if running is None:
        return []
    job, device = running.job, worker.device
    cost = correct_cost(state.get_cost(job), running)
    state.costs[job.shape] = cost
    plan = find_next_plan(state, job, running, device)
    if plan is not None:
        state.plans[job.id] = plan
        return [Retry(job.id, plan.rungs)]
    rungs = state.plans[job.id].rungs
    _forget(state, job.id)
    return [Refuse(job.id, cost.get_least(), device.capacity, rungs)]
