"""A real worker process, killed with SIGKILL in the middle of a training."""

import os
import signal
import time
from pathlib import Path

import pytest

from studio import Studio

PARAMS = {"size": 16, "channels": 4, "latent": 4, "batch": 2, "steps": 150}


@pytest.fixture
def processes(tmp_path):
    with Studio(tmp_path / "home", workers="process", worker_threads=1) as studio:
        yield studio


def find_trainer():
    """Find the worker that trains: the busiest of this process's."""
    workers = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            times = (place / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended meanwhile
            continue
        if b"studio.worker" in words and str(os.getpid()).encode() in words:
            workers[int(place.name)] = int(times[11]) + int(times[12])
    return max(workers, key=workers.__getitem__)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers through /proc")
def test_a_killed_training_ends_with_the_same_weights(processes, folder, tmp_path):
    wanted = {"folder": str(folder), **PARAMS}
    (whole,) = processes.generate("gan.train", seed=1, params=wanted)
    job = processes.submit("gan.train", seed=1, params=wanted)
    saved = tmp_path / "home" / "kept" / job.id / "seed-1" / "state.safetensors"
    end = time.monotonic() + 240
    while not saved.exists():
        assert time.monotonic() < end, "no save in four minutes"
        time.sleep(0.05)
    time.sleep(0.5)  # some steps that are lost, and taken again
    assert not job.status.is_final
    os.kill(find_trainer(), signal.SIGKILL)
    (again,) = job.result()
    assert job.record.attempts == 1, "times its worker died"
    name = "model.safetensors"
    assert again.files[name].read_bytes() == whole.files[name].read_bytes()
