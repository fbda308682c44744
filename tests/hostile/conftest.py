"""One home and one studio for all cases: a worker that a case leaves alive serves the next one."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from studio import Studio
from studio.worker.guard import find_family

FOLDER = Path(__file__).parent
SAMPLE = FOLDER.parent / "sample" / "sample_plugin"


def install(folder, name, target):
    """Make `folder` look as if a distribution were installed in it."""
    info = folder / f"{name}_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[studio]\n{name} = {target}\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the plugins in it, and nothing yet of a home."""
    folder = tmp_path_factory.mktemp("hostile")
    plugins = folder / "plugins"
    install(plugins, "hostile", "hostile_plugin")
    install(plugins, "sample", "sample_plugin")
    shutil.copy(FOLDER / "plugin.txt", plugins / "hostile_plugin.py")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SAMPLE, plugins / "sample_plugin", ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def others():
    """Processes that other tests left to this one, as that which tracks shared memory."""
    return set(find_family(os.getpid()))


@pytest.fixture(scope="module")
def studio(place, others):
    """A studio with little patience, save with a machine that is busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.worker.process._MAX_PROCESSES", 40)
        patch.setattr(sys, "path", [str(place / "plugins"), *sys.path])
        with Studio(
            place / "home",
            workers="process",
            cpu_workers=1,
            devices=("cpu",),
            worker_threads=1,
            worker_memory_mb=500,
            max_attempts=1,
            heartbeat_timeout=60,
            cancel_grace=0.3,
        ) as opened:
            yield opened


@pytest.fixture(scope="module")
def outside(place):
    """A folder that no plugin may touch; its name marks processes that must not survive."""
    folder = place / f"0.{os.getpid():08d}"
    folder.mkdir()
    return folder


@pytest.fixture
def signals():
    """Signals that reached this process."""
    caught = []
    earlier = signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    yield caught
    signal.signal(signal.SIGUSR1, earlier)
