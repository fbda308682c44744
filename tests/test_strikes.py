"""Plugins that keep ending their workers."""

import pytest

from studio import Studio
from studio.database import Database
from studio.errors import PluginLoadError
from studio.plugins import PluginInfo
from studio.scheduler.job import JobStatus
from studio.strikes import Strikes

CRASH = """
import os
from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio.media import MediaType
from studio.params import Params

class Crash(Generator):
    id = "crash.now"
    title = "Crash"
    output = MediaType.TEXT
    Params = Params
    def generate(self, params, job):
        os._exit(3)

@hookimpl
def register_generators(register):
    register(Crash)
"""


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def open_strikes(tmp_path, clock):
    opened = []

    def open_them():
        opened.append(Database(tmp_path / "studio.db"))
        return Strikes(opened[-1], limit=3, window=100, clock=lambda: clock[0])

    yield open_them
    for database in opened:
        database.close()


def test_the_third_strike_within_the_window_suspends(open_strikes, clock):
    strikes = open_strikes()
    assert not strikes.note_death("bad", "crashed")
    clock[0] += 150
    assert not strikes.note_death("bad", "crashed")
    assert not strikes.note_death("good", "crashed")
    assert not strikes.note_death("bad", "crashed")
    strikes.check("bad")
    clock[0] += 10
    assert strikes.note_death("bad", "vanished")
    clock[0] += 1000
    again = open_strikes()  # it is on disk
    assert again.is_suspended("bad")
    assert not again.is_suspended("good")
    (found,) = again.list_suspended()
    assert (found.plugin, found.count, found.reason, found.since) == ("bad", 3, "vanished", 1160)
    with pytest.raises(PluginLoadError, match=r"ended 3 workers.*vanished.*plugin enable bad"):
        again.check("bad")
    assert again.enable("bad")
    assert not again.enable("bad")
    again.check("bad")
    assert not again.note_death("bad", "crashed")  # it begins afresh


def test_plugins_are_shown_as_suspended(open_strikes):
    strikes = open_strikes()
    for _ in range(3):
        strikes.note_death("bad", "crashed")
    infos = [
        PluginInfo(name="bad", generators=("bad.x",)),
        PluginInfo(name="bad", environment="host"),
        PluginInfo(name="good"),
    ]
    marked = strikes.mark(infos)
    assert [info.status for info in marked] == ["suspended", "ok", "ok"]
    assert "studio plugin enable bad" in marked[0].cause


def test_from_the_third_death_on_nothing_of_it_is_queued(
    tmp_path, make_plugin, use_plugins, sample_path
):
    use_plugins(make_plugin("crash", CRASH), sample_path)
    settings = {"workers": "process", "devices": ("cpu",), "worker_threads": 1}
    with Studio(tmp_path / "home", max_attempts=1, **settings) as studio:
        jobs = [studio.submit("crash.now", seed=seed) for seed in range(5)]
        statuses = [job.wait(60) for job in jobs]
        assert statuses == [JobStatus.DEAD] * 3 + [JobStatus.FAILED] * 2
        assert "is suspended: it ended 3 workers" in str(jobs[-1].error)
        before = studio.jobs.count()
        with pytest.raises(PluginLoadError, match="studio plugin enable crash"):
            studio.submit("crash.now", seed=1)
        with pytest.raises(PluginLoadError):
            studio.batch([{"generator": "sample.noise"}, {"generator": "crash.now"}])
        assert studio.jobs.count() == before
        assert studio.generate("sample.noise", seed=1, size=4)
        assert studio.strikes.enable("crash")
        assert studio.submit("crash.now", seed=1).wait(60) is JobStatus.DEAD
