"""The process between host and worker."""

import os
import signal
import subprocess
import sys
import time

import pytest

from studio.worker.group import await_exit, end_group
from studio.worker.guard import find_children, find_family

PROGRAM = """
import os, subprocess, sys, time
from studio.worker.guard import stand_guard
guard = stand_guard(int(sys.argv[1]))
assert guard == os.getppid()
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
sys.stdout.write(f"{os.getpid()} {child.pid}\\n")
sys.stdout.flush()
exec(sys.argv[2])
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a guard")


@pytest.fixture
def start():
    started = []

    def start(source, host=None):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(host or os.getpid()), source],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process, list(map(int, process.stdout.readline().split()))

    yield start
    for process in started:
        process.stdout.close()
        process.kill()
        process.wait()


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("os._exit(7)", 7),
        ("os._exit(0)", 0),
        ("os.kill(os.getpid(), 11)", -11),
        ("os.kill(os.getpid(), 9)", -9),
        ("os.abort()", -6),
    ],
)
def test_it_ends_like_the_worker_and_takes_all_with_it(start, source, code):
    process, pids = start(source)
    assert process.wait(60) == code
    assert not any(map(is_there, pids))


def test_it_ends_the_worker_when_told(start):
    process, pids = start("time.sleep(60)")
    assert find_children(process.pid) == [pids[0]]
    assert sorted(find_family(process.pid)) == sorted(pids)
    os.kill(pids[1], signal.SIGSTOP)
    process.terminate()
    assert process.wait(60) == -signal.SIGKILL
    assert not any(map(is_there, pids))


def test_one_that_does_not_do_its_duty_is_killed(start):
    process, _ = start("time.sleep(60)")
    os.kill(process.pid, signal.SIGSTOP)
    begin = time.monotonic()
    end_group(process.pid, 0.2)
    assert await_exit(process.pid, 60)
    assert time.monotonic() - begin < 30


def test_it_does_not_start_for_a_host_that_is_gone(start):
    process, pids = start("time.sleep(60)", host=1)
    assert pids == []
    assert process.wait(60) == 0


def test_a_process_that_is_not_there():
    assert find_family(2**22 + 1) == []
