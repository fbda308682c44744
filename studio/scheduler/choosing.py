"""Which waiting job goes to which idle worker."""

from collections.abc import Collection
from dataclasses import dataclass

from studio.scheduler.fairness import charge, is_guarded, order_classes
from studio.scheduler.memory import (
    Fit,
    admit,
    find_fit,
    get_entry_seconds,
    push_out,
)
from studio.scheduler.messages import Action, Assign, Rank, StopWorker, Waiting
from studio.scheduler.state import Lane, Plan, Running, State, WorkerState
from studio.scheduler.waiting import ClassQueue

_LOOK = 16  # instances considered when the first in line has to wait


@dataclass(frozen=True, slots=True)
class Pick:
    """A job for a worker. `users`: whose older jobs it overtakes for affinity."""

    job: Waiting
    worker: WorkerState
    fit: Fit
    users: tuple[str, ...] = ()


def fill(state: State, lane: Lane) -> list[Action]:
    """Give idle workers of a lane their next jobs."""
    actions: list[Action] = []
    while lane.size:
        idle = [
            worker
            for worker in state.workers.values()
            if worker.is_idle and worker.device.lane == lane.name
        ]
        found = _find_next(state, lane, idle) if idle else None
        if isinstance(found, Pick):
            actions += assign(state, lane, found)
        elif found is not None:
            found.is_stopping = True
            actions.append(StopWorker(found.id))
        else:
            break
    return actions


def assign(state: State, lane: Lane, pick: Pick) -> list[Action]:
    """Move a job from the queue to a worker."""
    job, worker, fit = pick.job, pick.worker, pick.fit
    queue = lane.classes[job.rank]
    if pick.users:
        queue.note_overtaking(job, pick.users, state.now)
    actions = push_out(state, fit.victims)
    cost, plan = state.get_cost(job), state.plans.get(job.id) or Plan()
    entry = get_entry_seconds(state, worker, job)
    run = cost.seconds * job.seeds / worker.device.speed
    del state.jobs[job.id]
    queue.remove(job)
    admit(state, worker, job, fit.modes)
    worker.running = Running(
        job,
        fit.batch,
        fit.modes,
        cost.get_active(fit.batch, fit.modes),
        started=state.now,
        until=state.now + entry + run,
        charged=0.0,
        is_guarded=is_guarded(state, lane, job.id, job.rank),
    )
    charge(state, lane, worker.running, entry + run)
    actions.append(Assign(job.id, worker.id, fit.batch, fit.modes, plan.rungs))
    return actions


def _find_next(state: State, lane: Lane, idle: list[WorkerState]) -> Pick | WorkerState | None:
    """Return the next assignment, or a worker that must make room for another environment."""
    for rank in order_classes(lane):
        queue = lane.classes[rank]
        eligible = queue.find_eligible()
        rest = {n for n, user in queue.users.items() if user.count and n not in eligible}
        for users in (eligible, rest):  # a device does not idle for fairness
            if not users:
                continue
            due = _find_due(state, queue, users, rank)
            found = _find_turn(state, lane, due, idle) if due else None
            if due is not None and (found or _has_idle(idle, due.environment)):
                return found  # or, while running jobs are in its way, nothing
            found = _find_in_class(state, lane, rank, users, idle)
            if found is not None:
                return found
        first = queue.find_oldest(eligible)
        if first is not None and is_unserved(state, lane, first.environment):
            return idle[0]
    return None


def _find_turn(
    state: State, lane: Lane, due: Waiting, idle: list[WorkerState]
) -> Pick | WorkerState | None:
    """Find a place for the job whose turn it is, whatever that costs."""
    if is_unserved(state, lane, due.environment):
        return idle[0]
    return _find_spot(state, lane, due, idle, is_urgent=True)


def _has_idle(idle: list[WorkerState], environment: str) -> bool:
    return any(worker.environment == environment for worker in idle)


