"""Shares: which class goes first, and what users and classes are charged."""

from studio.scheduler.messages import Rank
from studio.scheduler.state import Lane, Running, State

_OWED = 5.0  # seconds owed to batch after which it goes before normal jobs
_GUARD = 60.0  # seconds owed to batch after which even interactive jobs wait for it


def order_classes(lane: Lane) -> list[Rank]:
    """Return the classes that have jobs, first served first.

    Batch goes before normal while it has had less than its share, and before interactive when it
    is owed a lot.
    """
    order = [Rank.INTERACTIVE, Rank.NORMAL, Rank.BATCH]
    if lane.batch_credit > _GUARD:
        order = [Rank.BATCH, Rank.INTERACTIVE, Rank.NORMAL]
    elif lane.batch_credit > _OWED:
        order = [Rank.INTERACTIVE, Rank.BATCH, Rank.NORMAL]
    return [rank for rank in order if lane.classes[rank].size]


def is_guarded(state: State, lane: Lane, job_id: str, rank: int) -> bool:
    """Tell whether a job that starts now must not be preempted."""
    times, _ = state.preempts.get(job_id, (0, 0))
    is_owed = rank == Rank.BATCH and lane.batch_credit > _GUARD
    return is_owed or times >= state.limits.max_preempts


def charge(state: State, lane: Lane, running: Running, seconds: float) -> None:
    """Count device seconds against the user and the class of a job; negative gives back."""
    job = running.job
    running.charged += seconds
    lane.classes[job.rank].charge(job.user, seconds)
    share = state.limits.batch_share
    if job.rank == Rank.BATCH:
        lane.batch_credit -= (1 - share) * seconds
    elif lane.classes[Rank.BATCH].size:
        lane.batch_credit += share * seconds


def note_batch_arrival(state: State, lane: Lane) -> None:
    """Batch jobs join where there were none: nothing is owed for the time before."""
    if lane.classes[Rank.BATCH].size:
        return
    is_running = any(
        worker.running is not None and worker.running.job.rank == Rank.BATCH
        for worker in state.workers.values()
        if worker.device.lane == lane.name
    )
    if not is_running:
        lane.batch_credit = 0.0
