"""The kernel: which job runs next, where, what leaves memory, what is tried when memory runs out.

`decide(state, event)` returns the actions and nothing else comes out: no clock (events carry
`now`), thread, I/O or chance, so the product, the forecast and the simulator run the same code and
the same events give the same actions. The state has one owner and is advanced in place; whoever
wants the state of before forks it first (`State.fork`).
"""

from dataclasses import replace

from studio.scheduler.choosing import fill
from studio.scheduler.fairness import charge, note_batch_arrival
from studio.scheduler.ladder import correct_cost, find_next_plan
from studio.scheduler.messages import (
    Action,
    Ended,
    Event,
    Learned,
    Loaded,
    Preempt,
    Queued,
    Rank,
    Refuse,
    Retry,
    StartWorker,
    Starved,
    StopWorker,
    Tick,
    Waiting,
    Withdrawn,
    WorkerGone,
    WorkerReady,
)
from studio.scheduler.state import Lane, Running, State, WorkerState


def decide(state: State, event: Event) -> list[Action]:
    """Take in what happened and say what to do."""
    state.now = max(state.now, event.now)
    actions = _take_in(state, event)
    if isinstance(event, Loaded | Learned):
        return actions  # nothing became free
    for lane in state.lanes.values():
        if lane.size:
            actions += fill(state, lane)
            actions += _staff(state, lane)
            actions += _preempt(state, lane)
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
        case WorkerReady(_, name):
            if name in state.workers:
                state.workers[name].is_ready = True
        case Tick():
            pass
        case WorkerGone(_, name):
            _end_run(state, name)
            state.workers.pop(name, None)
        case Loaded(_, name, size):
            _note_loaded(state, name, size)
        case Ended(_, name, is_final):
            running = _end_run(state, name)
            if running is not None and is_final:
                _forget(state, running.job.id)
        case Starved(_, name):
            return _starve(state, name)
    return []


def _add(state: State, job: Waiting) -> list[Action]:
    """Queue a job, unless no device can ever hold it."""
    _drop(state, job.id)
    times, seeds = state.preempts.get(job.id, (0, 0))
    if times and job.seeds < seeds:  # it got on between two preemptions
        state.preempts[job.id] = (0, job.seeds)
    lane = state.get_lane(job.lane)
    cost = replace(state.get_cost(job), margin=1.0)
    need = cost.get_total(1, cost.get_modes())
    most = max(device.capacity for device in lane.devices)
    if need > most:
        rungs = state.plans[job.id].rungs if job.id in state.plans else ()
        _forget(state, job.id)
        return [Refuse(job.id, need, most, rungs)]
    if job.rank == Rank.BATCH:
        note_batch_arrival(state, lane)
    state.jobs[job.id] = job
    lane.classes[job.rank].add(job)
    return []


def _drop(state: State, name: str) -> None:
    job = state.jobs.pop(name, None)
    if job is not None:
        state.get_queue(job).remove(job)


def _forget(state: State, name: str) -> None:
    state.plans.pop(name, None)
    state.preempts.pop(name, None)


def _note_loaded(state: State, name: str, size: int) -> None:
    worker = state.workers.get(name)
    if worker is None or worker.running is None:
        return
    running = worker.running
    item = worker.residents[running.job.resident]
    if running.is_loading and item.loaded > state.now:
        item.loaded = state.now
        item.size = size or item.size
    running.is_loading = False
    cost = state.get_cost(running.job)
    running.until = state.now + cost.seconds * running.job.seeds / worker.device.speed


def _end_run(state: State, name: str) -> Running | None:
    """Take a job off its worker and settle what it was charged."""
    worker = state.workers.get(name)
    if worker is None or worker.running is None:
        return None
    running, worker.running = worker.running, None
    measured = state.now - running.started
    charge(state, state.get_lane(running.job.lane), running, measured - running.charged)
    item = worker.residents[running.job.resident]
    item.used = state.now
    if running.is_loading and item.loaded > state.now:  # it never got there
        del worker.residents[running.job.resident]
    return running


