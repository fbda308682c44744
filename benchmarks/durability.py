"""Durability: crash states, real kills, syncs per commit, recovery of a large home.

    python benchmarks/durability.py [--part syncs|recovery|crashes|bare|kills] [--json] [--dry]
        [--per-place 400] [--kills 1000] [--whole-kills 1000] [--assets 100000]

The harness is that of `tests/durability`; `docs/durability.md` says what it does.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from machine import Row, report

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "durability"))

# The harness is found through the line above.
from harness.crashes import iterate_states  # noqa: E402
from harness.forks import torture_bare_hosts  # noqa: E402
from harness.home import Home  # noqa: E402
from harness.kills import Tally, Torture, count_assets, count_losses  # noqa: E402
from harness.log import Log  # noqa: E402
from harness.mutations import MUTATIONS  # noqa: E402
from harness.plugin import install  # noqa: E402
from harness.recording import RecordingDisk, RecordingVfs  # noqa: E402
from harness.verdict import Bench  # noqa: E402
from harness.workload import record  # noqa: E402

JOBS = 1000

LEAVE = """
import os, signal, sys
from harness.home import Home
from pathlib import Path
home = Home(Path(sys.argv[1]))
jobs = home.submit(*[("plain", [i]) for i in range(int(sys.argv[2]))])
for job in jobs[::10]:
    home.jobs.lease(job, "worker")
os.kill(os.getpid(), signal.SIGKILL)
"""

OPEN = """
import os, sys, time
start = time.perf_counter()
from studio import Studio
imported = time.perf_counter()
studio = Studio(sys.argv[1], cpu_workers=1)
opened = time.perf_counter()
studio.ensure_scheduler()
print(imported - start, opened - imported, time.perf_counter() - opened, flush=True)
os._exit(0)
"""


def get_memory() -> str | None:
    """Return a folder in memory, if there is one: simulated crashes need no real disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def count_states(folder: Path, per_place: int, **mutation: object) -> tuple[int, int, bool]:
    """Return places in the log, states looked at, and whether one of them was wrong."""
    folder.mkdir()
    log = record(folder / "recorded", **mutation)
    bench, looked = Bench(folder / "bench"), 0
    for state in iterate_states(log, per_place):
        looked += 1
        fault = bench.find_fault(state)
        if fault is not None:
            return len(log.ops), looked, True
    return len(log.ops), looked, False


def measure_crashes(options: argparse.Namespace) -> None:
    """Enumerate crash states of the commit and of commits with one thing wrong."""
    rows = []
    with tempfile.TemporaryDirectory(dir=get_memory()) as name:
        start = time.perf_counter()
        places, looked, wrong = count_states(Path(name) / "sound", options.per_place)
        seconds = time.perf_counter() - start
        rows += [
            Row("operations recorded", places, ""),
            Row("distinct crash states opened and recovered", looked, "", ">= 100000"),
            Row("states that lose, double or tear something", int(wrong), "", "0"),
            Row("milliseconds a state", seconds / looked * 1000, "ms"),
        ]
        for number, (title, mutation) in enumerate(MUTATIONS.items()):
            _, looked, wrong = count_states(Path(name) / str(number), 20, **mutation)
            found = looked if wrong else float("inf")
            rows.append(Row(f"states until noticed: {title}", found, "", "noticed"))
    report("Durability: power cuts", "SimFs over real commits, recorded and cut off.", rows)


def measure_bare_kills(options: argparse.Namespace) -> None:
    """Kill hosts without workers at random times."""
    with tempfile.TemporaryDirectory() as name:
        home, start = Path(name) / "home", time.perf_counter()
        tally = torture_bare_hosts(home, options.kills, seed=options.seed)
        rows = describe_kills(home, tally, time.perf_counter() - start)
    note = "Hosts that only queue, lease and commit, forked and killed after 0 to 60 ms."
    report("Durability: SIGKILL of bare hosts", note, rows)


def measure_kills(options: argparse.Namespace) -> None:
    """Kill hosts and workers at random times."""
    with tempfile.TemporaryDirectory() as name:
        home, start = Path(name) / "home", time.perf_counter()
        run = Torture(home, install(Path(name) / "plugin"), seed=options.seed)
        run.run(options.whole_kills, share_of_hosts=0.1)
        rows = describe_kills(home, run.tally, time.perf_counter() - start)
    note = "Whole hosts with two worker processes each; both are killed, also while they start."
    report("Durability: SIGKILL", note, rows)


