"""Room on a device: whether a run fits, and who leaves for it.

Who leaves, in this order: what no queued job wants, longest unused and cheapest to bring back
first; then what is wanted latest in the queue (Belady 1966: the queue is the oracle).
"""

import math
from dataclasses import dataclass

from studio.scheduler.messages import Action, Device, Evict, Waiting
from studio.scheduler.state import Plan, Resident, State, WorkerState


@dataclass(frozen=True, slots=True)
class Fit:
    """How a run fits on a worker. `victims`: (worker, instance) that must leave."""

    batch: int
    modes: tuple[str, ...]
    victims: tuple[tuple[str, str], ...] = ()


def find_fit(
    state: State, worker: WorkerState, job: Waiting, *, may_break_hold: bool
) -> Fit | None:
    """Return how a job can run on a worker now, or None.

    Args:
        state: what the kernel knows.
        worker: an idle worker.
        job: what shall run there.
        may_break_hold: evict even what was loaded a moment ago and is wanted.
    """
    plan = state.plans.get(job.id) or Plan()
    if plan.is_last and worker.device.capacity < state.get_largest(worker.device.lane):
        return None
    found = choose_batch(state, worker.device, job, plan)
    if found is None:
        return None
    batch, modes = found
    cost = state.get_cost(job)
    present = worker.residents.get(job.resident)
    need = cost.get_active(batch, modes) + (0 if present else cost.get_weights(modes))
    # Its margin may be more than there is: it asks for no more than an empty device.
    need = min(need, worker.device.capacity - (present.size if present else 0))
    surplus = state.get_used(worker.device) + need - worker.device.capacity
    crowd = len(worker.residents) + (0 if present else 1) - state.limits.max_residents
    if surplus <= 0 and crowd <= 0 and not plan.is_alone:
        return Fit(batch, modes)
    wanted = worker.device.capacity if plan.is_alone else surplus
    victims = choose_victims(state, worker, job, wanted, crowd, may_break_hold)
    freed = sum(state.workers[name].residents[key].size for name, key in victims)
    return Fit(batch, modes, victims) if freed >= surplus else None


def choose_batch(
    state: State, device: Device, job: Waiting, plan: Plan
) -> tuple[int, tuple[str, ...]] | None:
    """Return seeds at once and modes with which a job fits on an empty device, or None.

    Fewer at once first, then tiles, then weights on the host. What fits nowhere by what was learnt
    since it was queued, or with its margin, is tried on the largest: it must not wait for ever.
    """
    cost, batch = state.get_cost(job), min(plan.batch or job.seeds, job.seeds)
    if plan.is_last:
        return batch, plan.modes  # all that can be done; it may be less than it needs
    options = [(batch, plan.modes)]
    while batch > 1:
        batch = (batch + 1) // 2
        options.append((batch, plan.modes))
    modes = cost.get_modes()
    options += [(1, modes[: i + 1]) for i in range(len(modes))]
    fitting = (item for item in options if cost.get_total(*item) <= device.capacity)
    last = options[-1] if device.capacity >= state.get_largest(device.lane) else None
    return next(fitting, last)


def choose_victims(
    state: State,
    worker: WorkerState,
    job: Waiting,
    surplus: int,
    crowd: int,
    may_break_hold: bool,
) -> tuple[tuple[str, str], ...]:
    """Pick instances of idle workers on a device: `surplus` bytes, `crowd` of this worker."""
    ranked = rank_victims(state, worker.device, job.resident, may_break_hold)
    chosen: list[tuple[str, str, int]] = []
    freed, left = 0, 0
    for name, key, size in ranked:
        is_crowded = name == worker.id and left < crowd
        if freed >= surplus and not is_crowded:
            continue
        chosen.append((name, key, size))
        freed += size
        left += name == worker.id
    for item in list(reversed(chosen)):  # spare those that turned out not to be needed
        name, _, size = item
        if freed - size >= surplus and not (name == worker.id and left <= crowd):
            chosen.remove(item)
            freed -= size
            left -= name == worker.id
    return tuple((name, key) for name, key, _ in chosen)


