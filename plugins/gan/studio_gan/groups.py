"""A picture per seed, several drawn at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from studio.generator import Artifact, JobContext


def draw_stills(
    job: JobContext, most: int, draw: Callable[[Sequence[int]], Sequence[Artifact]]
) -> Iterator[Artifact]:
    """Yield a picture per seed of a job, each with its share of the time.

    Args:
        job: tells of progress.
        most: pictures drawn at once.
        draw: a picture for each of some seeds.
    """
    total, last = len(job.seeds), None
    for first in range(0, total, most):
        seeds, start = job.seeds[first : first + most], time.monotonic()
        job.step(first, total, last)
        made = draw(seeds)
        seconds = (time.monotonic() - start) / len(seeds)
        for artifact in made:
            yield replace(artifact, seconds=seconds)
        last = made[-1].payload
    job.step(total, total)
