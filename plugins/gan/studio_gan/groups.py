"""A picture per seed, several drawn at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from studio.generator import Artifact, JobContext

Draw = Callable[[Sequence[int]], Sequence[Artifact]]
"""A picture for each of some seeds."""


def draw_stills(job: JobContext, most: int, pixels: int, draw: Draw) -> Iterator[Artifact]:
    """Yield a picture per seed of a job, each with its share of the time.

    Args:
        job: tells of progress.
        most: pictures drawn at once.
        pixels: of one; small ones are drawn side by side, the next while one is written.
        draw: draws.
    """
    total, done = len(job.seeds), 0
    job.step(0, total)
    start = time.monotonic()
    for made in _draw_groups(job.seeds, most, pixels, draw):
        now = time.monotonic()
        for artifact in made:
            yield replace(artifact, seconds=(now - start) / len(made))
        done, start = done + len(made), now
        job.step(done, total, made[-1].payload if done < total else None)


def _draw_groups(
    seeds: Sequence[int], most: int, pixels: int, draw: Draw
) -> Iterator[Sequence[Artifact]]:
    from studio_training.side_by_side import SMALL, cut_in_parts, stream_side_by_side

    if most > 1 and pixels <= SMALL:
        parts = cut_in_parts(len(seeds))
        yield from stream_side_by_side(draw, [seeds[part] for part in parts])
        return
    for first in range(0, len(seeds), most):
        yield draw(seeds[first : first + most])
