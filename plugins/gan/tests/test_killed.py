"""Real processes, killed with SIGKILL in the middle of a training."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio import Studio

PARAMS = {
    "spatial": {"size": 16, "channels": 4, "latent": 4, "batch": 2, "steps": 150},
    "latent": {"size": 64, "channels": 4, "latent": 4, "batch": 2, "steps": 40},
}
WEIGHTS = "model.safetensors"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers through /proc"),
]


@pytest.fixture
def processes(tmp_path):
    with Studio(tmp_path / "home", workers="process", worker_threads=1) as studio:
        yield studio


@pytest.fixture
def start(tmp_path):
    """Start the command line on a home; what still runs at the end is killed."""
    started = []

    def start(*words):
        program = [sys.executable, "-c", "from studio.cli.main import main; main()"]
        command = [*program, *words, "--home", str(tmp_path / "home"), "--json"]
        # One thread, as the worker of the other run: sums in another order are other sums.
        environment = {**os.environ, "STUDIO_WORKER_THREADS": "1"}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process.pid)
        process.communicate()


def find_workers(host):
    """Find a host's workers and what time they took, the busiest first."""
    workers = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            times = (place / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended meanwhile
            continue
        if b"studio.worker" in words and str(host).encode() in words:
            workers[int(place.name)] = int(times[11]) + int(times[12])
    return sorted(workers, key=workers.__getitem__, reverse=True)


def kill(*numbers):
    for number in numbers:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_for_save(home):
    """Wait until there is something to go on from, and a moment longer: steps that are lost."""
    end = time.monotonic() + 240
    while not list(home.glob("kept/*/seed-1/state.safetensors")):
        assert time.monotonic() < end, "no save in four minutes"
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.parametrize("family", PARAMS)
def test_a_killed_training_ends_with_the_same_weights(processes, folder, tmp_path, family):
    wanted = {"folder": str(folder), "family": family, **PARAMS[family]}
    (whole,) = processes.generate("gan.train", seed=1, params=wanted)
    job = processes.submit("gan.train", seed=1, params=wanted)
    wait_for_save(tmp_path / "home")
    assert not job.status.is_final
    kill(find_workers(os.getpid())[0])
    (again,) = job.result()
    assert job.record.attempts == 1, "times its worker died"
    assert again.files[WEIGHTS].read_bytes() == whole.files[WEIGHTS].read_bytes()


def test_a_killed_command_is_gone_on_with(folder, tmp_path, start):
    """Host and worker die; `studio jobs wait` takes the job up where it was saved."""
    params = {"folder": str(folder), **PARAMS["latent"]}
    with Studio(tmp_path / "whole", workers="inline", worker_threads=1) as studio:
        (whole,) = studio.generate("gan.train", seed=1, params=params)
    words = [word for name, value in params.items() for word in (f"--{name}", str(value))]
    host = start("generate", "gan.train", "--seed", "1", *words)
    wait_for_save(tmp_path / "home")
    assert host.poll() is None
    kill(host.pid, *find_workers(host.pid))
    told, _ = start("jobs", "wait").communicate(timeout=300)
    (job,) = json.loads(told)
    with Studio(tmp_path / "home", workers="inline") as studio:
        again = studio.assets.get(job["assets"][0])
        assert again.files[WEIGHTS].read_bytes() == whole.files[WEIGHTS].read_bytes()
