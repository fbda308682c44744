"""A picture per seed, several drawn at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from studio.generator import Artifact, JobContext

EASY: Final = 4
"""Pictures of the first group and at least of the last: what is drawn is written while more is, but
nothing is beside the first, and nobody beside the last."""


def draw_stills(
    job: JobContext, most: int, draw: Callable[[Sequence[int]], Sequence[Artifact]]
) -> Iterator[Artifact]:
    """Yield a picture per seed of a job, each with its share of the time.

    Args:
        job: tells of progress.
        most: pictures drawn at once.
        draw: a picture for each of some seeds.
    """
    total, last, first = len(job.seeds), None, 0
    for size in plan_groups(total, most):
        seeds, start = job.seeds[first : first + size], time.monotonic()
        job.step(first, total, last)
        first += size
        made = draw(seeds)
        seconds = (time.monotonic() - start) / len(seeds)
        for artifact in made:
            yield replace(artifact, seconds=seconds)
        last = made[-1].payload
    job.step(total, total)


def plan_groups(total: int, most: int) -> list[int]:
    """Return the sizes of groups of at most `most`: small ones at both ends."""
    sizes: list[int] = []
    while (left := total - sum(sizes)) > 0:
        size = max(EASY, left // 2) if sizes else EASY
        sizes.append(min(size, most, left))
    return sizes
