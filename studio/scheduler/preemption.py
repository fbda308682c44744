"""Who must stop so that interactive jobs need not wait for long ones."""

from studio.scheduler.messages import Action, Preempt, Rank, Waiting
from studio.scheduler.state import Lane, Running, State, WorkerState


def preempt(state: State, lane: Lane) -> list[Action]:
    """Stop lower jobs for interactive ones that would have to wait."""
    queue = lane.classes[Rank.INTERACTIVE]
    need = queue.size
    if not need:
        return []
    soon = state.now + state.limits.min_preempt
    victims: list[tuple[WorkerState, Running]] = []
    for worker in state.workers.values():
        if worker.device.lane != lane.name:
            continue
        running = worker.running
        if running is None:
            need -= not worker.is_ready  # it comes up, or goes to make room
        elif running.is_preempted or running.until <= soon:
            need -= 1
        elif running.job.rank != Rank.INTERACTIVE and not running.is_guarded:
            victims.append((worker, running))
    first = queue.find_oldest(queue.users) if victims and need > 0 else None
    if first is None:
        return []
    actions: list[Action] = []
    victims.sort(key=lambda pair: _get_key(pair[0], pair[1], first))
    for worker, running in victims[:need]:
        if worker.environment == first.environment:
            running.is_preempted = True
            times, _ = state.preempts.get(running.job.id, (0, 0))
            state.preempts[running.job.id] = (times + 1, running.job.seeds)
            actions.append(Preempt(running.job.id, worker.id))
    return actions


def _get_key(worker: WorkerState, running: Running, job: Waiting) -> tuple[bool, int, float]:
    """Warm for the job first, then the lowest class, then what has longest to go."""
    return (job.resident not in worker.residents, -running.job.rank, -running.until)
