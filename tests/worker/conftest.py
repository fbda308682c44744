"""Workers that write down what they say."""

import threading
import time
from pathlib import Path

import pytest

from studio.recipe import Recipe
from studio.worker.process import ProcessWorker
from studio.worker.protocol import CheckpointData, Exited, Hello, InputData, Run
from studio.worker.spec_cache import SpecCache


class Listener:
    """Collects events; `wait` returns the first of a type that `wait` has not returned yet."""

    def __init__(self):
        self.events = []
        self._taken = 0
        self._changed = threading.Condition()

    def __call__(self, worker_id, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait(self, *types, timeout=60):
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for index in range(self._taken, len(self.events)):
                    if isinstance(self.events[index], types):
                        self._taken = index + 1
                        return self.events[index]
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no {types} among {self.events}")

    def find(self, cls):
        return [event for event in self.events if isinstance(event, cls)]


@pytest.fixture(autouse=True)
def own_specs(spec_cache_files, monkeypatch):
    """Each home finds out for itself what plugins offer: that is what is tested here."""
    monkeypatch.setattr(SpecCache, "load", spec_cache_files.load)


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def make_order(tmp_path):
    """Build a `Run`, by default of `sample.noise` with one seed."""
    count = iter(range(1000))

    def make(generator="sample.noise", seeds=(1,), inputs=None, checkpoint=None, **params):
        job = f"job{next(count)}"
        home = tmp_path / "home"
        return Run(
            job=job,
            entry_point=generator.partition(".")[0],
            resident=generator,
            checkpoint=CheckpointData(**checkpoint) if checkpoint else None,
            recipe=Recipe(generator=generator, plugin="p", plugin_version="1", params=params),
            seeds=list(seeds),
            positions=list(range(len(seeds))),
            inputs={
                slot: [InputData(id="a", kind="image", path=str(path), files={"main": str(path)})]
                for slot, path in (inputs or {}).items()
            },
            scratch=str(home / "scratch" / job),
            kept=str(home / "kept" / job),
            log=str(home / "logs" / "jobs" / f"{job}.log"),
        )

    return make


@pytest.fixture
def start_worker(config, listener):
    """Start a process worker and wait for its hello; closed at the end of the test."""
    workers = []

    def start(*, device="cpu", environment="main", hello=True, **settings):
        changed = config.model_copy(update=settings)
        worker = ProcessWorker(f"w{len(workers)}", environment, device, changed, listener)
        workers.append(worker)
        worker.start()
        if hello:
            listener.wait(Hello)
        return worker

    yield start
    for worker in workers:
        worker.kill("the test is over")
        if worker.is_alive:
            listener.wait(Exited)


@pytest.fixture
def hostile(make_plugin, use_plugins, sample_path):
    """Have the sample plugin and a hostile one; the latter's generator does what `way` says."""
    source = Path(__file__).with_name("hostile.txt").read_text()
    use_plugins(make_plugin("hostile", source), sample_path)


@pytest.fixture
def sample(use_plugins, sample_path):
    """Have the sample plugin."""
    use_plugins(sample_path)