def rank_victims(
    state: State, device: Device, spared: str, may_break_hold: bool
) -> list[tuple[str, str, int]]:
    """List (worker, instance, bytes) that may leave a device, the least missed first."""
    ranked = []
    for worker in state.iterate_workers(device):
        if worker.running is not None or worker.is_stopping:
            continue
        for key, item in worker.residents.items():
            if key == spared:
                continue
            use = find_next_use(state, device.lane, key)
            is_held = use is not None and state.now - item.loaded < (
                state.limits.hold * item.load_seconds
            )
            if may_break_hold or not is_held:
                ranked.append((get_regret(state, item, use), worker.id, key, item.size))
    ranked.sort(key=lambda entry: entry[0])
    return [(name, key, size) for _, name, key, size in ranked]


def find_next_use(state: State, lane: str, resident: str) -> tuple[int, float] | None:
    """Return class and order of the next queued job that wants an instance, or None."""
    for rank, queue in enumerate(state.get_lane(lane).classes):
        order = queue.find_next_use(resident)
        if order is not None:
            return rank, order
    return None


def get_regret(
    state: State, item: Resident, use: tuple[int, float] | None
) -> tuple[int, float, float]:
    """Return how much an instance would be missed; compare as tuples."""
    price = max(item.load_seconds, 1e-6) / max(item.size, 1)
    if use is None:
        # Seconds of reload per byte, over the time nobody wanted it.
        return (0, price / max(state.now - item.used, 1e-3), item.used)
    return (3 - use[0], -use[1], price)


def push_out(state: State, victims: tuple[tuple[str, str], ...]) -> list[Action]:
    """Evict: to pinned host memory while its cap holds, else altogether."""
    actions: list[Action] = []
    for name, key in victims:
        worker = state.workers[name]
        item = worker.residents.pop(key)
        is_kept = item.size <= state.limits.host_bytes and item.size > 0
        if is_kept:
            actions += _make_host_room(state, worker.device.lane, item, key)
            is_kept = state.get_parked() + item.size <= state.limits.host_bytes
        if is_kept:
            worker.parked[key] = item
        actions.append(Evict(name, key, is_kept))
    return actions


def _make_host_room(state: State, lane: str, item: Resident, key: str) -> list[Action]:
    """Drop parked instances that would be missed less than the newcomer."""
    mine = get_regret(state, item, find_next_use(state, lane, key))
    parked = [
        (get_regret(state, other, find_next_use(state, lane, name)), worker, name)
        for worker in state.workers.values()
        if worker.device.lane == lane and worker.running is None
        for name, other in worker.parked.items()
    ]
    parked.sort(key=lambda entry: entry[0])
    actions: list[Action] = []
    for regret, worker, name in parked:
        if state.get_parked() + item.size <= state.limits.host_bytes or regret >= mine:
            break
        del worker.parked[name]
        actions.append(Evict(worker.id, name))
    return actions


def get_entry_seconds(state: State, worker: WorkerState, job: Waiting) -> float:
    """Return the seconds until an instance is on a worker's device; 0 if it is."""
    cost = state.get_cost(job)
    if job.resident in worker.residents:
        return 0.0
    return cost.wake_seconds if job.resident in worker.parked else cost.load_seconds


def admit(state: State, worker: WorkerState, job: Waiting, modes: tuple[str, ...]) -> None:
    """Enter the job's instance in the ledger, as the last one used."""
    cost = state.get_cost(job)
    item = worker.residents.pop(job.resident, None) or worker.parked.pop(job.resident, None)
    if item is None:
        item = Resident(cost.get_weights(modes), math.inf, state.now, cost.load_seconds)
    item.used = state.now
    worker.residents[job.resident] = item
