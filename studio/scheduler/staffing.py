"""Which workers there are: started where jobs wait, closed where another environment waits."""

from studio.scheduler.choosing import is_unserved
from studio.scheduler.messages import Action, StartWorker, StopWorker
from studio.scheduler.state import Lane, State, WorkerState


def staff(state: State, lane: Lane) -> list[Action]:
    """Start workers where jobs wait and a device has a free place, or an idler makes one."""
    members = [worker for worker in state.workers.values() if worker.device.lane == lane.name]
    is_full = len(members) >= sum(device.slots for device in lane.devices)
    if is_full and len({worker.environment for worker in members}) == len(state.environments):
        return []
    wanted: dict[str, int] = {}
    for queue in lane.classes:
        for environment, count in queue.environments.items():
            if count:
                wanted[environment] = wanted.get(environment, 0) + count
    actions: list[Action] = []
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
        if is_unserved(state, lane, environment):
            actions += _stop_idler(members, wanted)
    return actions


def _stop_idler(members: list[WorkerState], wanted: dict[str, int]) -> list[Action]:
    """Close a worker for whose environment nothing waits, unless one is leaving already."""
    if any(worker.is_stopping for worker in members):
        return []
    for worker in members:
        if worker.is_idle and worker.environment not in wanted:
            worker.is_stopping = True
            return [StopWorker(worker.id)]
    return []


def _start_worker(state: State, lane: Lane, environment: str) -> StartWorker | None:
    counts = {device.name: sum(1 for _ in state.iterate_workers(device)) for device in lane.devices}
    free = [device for device in lane.devices if counts[device.name] < device.slots]
    if not free:
        return None
    device = min(free, key=lambda item: counts[item.name] / item.slots)
    state.workers_made += 1
    name = f"{state.limits.names}{state.workers_made}"
    state.workers[name] = WorkerState(name, environment, device)
    return StartWorker(name, environment, device.name)
