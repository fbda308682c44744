"""Bare hosts, without workers, killed with SIGKILL at random times: a few hundred a minute.

A bare host queues, leases and commits all the time, alone and in groups, and says what it was
promised. It is forked from a process that has everything imported.
"""

import os
import random
import select
import signal
import time
from itertools import count

from harness.home import Home
from harness.kills import Tally


def torture_bare_hosts(folder, kills, *, longest=0.06, seed=0):
    """Kill that many bare hosts on one home, one after the other; return what they were told."""
    chance, tally = random.Random(seed), Tally()
    Home(folder).close()
    while tally.hosts < kills:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                live(folder, tally.hosts * 100_000, writer)
            finally:
                os._exit(1)
        os.close(writer)
        if chance.random() < 0.85:  # the others are killed while they start
            select.select([reader], [], [], 60)
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        with os.fdopen(reader) as lines:
            for line in lines.read().split("\n")[:-1]:  # the last may be half a line
                tally.note(line)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "a host failed by itself"
        tally.hosts += 1
    home = Home(folder)  # the last host, which nobody kills
    home.jobs.recover(10_000)
    home.clear_scratch()
    for row in home.database.query("SELECT id FROM jobs WHERE status = 'queued'"):
        home.finish(row["id"])
    home.close()
    return tally


def live(folder, first, writer):
    """Recover, do what is left, then queue and commit for ever; say so through a pipe."""

    def tell(text):
        os.write(writer, text.encode())

    home = Home(folder)
    home.jobs.recover(10_000)
    for row in home.database.query("SELECT id FROM jobs WHERE status = 'queued'"):
        home.finish(row["id"])
        tell(f"done {row['id']}\n")
    for number in count(first, 10):
        jobs = home.submit(("plain", [number]), ("maps", [number + 1]), ("same", [number + 2]))
        tell("".join(f"queued {number + i} {job}\n" for i, job in enumerate(jobs)))
        leases = [home.jobs.lease(job, "worker") for job in jobs]
        for group in (leases[:1], leases[1:]):
            home.host.commit_many([(lease, home.make(lease, 0), "cpu") for lease in group])
            tell("".join(f"done {lease.job}\n" for lease in group))
