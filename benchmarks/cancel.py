"""Cancel: how long a running job takes to stop when asked, and when it does not listen.

    python benchmarks/cancel.py [--json]

Soft: a generator of 20 ms steps is cancelled at random moments; the bound is one step + 100 ms.
Hard: a generator that never calls `job.step` again; its worker is killed after the grace time.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from machine import Row, report

from studio import Studio
from studio.scheduler.job import JobStatus

STEP = 0.02
SOURCE = """
import time

from studio import Artifact, Generator, MediaType, Params, hookimpl


class Slow(Generator):
    id = "slow.steps"
    title = "Slow"
    summary = "Steps of 20 ms, or one that never ends"
    output = MediaType.TEXT

    class Params(Params):
        listens: bool = True

    def generate(self, params, job):
        ballast = bytearray(64 << 20)
        job.step(1, 10_000)
        while not params.listens:
            time.sleep(1)
        for step in range(2, 10_000):
            time.sleep(0.02)
            job.step(step, 10_000)
        yield Artifact(str(len(ballast)), MediaType.TEXT)


@hookimpl
def register_generators(register):
    register(Slow)
"""


def install(folder: Path) -> None:
    """Write the plugin into `folder` and make this process and its workers see it."""
    info = folder / "slow_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "slow_plugin.py").write_text(SOURCE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[studio]\nslow = slow_plugin\n", encoding="utf-8")
    sys.path.insert(0, str(folder))


def time_cancel(studio: Studio, pause: float, *, listens: bool) -> float:
    """Start a job, cancel it after `pause` seconds, and return the seconds until it has ended."""
    job = studio.submit("slow.steps", seed=1, listens=listens)
    while not job.progress.done:
        time.sleep(0.005)
    time.sleep(pause)
    start = time.perf_counter()
    job.cancel()
    if job.wait(60) is not JobStatus.CANCELLED:
        raise SystemExit(f"job {job.id} ended as {job.status}")
    return time.perf_counter() - start


def read_memory(studio: Studio) -> float:
    """Return the resident memory of this process and all below it, MiB."""
    pages, waiting = 0, [os.getpid()]
    while waiting:
        process = waiting.pop()
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
            # A child belongs to the thread that started it.
            for task in Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return pages * 4096 / 2**20


def main() -> None:
    """Cancel 100 jobs softly and 5 hard."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        install(Path(name) / "plugin")
        with Studio(Path(name) / "home") as studio:
            time_cancel(studio, 0.1, listens=True)
            baseline = read_memory(studio)
            soft = [time_cancel(studio, chance.uniform(0, 0.1), listens=True) for _ in range(100)]
            after = read_memory(studio)
            hard = [time_cancel(studio, 0.05, listens=False) for _ in range(5)]
    rows = [
        Row("soft cancel, p50", statistics.median(soft) * 1000, "ms"),
        Row("soft cancel, p99", sorted(soft)[98] * 1000, "ms", f"<= {STEP * 1000 + 100:.0f}"),
        Row("hard cancel, worst of 5", max(hard), "s", "<= 5"),
        Row(
            "memory after 100 cancels", after, "MiB", "", f"{baseline:.0f} before", after / baseline
        ),
    ]
    report("Cancel", "100 soft cancels of 20 ms steps; 5 of a generator that ignores them.", rows)


if __name__ == "__main__":
    main()
