"""Measures of a simulated run that do not ask the policy: fairness and overtaking."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence

from studio.scheduler.engine import Engine, Visit
from studio.scheduler.messages import Rank


def compute_jain(values: Sequence[float]) -> float:
    """Return Jain's index: 1 when all are equal, 1/n when one has everything."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def count_bypasses(visits: Iterable[Visit]) -> list[int]:
    """Return per job how many younger ones of its class and user started before it did."""
    groups: dict[tuple[str, int, str], list[Visit]] = {}
    for visit in visits:
        job = visit.job
        groups.setdefault((job.lane, job.rank, job.user), []).append(visit)
    counts = []
    for group in groups.values():
        started: list[float] = []
        for visit in sorted(group, key=lambda item: item.first_start):
            counts.append(len(started) - bisect_right(started, visit.job.order))
            insort(started, visit.job.order)
    return counts


def compute_batch_share(engine: Engine) -> float:
    """Return batch jobs' part of the device seconds while both they and normal jobs waited."""
    end = min(_find_last_start(engine, rank) for rank in (Rank.NORMAL, Rank.BATCH))
    start = max(
        min(visit.arrival for visit in engine.visits.values() if visit.job.rank == rank)
        for rank in (Rank.NORMAL, Rank.BATCH)
    )
    taken = dict.fromkeys(Rank, 0.0)
    for span in engine.spans:
        seconds = min(span.end, end) - max(span.start, start)
        taken[Rank(engine.visits[span.job].job.rank)] += max(seconds, 0.0)
    return taken[Rank.BATCH] / sum(taken.values())


def compute_user_seconds(engine: Engine) -> dict[str, float]:
    """Return device seconds by user, while normal jobs of every user waited."""
    users = {visit.job.user for visit in engine.visits.values()}
    end = min(_find_last_start(engine, Rank.NORMAL, user) for user in users)
    taken = dict.fromkeys(sorted(users), 0.0)
    for span in engine.spans:
        taken[engine.visits[span.job].job.user] += max(min(span.end, end) - span.start, 0.0)
    return taken


def _find_last_start(engine: Engine, rank: Rank, user: str = "") -> float:
    return max(
        visit.first_start
        for visit in engine.visits.values()
        if visit.job.rank == rank and user in ("", visit.job.user)
    )
