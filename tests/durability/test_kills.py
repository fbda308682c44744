"""SIGKILL, for real: hosts and workers, at random times."""

import random
from pathlib import Path

import pytest
from harness.forks import torture_bare_hosts
from harness.home import build_data
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


def test_bare_hosts_that_are_killed_lose_nothing(tmp_path):
    tally = torture_bare_hosts(tmp_path / "home", 20)
    losses = count_losses(tmp_path / "home", tally)
    assert not any(losses.values()), losses
    # A slow machine kills 16 of the hosts at their first word, which is of jobs queued or of one
    # done; every other is of one done.
    assert len(tally.done) > 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_bare_hosts_that_are_killed_lose_nothing(tmp_path):
    tally = torture_bare_hosts(tmp_path / "home", 1000)
    losses = count_losses(tmp_path / "home", tally)
    assert not any(losses.values()), losses
    assert len(tally.done) > 300


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_thousand_kills_lose_nothing(tmp_path):
    tally, losses = torture(tmp_path, 1000, share_of_hosts=0.1)
    assert not any(losses.values()), losses
    assert tally.hosts >= 60 and tally.workers >= 600


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
            self._tell(make_output(order, seed, position))
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


def make_output(order, seed, position):
    """Write what a seed gives, the same each time."""
    path = Path(order.scratch) / f"{position}.txt"
    path.write_bytes(b"%d\n" % seed * 40)
    data = build_data({"main": str(path)}, {"main": path.read_bytes()})
    return protocol.Output(job=order.job, position=position, seed=seed, artifacts=[data])


class Fate:
    """Says how many seeds a worker still answers before it dies, or None; so many times."""

    def __init__(self, deaths):
        self._chance = random.Random(1)
        self.left, self.costly = deaths, 0

    def choose(self, seeds):
        if self.left == 0 or self._chance.random() < 0.3:
            return None
        self.left -= 1
        answered = self._chance.randint(0, seeds)
        self.costly += answered < seeds  # otherwise the job was done
        return answered


def outlive_workers(folder, deaths, jobs):
    """Run jobs of three seeds on workers that die; return the studio's jobs and assets."""
    fate = Fate(deaths)
    with Studio(folder / "home", workers="inline", max_attempts=10_000) as studio:
        studio._host.build_worker = lambda *arguments: Mortal(*arguments, fate)
        batch = studio.batch(
            [{"generator": "durable.text", "seed": 3 * i, "count": 3} for i in range(jobs)]
        )
        counts = batch.wait(600)
        assert counts == {JobStatus.DONE: jobs}
        records = [job.record for job in batch.jobs]
        assert sum(record.attempts for record in records) == fate.costly
        assert [sorted(record.outputs) for record in records] == [[0, 1, 2]] * jobs
        assets = [studio.asset(id) for record in records for id in record.asset_ids]
        assert [asset.seed for asset in assets] == list(range(3 * jobs))
        assert all(asset.path.read_bytes() == b"%d\n" % asset.seed * 40 for asset in assets)
        assert studio.assets.check(deep=True).is_clean
    return fate


def test_workers_that_die_cost_no_job(memory_path, use_plugins):
    use_plugins(install(memory_path / "plugin"))
    fate = outlive_workers(memory_path, deaths=20, jobs=40)
    assert fate.left == 0


@pytest.mark.slow
def test_a_thousand_workers_that_die_cost_no_job(memory_path, use_plugins):
    use_plugins(install(memory_path / "plugin"))
    fate = outlive_workers(memory_path, deaths=1000, jobs=1000)
    assert fate.left == 0
