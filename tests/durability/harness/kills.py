"""Hosts with workers that are killed with SIGKILL at random times, and what is left counted."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from harness.home import Home

from studio.scheduler.job import JobStatus
from studio.store import check_store

HOST = """
import sys
from studio import Studio
from studio.scheduler.job import JobStatus
home, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with Studio(home, cpu_workers=2, max_attempts=10_000, worker_threads=1) as studio:
    def retry():
        # Given up because five hosts died, or because three workers in a row died at start.
        ended = studio.jobs.list(statuses=[JobStatus.DEAD, JobStatus.FAILED], limit=100_000)
        print("dead", len(ended), flush=True)
        studio.jobs.retry([job.id for job in ended])
    retry()  # first: what is queued is not queued again
    for seed in range(first, first + count, 2):
        job = studio.submit("durable.text", seed=seed, count=2, delay=0.01, reuse=True)
        print("queued", seed, job.id, flush=True)
    told = set()
    while True:
        retry()
        left = studio.jobs.list(statuses=[JobStatus.QUEUED, JobStatus.RUNNING], limit=100_000)
        studio.jobs.wait([job.id for job in left], None)
        for job in studio.jobs.list(statuses=[JobStatus.DONE], limit=100_000):
            if job.id not in told:
                print("done", job.id, flush=True)
                told.add(job.id)
        if not left:
            break
"""


@dataclass
class Tally:
    """What was done and what was promised.

    Attributes:
        hosts, workers: killed; `dead`: jobs given up, and retried as the error says.
        queued: first seed -> job id; `done`: job ids.
    """

    hosts: int = 0
    workers: int = 0
    dead: int = 0
    queued: dict[int, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def note(self, line):
        """Take down what a host said."""
        match line.split():
            case ["queued", seed, job]:
                self.queued.setdefault(int(seed), job)
            case ["done", job]:
                self.done.add(job)
            case ["dead", number]:
                self.dead += int(number)


class Torture:
    """Runs hosts on one home and kills them and their workers.

    Args:
        plugins: folder with the plugin of `harness.plugin`.
        lot: seeds that a host asks for, two a job.
    """

    def __init__(self, home, plugins, *, lot=20, seed=0):
        self._home, self._plugins, self._lot = home, plugins, lot
        self._chance = random.Random(seed)
        self._first = 0
        self._reader = None
        self.tally = Tally()

    def run(self, kills, *, share_of_hosts=0.5, longest=1.0):
        """Kill until that many were killed, then let a last host finish."""
        tally, chance = self.tally, self._chance
        host = self._start()
        while tally.hosts + tally.workers < kills:
            time.sleep(chance.uniform(0.02, longest))
            if host.poll() is not None:
                host = self._next(host)
                continue
            children = find_workers(host.pid)
            if chance.random() >= share_of_hosts:
                tally.workers += bool(children) and kill(chance.choice(children))
                continue
            host.kill()
            host.wait()
            tally.hosts += 1
            host = self._next(host)
        if host.wait(120) != 0:
            host = self._next(host)
            assert host.wait(120) == 0
        self._reader.join()

    def _next(self, host):
        """Start a host after another; one that ended well has used its seeds up."""
        self._reader.join()
        assert host.returncode in (0, -signal.SIGKILL), "a host failed by itself"
        if host.returncode == 0:
            self._first += self._lot
        return self._start()

    def _start(self):
        environ = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(self._plugins), os.environ.get("PYTHONPATH", "")]),
        }
        host = subprocess.Popen(
            [sys.executable, "-c", HOST, self._home, str(self._first), str(self._lot)],
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self._reader = Thread(target=self._read, args=(host.stdout,))
        self._reader.start()
        return host

    def _read(self, lines):
        with lines:
            for line in lines:
                self.tally.note(line)


def find_workers(process):
    """Return the worker processes of a host and their guards."""
    found, parents = [], [process]
    while parents:
        # Children are listed by the thread that started them.
        for tasks in Path(f"/proc/{parents.pop()}").glob("task/*/children"):
            try:
                children = [int(child) for child in tasks.read_text(encoding="ascii").split()]
            except OSError:
                continue  # the thread has ended
            workers = [child for child in children if is_worker(child)]
            found += workers
            parents += workers
    return found


def is_worker(process):
    """Tell a worker from a process that only says what plugins there are: hosts need that."""
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"studio.worker" in command and b"--describe" not in command


def kill(process):
    """Kill one process; False if it was gone."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def count_losses(folder, tally):
    """Open a home after the torture; return what is lost, double or torn: name -> number."""
    home = Home(folder)
    records = {
        row["id"]: home.jobs.get(row["id"]) for row in home.database.query("SELECT id FROM jobs")
    }
    acknowledged = {*tally.queued.values(), *tally.done}
    not_done = [
        job for job in acknowledged
        if job not in records or records[job].status is not JobStatus.DONE
    ]  # fmt: skip
    seeds = Counter(
        record.request.seeds[position]
        for record in records.values()
        for position, assets in record.outputs.items()
        if {home.store.get(asset).job for asset in assets} == {record.id}
    )
    sql = "SELECT job FROM assets GROUP BY job, output_index HAVING count(*) > 1"
    losses = {
        "acknowledged jobs lost": len(not_done),
        "jobs that are not done": sum(r.status is not JobStatus.DONE for r in records.values()),
        "seeds made twice": sum(number - 1 for number in seeds.values()),
        "outputs stored twice": len(home.database.query(sql)),
        "torn or damaged (fsck --deep)": len(check_store(home.store, deep=True).problems),
    }
    home.close()
    return losses


def count_assets(folder):
    """Return how many assets and jobs a home has."""
    home = Home(folder)
    (assets,) = home.database.query("SELECT count(*) AS n FROM assets")
    (jobs,) = home.database.query("SELECT count(*) AS n FROM jobs")
    home.close()
    return assets["n"], jobs["n"]
