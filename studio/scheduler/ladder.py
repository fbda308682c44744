"""What to do when memory runs out: the next rungs, in at most three tries.

free caches -> evict idle -> halve the batch -> tile -> offload -> another device -> fail with
advice. A first failure doubles what is believed of the shape, and the mildest rungs that should
be enough by that are taken at once; a second one takes them all.
"""

from dataclasses import replace

from studio.scheduler.costs import Cost
from studio.scheduler.messages import Device, Waiting
from studio.scheduler.state import Plan, Running, State

FREE_CACHES = "free caches"
EVICT_IDLE = "evict idle"
OTHER_DEVICE = "another device"

_FIRST = 64 << 20  # bytes believed of something that was thought to take none


def correct_cost(cost: Cost, running: Running) -> Cost:
    """Return what must be believed now that a run was starved."""
    if running.is_loading:
        return replace(cost, weights=2 * cost.weights or _FIRST)
    if not cost.base and not cost.each:
        return replace(cost, each=_FIRST)
    return replace(cost, base=2 * cost.base, each=2 * cost.each)


def find_next_plan(state: State, job: Waiting, running: Running, device: Device) -> Plan | None:
    """Return how to run a starved job again, or None when nothing is left to try."""
    plan = state.plans.get(job.id) or Plan()
    if plan.is_last:
        return None
    cost = state.get_cost(job)
    largest = max(state.get_lane(job.lane).devices, key=lambda item: item.capacity)
    if plan.tries == 0:
        for batch, modes in _list_options(cost, running):
            if cost.get_total(batch, modes) <= device.capacity:
                rungs = _name_rungs(plan.rungs, running, batch, modes)
                return Plan(batch, modes, rungs, 1, is_alone=True)
    modes = cost.get_modes()
    rungs = _name_rungs(plan.rungs, running, 1, modes)
    if largest.capacity > device.capacity:
        rungs = (*rungs, OTHER_DEVICE)
    return Plan(1, modes, rungs, plan.tries + 1, is_alone=True, is_last=True)


def _list_options(cost: Cost, running: Running) -> list[tuple[int, tuple[str, ...]]]:
    batch, options = running.batch, [(running.batch, running.modes)]
    while batch > 1:
        batch = (batch + 1) // 2
        options.append((batch, running.modes))
    modes = cost.get_modes()
    return options + [(1, modes[: i + 1]) for i in range(len(modes))]


def _name_rungs(
    before: tuple[str, ...], running: Running, batch: int, modes: tuple[str, ...]
) -> tuple[str, ...]:
    rungs = [FREE_CACHES, EVICT_IDLE]
    if batch < running.batch:
        rungs.append(f"batch {batch}")
    rungs += [mode for mode in modes if mode not in running.modes]
    return (*before, *(rung for rung in rungs if rung not in before))
