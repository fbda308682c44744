"""A batch of 64 against 64 single calls: time from asking to stored, and the payloads compared.

    python benchmarks/generators_batch.py [--json] [--dry] [--count N]

Both go through a worker process that has the weights loaded, as in a session; with `--cold`, single
calls through the command line too, each of which starts a worker. Part of `generators.py`.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, report
from PIL import Image

SMALL = {"class": "rock", "features": "small"}
GENERATORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("flow.sprite", {"size": 16, "kind": "item", "sprites": 1}),
    ("flow.sprite", {"size": 32, "kind": "item", "sprites": 1}),
    ("flow.texture", {"size": 64, **SMALL}),
    ("flow.texture", {"size": 128, **SMALL}),
    ("gan.texture", {"size": 64, "class": "rock"}),
    ("gan.texture", {"size": 128, "class": "rock"}),
    ("gan.vae", {"size": 64, "class": "rock"}),
)
COUNT = 64
ROUNDS = 3
COLD = 3
NOTE = (
    "{count} pictures of each size as one call and as {count} calls, one after another, to a "
    "worker that has the weights loaded; wall time from asking to stored, medians of {rounds} "
    "rounds. Small pictures are drawn together, to the bit. On a machine of few cores a batch "
    "gains less the longer one picture takes: what it saves is asking, and cores that wait."
)


def measure_batch(count: int, cold: bool) -> list[Row]:
    """Measure all generators through a worker."""
    from studio import Studio

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with Studio(Path(folder) / "home", workers="process") as studio:
            for name, params in GENERATORS:
                rows += compare(studio, name, params, count)
        if cold:
            rows += [compare_cold(Path(folder), count)]
    return rows


def compare(studio: Any, name: str, params: dict[str, Any], count: int) -> list[Row]:
    """Time one call of `count` seeds and as many calls of one."""
    # The worker starts, the weights are loaded, and what can be drawn together is tried out.
    studio.generate(name, params=params, seed=10_000, count=8)

    def batch(first: int) -> list[Any]:
        made = studio.generate(name, params=params, seed=first, count=count)
        return [asset for asset in made if asset.kind == "image"]

    def singles(first: int) -> list[Any]:
        seeds = range(first, first + count)
        return [studio.generate(name, params=params, seed=seed)[0] for seed in seeds]

    rounds = [(_time(batch, n * count), _time(singles, n * count)) for n in range(ROUNDS)]
    wall, singly = (statistics.median(run[which][1] for run in rounds) for which in (0, 1))
    gain = statistics.median(run[1][1] / run[0][1] for run in rounds)
    together, alone = ([asset for run in rounds for asset in run[which][0]] for which in (0, 1))
    far = max(
        int(np.abs(_read(a.path) - _read(b.path)).max())
        for a, b in zip(together, alone, strict=True)
    )
    jobs = [len({asset.record.job for asset in some}) for some in (together, alone)]
    what = f"{name}, {params['size']} px, {count}"
    return [
        Row(
            f"{what} in one call", count / wall, "1/s", "", f"{count / singly:.3g} in single calls"
        ),
        Row(
            f"{what}: gain of the batch",
            gain,
            "",
            ">= 3",
            f"{jobs[1]} jobs against {jobs[0]}",
            gain,
        ),
        Row(f"{what}: largest difference of a pixel, of 255", far, "", "0"),
    ]


def compare_cold(folder: Path, count: int) -> Row:
    """Time calls through the command line, each with a worker of its own."""

    def call(number: int, seeds: int) -> float:
        home = ["--home", str(folder / "cold")]
        ask = ["gan.texture", "--size", "128", "--class", "rock", "--seed", str(number)]
        start = time.perf_counter()
        subprocess.run(
            [
                str(Path(sys.executable).with_name("studio")),
                *home,
                "generate",
                *ask,
                "--count",
                str(seeds),
            ],
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - start

    call(9999, 1)
    single = sum(call(number, 1) for number in range(COLD)) / COLD
    batch = call(1000, count)
    gain = single * count / batch
    base = f"{single:.3g} s each, of {COLD}"
    return Row(f"studio generate, {count} at once: gain", gain, "", ">= 3", base, gain)


def _time(call: Callable[[int], list[Any]], first: int) -> tuple[list[Any], float]:
    start = time.perf_counter()
    made = call(first)
    return made, time.perf_counter() - start


def _read(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def main() -> None:
    """Measure and report."""
    count = int(sys.argv[sys.argv.index("--count") + 1]) if "--count" in sys.argv else COUNT
    rows = measure_batch(count, "--cold" in sys.argv)
    report("Generators: batches", NOTE.format(count=count, rounds=ROUNDS), rows)


if __name__ == "__main__":
    main()