def _find_in_class(
    state: State, lane: Lane, rank: Rank, users: Collection[str], idle: list[WorkerState]
) -> Pick | None:
    """Find a job of some users: a warm one, else the oldest, else whatever can go now."""
    queue = lane.classes[rank]
    first = queue.find_oldest(users)
    if first is None:
        return None
    is_urgent = rank == Rank.INTERACTIVE
    if state.limits.max_bypass > 0:
        pick = _find_warm(state, queue, users, idle)
        if pick is not None:
            return pick
    pick = _find_spot(state, lane, first, idle, is_urgent=is_urgent)
    if pick is not None or state.limits.max_bypass == 0:
        return pick
    for job in queue.find_oldest_of_each(users, _LOOK):
        if job is not first:
            pick = _find_spot(state, lane, job, idle, is_urgent=is_urgent)
            if pick is not None:
                return Pick(job, pick.worker, pick.fit, tuple(users))
    return None


def _find_due(
    state: State, queue: ClassQueue, users: Collection[str], rank: Rank
) -> Waiting | None:
    """Return the oldest job that was overtaken as often or as long as it may be."""
    due = []
    for name in users:
        passed = queue.users[name].passed
        if not passed:
            continue
        first = queue.find_oldest([name])
        if first is not None and (
            len(passed) >= state.limits.max_bypass
            or state.now - passed[0][1] > _get_patience(state, first, rank)
        ):
            due.append(name)
    return queue.find_oldest(due) if due else None


def _get_patience(state: State, job: Waiting, rank: Rank) -> float:
    """Return the seconds for which a job may be overtaken for affinity."""
    limits = state.limits
    load = limits.age_per_load * state.get_cost(job).load_seconds
    return limits.max_age[rank] + load + limits.age_per_wait * (state.now - job.since)


def _find_warm(
    state: State, queue: ClassQueue, users: Collection[str], idle: list[WorkerState]
) -> Pick | None:
    """Find the oldest job whose instance an idle worker holds."""
    best: Waiting | None = None
    place: WorkerState | None = None
    for worker in idle:
        for resident in worker.residents:
            job = queue.find_oldest_of(resident, users)
            if job is not None and (best is None or job.order < best.order):
                best, place = job, worker
    if best is None or place is None:
        return None
    fit = find_fit(state, place, best, may_break_hold=True)
    return Pick(best, place, fit, tuple(users)) if fit else None


def _find_spot(
    state: State, lane: Lane, job: Waiting, idle: list[WorkerState], *, is_urgent: bool
) -> Pick | None:
    """Find the idle worker on which a job would end first; None if waiting is better."""
    best: tuple[tuple[float, int, int], WorkerState, Fit] | None = None
    largest = max(device.capacity for device in lane.devices)
    plan = state.plans.get(job.id)
    for worker in idle:
        if worker.environment != job.environment:
            continue
        if plan and plan.is_last and worker.device.capacity < largest:
            continue
        fit = find_fit(state, worker, job, may_break_hold=is_urgent)
        if fit is None:
            continue
        end = _predict_end(state, worker, job, state.now)
        key = (end, len(fit.victims), state.get_used(worker.device))
        if best is None or key < best[0]:
            best = (key, worker, fit)
    if best is None or (not is_urgent and _is_claimed(state, lane, job, best[0][0])):
        return None
    return Pick(job, best[1], best[2])


def _is_claimed(state: State, lane: Lane, job: Waiting, end: float) -> bool:
    """Tell whether a busy worker that holds the job's instance would end it sooner."""
    return any(
        _predict_end(state, worker, job, worker.running.until) < end
        for worker in state.workers.values()
        if worker.running is not None
        and worker.environment == job.environment
        and worker.device.lane == lane.name
        and job.resident in worker.residents
    )


def _predict_end(state: State, worker: WorkerState, job: Waiting, start: float) -> float:
    run = state.get_cost(job).seconds * job.seeds / worker.device.speed
    return max(start, state.now) + get_entry_seconds(state, worker, job) + run


def is_unserved(state: State, lane: Lane, environment: str) -> bool:
    """Tell whether no worker of an environment is there and no device has room for one."""
    if any(
        worker.environment == environment
        for worker in state.workers.values()
        if worker.device.lane == lane.name
    ):
        return False
    return all(
        sum(1 for _ in state.iterate_workers(device)) >= device.slots for device in lane.devices
    )
