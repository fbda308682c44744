"""SIGKILL at system calls of the commit path, and how many of them wait for the disk."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.home import Home
from harness.log import Ack, Log
from harness.recording import RecordingDisk, RecordingVfs
from harness.verdict import find_broken_promise, find_damage, find_trouble_later

VICTIM = Path(__file__).parent / "harness" / "victim.py"
BURN = {"fsync": 40, "fdatasync": 60, "rename": 40, "pwrite64": 500, "unlink": 40}
"""More than a life of the victim has, so that the search ends when a child gets through; it loosens
nothing. Of pwrite64 there are 275: two for each page in the database's log, one for each page that
a savepoint sets aside, and the log copied home at the end. A new index is some pages more."""


def can_trace():
    strace = shutil.which("strace")
    return (
        strace
        and subprocess.run(
            [strace, "-e", "trace=none", "true"], check=False, capture_output=True
        ).returncode
        == 0
    )


needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is absent, or may not trace")


def kill_at_each(call, root, stride):
    """Return homes in which a process was killed at a call of that kind."""
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}",
         "-e", f"inject={call}:signal=SIGKILL:when={BURN[call]}",
         sys.executable, VICTIM, root, call, str(BURN[call]), str(stride)],
        capture_output=True, text=True, check=False,
        # A coverage tool would write its own files in there, and be counted.
        env={name: value for name, value in os.environ.items() if "COV" not in name},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return sorted(root.glob(f"{call}-*/"))


def find_fault(folder):
    """Return what is wrong with a home whose process was killed."""
    text = Path(f"{folder}.acks").read_text() if Path(f"{folder}.acks").exists() else ""
    acks = [Ack(*line.split()) for line in text.splitlines()]
    home = Home(folder)
    home.jobs.recover(100)
    home.clear_scratch()
    fault = find_broken_promise(home, acks) or find_damage(home) or find_trouble_later(home)
    home.close()
    return fault


@needs_strace
@pytest.mark.parametrize(
    ("call", "stride"),
    [("fsync", 1), ("fdatasync", 1), ("rename", 1), ("pwrite64", 9)],
)
def test_killed_at_calls_of_the_commit(memory_path, call, stride):
    homes = kill_at_each(call, memory_path, stride)
    assert len(homes) >= 4
    assert not {home.name: fault for home in homes if (fault := find_fault(home))}


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("call", ["pwrite64", "unlink"])
def test_killed_at_every_call_of_the_commit(memory_path, call):
    homes = kill_at_each(call, memory_path, 1)
    assert len(homes) >= (40 if call == "pwrite64" else 1)
    assert not {home.name: fault for home in homes if (fault := find_fault(home))}


@pytest.fixture
def recorded(memory_path):
    """A home and the log of its file operations."""
    log = Log()
    folder = memory_path / "home"
    Home(folder).close()
    vfs = RecordingVfs("counting", folder, log)
    home = Home(folder, vfs=vfs.name, disk=RecordingDisk(folder, log))
    yield home, log
    home.close()
    vfs.unregister()


def commit(home, log, count):
    """Commit that many outputs together; return the syncs it took."""
    jobs = home.submit(*[("plain", [len(log.ops) * 100 + i]) for i in range(count)])
    leases = [home.jobs.lease(job, "worker") for job in jobs]
    arrivals = [(lease, home.make(lease, 0, log), "cpu") for lease in leases]
    start = len(log.ops)
    assert home.host.commit_many(arrivals) == [True] * count
    return log.count_syncs(start)


def test_syncs_of_a_single_commit(recorded):
    """File, folder, database; now and then the database's log is copied home, which takes more."""
    counts = [commit(*recorded, 1) for _ in range(150)]
    assert sorted(counts)[len(counts) // 2] == 3
    assert sum(counts) / len(counts) <= 4


def test_syncs_of_a_batch(recorded):
    counts = [commit(*recorded, 16) for _ in range(12)]
    assert sum(counts) / (12 * 16) <= 1.5
    assert max(counts[1:]) <= 16 + 4 + 1 + 3  # with the log copied home


@needs_strace
def test_the_kernel_counts_the_same_syncs(memory_path):
    """Nothing syncs behind the recorded layers: one job alone and three together, and opening."""
    Home(memory_path / "template").close()
    script = f"from harness.victim import *; live(Path({str(memory_path / 'template')!r}))"
    done = subprocess.run(
        ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=VICTIM.parents[1],
    )  # fmt: skip
    calls = {name: int(n) for n, name in re.findall(r"(\d+)\s+(fsync|fdatasync)\n", done.stderr)}
    # Log's header, its folder, and the transaction; 1 + 1 + 1; 4 files + folders + 1; the close.
    assert 10 <= sum(calls.values()) <= 20, calls