def describe_kills(home: Path, tally: Tally, seconds: float) -> list[Row]:
    """Count what is left in a home."""
    losses, (assets, jobs) = count_losses(home, tally), count_assets(home)
    return [
        Row("SIGKILLs", tally.hosts + tally.workers, ""),
        Row("of them hosts", tally.hosts, ""),
        Row("jobs acknowledged as queued", len(tally.queued), ""),
        Row("jobs acknowledged as done", len(tally.done), ""),
        Row("jobs given up (see docs), retried", tally.dead, ""),
        *[Row(what, number, "", "0") for what, number in losses.items()],
        Row("jobs in all", jobs, ""),
        Row("assets in all", assets, ""),
        Row("seconds in all", seconds, "s"),
    ]


def measure_syncs(options: argparse.Namespace) -> None:
    """Count syncs of single commits and of batches, and time both."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "home"
        Home(folder).close()
        log = Log()
        vfs = RecordingVfs("counting", folder, log)
        home = Home(folder, vfs=vfs.name, disk=RecordingDisk(folder, log))
        singles = [commit(home, log, 1) for _ in range(200)]
        batches = [commit(home, log, 16) for _ in range(20)]
        home.close()
        vfs.unregister()
        bare = measure_fsync(Path(name))
    rows = []
    for title, figures, count, target in (
        ("one asset", singles, 1, "<= 4"),
        ("a batch of 16, per asset", batches, 16, "<= 1.5"),
    ):
        syncs = sum(syncs for syncs, _ in figures) / len(figures) / count
        seconds = statistics.median(seconds for _, seconds in figures) * 1000 / count
        rows.append(Row(f"syncs, {title}, mean", syncs, "", target))
        rows.append(
            Row(f"commit, {title}, p50", seconds, "ms", "", f"fsync {bare:.2f} ms", seconds / bare)
        )
    report("Durability: syncs of a commit", "Checkpoints of the database's log included.", rows)


def commit(home: Home, log: Log, count: int) -> tuple[int, float]:
    """Commit outputs together; return syncs and seconds."""
    jobs = home.submit(*[("plain", [len(log.ops) * 100 + i]) for i in range(count)])
    leases = [home.jobs.lease(job, "worker") for job in jobs]
    arrivals = [(lease, home.make(lease, 0, log), "cpu") for lease in leases]
    place, start = len(log.ops), time.perf_counter()
    home.host.commit_many(arrivals)
    return log.count_syncs(place), time.perf_counter() - start


def measure_fsync(folder: Path) -> float:
    """Return the median time of one fsync of 4 kB here, ms."""
    times = []
    with (folder / "probe").open("wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def measure_recovery(options: argparse.Namespace) -> None:
    """Open a large home whose host was killed."""
    from core import fill_library  # imports the whole studio

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "home"
        Home(folder).close()
        fill_library(folder, options.assets).database.close()
        path = [str(install(Path(name) / "plugin")), str(ROOT / "tests" / "durability")]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}

        def run(script: str, *arguments: object, status: int = 0) -> str:
            command = [sys.executable, "-c", script, folder, *map(str, arguments)]
            done = subprocess.run(
                command, env=environ, stdout=subprocess.PIPE, text=True, check=False
            )
            if done.returncode != status:
                raise RuntimeError(f"ended with {done.returncode}, not {status}")
            return done.stdout

        run(OPEN)  # the plugins are known
        times = []
        for _ in range(3):
            run(LEAVE, JOBS, status=-signal.SIGKILL)
            times.append([float(word) for word in run(OPEN).split()])
    imported, opened, recovered = (statistics.median(column) for column in zip(*times, strict=True))
    rows = [
        Row("open the home", opened, "s"),
        Row("recover the queue and start the scheduler", recovered, "s"),
        Row("recovery in all", opened + recovered, "s", "<= 2"),
        Row("importing studio, beside it", imported, "s"),
    ]
    note = f"{options.assets} assets, {JOBS} more jobs queued or running at each kill, median of 3."
    report("Durability: recovery", note, rows)


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "syncs": measure_syncs,
    "recovery": measure_recovery,
    "crashes": measure_crashes,
    "bare": measure_bare_kills,
    "kills": measure_kills,
}


def main() -> None:
    """Measure all or one part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--per-place", type=int, default=400)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--whole-kills", type=int, default=1000)
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dry", action="store_true", help="do not write RESULTS.md")
    options = parser.parse_args()
    for name, measure in PARTS.items():
        if options.part in (None, name):
            measure(options)


if __name__ == "__main__":
    main()