def _starve(state: State, name: str) -> list[Action]:
    running = _end_run(state, name)
    if running is None:
        return []
    job, device = running.job, state.workers[name].device
    cost = correct_cost(state.get_cost(job), running)
    state.costs[job.shape] = cost
    plan = find_next_plan(state, job, running, device)
    if plan is not None:
        state.plans[job.id] = plan
        return [Retry(job.id, plan.rungs)]
    rungs = state.plans[job.id].rungs
    _forget(state, job.id)
    return [Refuse(job.id, cost.get_total(1, cost.get_modes()), device.capacity, rungs)]


def _staff(state: State, lane: Lane) -> list[Action]:
    """Start workers where jobs wait and a device has a free place, or an idler makes one."""
    actions: list[Action] = []
    members = [worker for worker in state.workers.values() if worker.device.lane == lane.name]
    if len(members) >= sum(device.slots for device in lane.devices):
        served = {worker.environment for worker in members}
        if all(
            environment in served or not count
            for queue in lane.classes
            for environment, count in queue.environments.items()
        ):
            return actions
    wanted: dict[str, int] = {}
    for queue in lane.classes:
        for environment, count in queue.environments.items():
            if count:
                wanted[environment] = wanted.get(environment, 0) + count
    for environment, count in wanted.items():
        coming = sum(
            worker.environment == environment and (not worker.is_ready or worker.is_idle)
            for worker in members
        )
        for _ in range(count - coming):
            action = _start_worker(state, lane, environment)
            if action is None:
                break
            actions.append(action)
        served = any(worker.environment == environment for worker in members)
        if not served and not any(isinstance(item, StartWorker) for item in actions):
            idler = next(
                (w for w in members if w.is_idle and not wanted.get(w.environment)), None
            )
            if idler is not None:
                idler.is_stopping = True
                actions.append(StopWorker(idler.id))
    return actions


def _start_worker(state: State, lane: Lane, environment: str) -> StartWorker | None:
    counts = {
        device.name: sum(1 for _ in state.iterate_workers(device)) for device in lane.devices
    }
    free = [device for device in lane.devices if counts[device.name] < device.slots]
    if not free:
        return None
    device = min(free, key=lambda item: counts[item.name] / item.slots)
    state.workers_made += 1
    name = f"{state.limits.names}{state.workers_made}"
    state.workers[name] = WorkerState(name, environment, device)
    return StartWorker(name, environment, device.name)


def _preempt(state: State, lane: Lane) -> list[Action]:
    """Stop lower jobs for interactive ones that would have to wait."""
    actions: list[Action] = []
    need = lane.classes[Rank.INTERACTIVE].size
    if not need:
        return actions
    soon = state.now + state.limits.min_preempt
    victims: list[tuple[WorkerState, Running]] = []
    for worker in state.workers.values():
        if worker.device.lane != lane.name:
            continue
        running = worker.running
        if running is None:
            need -= worker.is_ready is False  # it comes up, or goes to make room
            continue
        if running.is_preempted or running.until <= soon:
            need -= 1
        elif running.job.rank != Rank.INTERACTIVE and not running.is_guarded:
            victims.append((worker, running))
    first = lane.classes[Rank.INTERACTIVE].find_oldest(list(lane.classes[Rank.INTERACTIVE].users))
    if first is None or need <= 0:
        return actions
    victims.sort(key=lambda pair: _get_preempt_key(*pair, first))
    for worker, running in victims[:need]:
        if worker.environment == first.environment:
            running.is_preempted = True
            times, _ = state.preempts.get(running.job.id, (0, 0))
            state.preempts[running.job.id] = (times + 1, running.job.seeds)
            actions.append(Preempt(running.job.id, worker.id))
    return actions


def _get_preempt_key(
    worker: WorkerState, running: Running, job: Waiting
) -> tuple[bool, int, float]:
    """Warm for the job first, then the lowest class, then what has longest to go."""
    return (job.resident not in worker.residents, -running.job.rank, -running.until)
