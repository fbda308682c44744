"""SIGKILL, for real: hosts and workers, at random times."""

from types import SimpleNamespace

import pytest
from harness.home import build_artifacts
from harness.kills import Torture, count_assets, count_losses
from harness.plugin import install

from studio import Studio
from studio.scheduler.job import JobStatus
from studio.worker import protocol


def torture(folder, kills, **settings):
    """Run the torture; return its tally and what is left."""
    plugins = install(folder / "plugin")
    run = Torture(folder / "home", plugins, seed=settings.pop("seed", 3))
    run.run(kills, **settings)
    return run.tally, count_losses(folder / "home", run.tally)


def test_three_kills_lose_nothing(tmp_path):
    tally, losses = torture(tmp_path, 3, longest=2.5)
    assert not any(losses.values()), losses
    assert tally.hosts + tally.workers == 3
    assert count_assets(tmp_path / "home")[0] >= 20


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_thousand_kills_lose_nothing(tmp_path):
    tally, losses = torture(tmp_path, 1000, share_of_hosts=0.3)
    assert not any(losses.values()), losses
    assert tally.hosts >= 200 and tally.workers >= 500


class Mortal:
    """Stands in for a worker process: does real work, and dies where chance says."""

    def __init__(self, name, environment, device, on_event, fate):
        self.id, self.environment, self.device = name, environment, device
        self._on_event, self._fate = on_event, fate
        self.is_alive = False

    def start(self):
        self.is_alive = True
        self._tell(protocol.Hello(pid=1, device=self.device, versions={}))

    def _tell(self, event):
        self._on_event(self.id, event)

    def send(self, order):
        if not self.is_alive:
            return
        match order:
            case protocol.Run():
                self._run(order)
            case protocol.Evict():
                self._tell(protocol.Evicted(resident=order.resident))
            case protocol.Exit():
                self._end("closed", 0)
            case _:
                pass

    def _run(self, order):
        self._tell(protocol.Loaded(job=order.job, resident=order.resident, seconds=0.0))
        dies_after = self._fate.choose(len(order.seeds))
        for done, (seed, position) in enumerate(zip(order.seeds, order.positions, strict=True)):
            if done == dies_after:
                break
            self._tell(self._fate.home.make_output(order, seed, position))
        if dies_after is not None:
            self._end("killed by signal 9 (SIGKILL)", -9)
        else:
            self._tell(protocol.Done(job=order.job, seconds=0.0, peak_bytes=0))

    def _end(self, reason, code):
        if self.is_alive:
            self.is_alive = False
            self._tell(protocol.Exited(reason=reason, code=code))

    def kill(self, reason, *, out_of_memory=False):
        self._end(reason, -9)

    def close(self, timeout=5):
        self._end("closed", 0)


__all__ = ["JobStatus", "SimpleNamespace", "Studio", "build_artifacts"]
