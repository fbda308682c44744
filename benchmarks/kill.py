"""A batch of textures, killed with SIGKILL at random, host and workers; then everything is counted.

    python benchmarks/kill.py [--count 1000] [--size 256] [--kills 10] [--seed 1] [--json]

Prints how many assets there are (exactly `count`), how many are torn (0) or double (0), and what
`studio fsck --deep` says.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from machine import Row, report
from textures import find_picture

from studio import Studio

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "durability"))
from harness.kills import find_workers

HOST = """
import sys
from studio import Studio
home, picture, count, size = sys.argv[1:]
with Studio(home, cpu_workers=2) as studio:
    batch = studio.batch(
        [
            {
                "generator": "textures.from_image",
                "inputs": {"image": picture},
                "params": {
                    "width": int(size),
                    "height": int(size),
                    "method": "quilting",
                    "straighten": "no",
                },
                "seed": 0,
                "count": int(count),
            }
        ]
    )
    print(batch.wait())
"""


def start_host(home: Path, picture: Path, count: int, size: int) -> subprocess.Popen[bytes]:
    """Start a process that submits the batch (again) and waits for it."""
    return subprocess.Popen(
        [sys.executable, "-c", HOST, str(home), str(picture), str(count), str(size)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def torture(home: Path, picture: Path, options: argparse.Namespace) -> tuple[int, int, float]:
    """Kill at random until all kills are spent; return hosts and workers killed, seconds."""
    chance = random.Random(options.seed)
    hosts = workers = 0
    started = time.perf_counter()
    host = start_host(home, picture, options.count, options.size)
    while hosts + workers < options.kills and host.poll() is None:
        time.sleep(chance.uniform(2.0, options.every))
        children = find_workers(host.pid)
        if children and chance.random() < 0.5:
            os.kill(chance.choice(children), signal.SIGKILL)
            workers += 1
            continue
        host.kill()
        host.wait()
        hosts += 1
        host = start_host(home, picture, options.count, options.size)
    while host.wait() != 0:
        host = start_host(home, picture, options.count, options.size)
    return hosts, workers, time.perf_counter() - started


def inspect(home: Path, count: int) -> list[Row]:
    """Count assets, doubles and damage."""
    with Studio(home) as studio:
        seeds = Counter(
            asset.seed for asset in studio.assets.search(generator="textures.from_image")
        )
        found = studio.assets.check(deep=True)
        bad = sum(
            number for status, number in studio.jobs.count().items() if status.value != "done"
        )
    return [
        Row("assets", sum(seeds.values()), "", f"{count}"),
        Row("seeds missing", count - len(seeds), "", "0"),
        Row("made twice", sum(number - 1 for number in seeds.values()), "", "0"),
        Row("torn or lost (fsck --deep)", len(found.problems), "", "0"),
        Row("jobs given up on the way (two of their workers were killed)", bad, ""),
    ]


def main() -> None:
    """Run the torture in a temporary home."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--every", type=float, default=30.0, help="longest pause between kills, s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dry", action="store_true", help="do not write RESULTS.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        picture = options.picture or find_picture("gravel")
        hosts, workers, seconds = torture(home, picture, options)
        rows = inspect(home, options.count)
    rows.append(Row("seconds in all", seconds, "s"))
    note = (
        f"{options.count} textures at {options.size}²; {hosts} hosts and {workers} workers killed."
    )
    report("Kill -9", note, rows)
    if any(row.value != float(row.target) for row in rows if row.target):
        sys.exit(1)


if __name__ == "__main__":
    main()
