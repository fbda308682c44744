"""Pipeline runs are rows of the home: watched, cancelled, and taken up after a kill."""

import signal
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import pytest

from studio import Studio
from studio.app.run_records import RunStatus
from studio.errors import InvalidInputError, PipelineError, StudioError
from studio.pipelines.recipe import parse_pipeline

RECIPE = """
title = "Noise and its negative"
[params.count]
type = "integer"
default = 3
[params.delay]
type = "number"
default = 0.0
[[steps]]
name = "make"
generator = "sample.noise"
count = "${count}"
params = { size = 8, delay = "${delay}", steps = 2 }
[[steps]]
name = "turn"
generator = "sample.invert"
foreach = "make"
inputs = { image = "$each" }
"""


def parse(text=RECIPE):
    return parse_pipeline(text, "noise")


def wait_for(condition, timeout=60.0):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def test_a_run_is_written_down_step_by_step(studio):
    started = studio.runs.start(parse(), params={"count": 2}, seed=5, user="local")
    assert started.status is RunStatus.RUNNING
    record = studio.runs.wait(started.id, 60)
    assert record.status is RunStatus.DONE
    assert [(step.name, step.status, step.done) for step in record.steps] == [
        ("make", "done", 1),
        ("turn", "done", 2),
    ]
    assert [len(step.assets) for step in record.steps] == [2, 2]
    assert record.error is None and record.ended >= record.created


def test_the_same_run_again_makes_nothing_new(studio):
    first = studio.runs.wait(studio.runs.start(parse(), seed=1, user="local").id, 60)
    second = studio.runs.wait(studio.runs.start(parse(), seed=1, user="local").id, 60)
    assert [step.assets for step in first.steps] == [step.assets for step in second.steps]
    assert len(list(studio.assets.search())) == 6


def test_what_is_wrong_is_told_before_anything_is_begun(studio):
    with pytest.raises(PipelineError):
        studio.runs.start(parse(RECIPE.replace("sample.invert", "sample.nothing")), user="local")
    with pytest.raises(InvalidInputError):
        studio.runs.start(parse(), inputs={"extra": []}, user="local")
    with pytest.raises(StudioError, match="there is none"):
        studio.runs.get("no-such-run")
    assert studio.runs.list() == []


def test_a_failure_is_kept_with_what_was_made(studio):
    recipe = RECIPE + '[[steps]]\nname = "last"\ngenerator = "sample.blend"\nforeach = "make"\n'
    recipe += 'inputs = { first = "$each", second = "$each" }\ntitle = "x"\n'
    run = studio.runs.start(parse(recipe), params={"delay": 1.0, "count": 40}, user="local")
    wait_for(lambda: studio.jobs.count())
    (job,) = [record.id for record in studio.jobs.list()]
    studio.cancel([job])  # its job, not the run
    record = studio.runs.wait(run.id, 60)
    assert record.status is RunStatus.FAILED
    assert "make" in record.error["values"]["step"]
    assert [step.status for step in record.steps] == ["failed", "skipped", "skipped"]


def test_cancel_stops_at_once_and_says_so(studio):
    run = studio.runs.start(parse(), params={"delay": 1.0, "count": 40}, user="local")
    wait_for(lambda: any(record.status == "running" for record in studio.jobs.list()))
    began = time.monotonic()
    assert studio.runs.cancel(run.id)
    record = studio.runs.wait(run.id, 60)
    assert time.monotonic() - began < 40  # of eighty
    assert record.status is RunStatus.CANCELLED
    assert {step.status for step in record.steps} <= {"cancelled", "failed", "skipped"}
    assert studio.jobs.find_live() == []
    assert not studio.runs.cancel(run.id)


def test_pages_by_key_and_by_user(studio):
    ids = [studio.runs.start(parse(), seed=n, params={"count": 1}, user=f"user{n % 2}").id
           for n in range(4)]  # fmt: skip
    for run in ids:
        studio.runs.wait(run, 60)
    newest = studio.runs.list(limit=3)
    assert [record.id for record in newest] == ids[:0:-1]
    assert [record.id for record in studio.runs.list(before=newest[-1].id)] == ids[:1]
    assert [record.id for record in studio.runs.list(user="user1")] == [ids[3], ids[1]]
    (asset, _) = studio.runs.get(ids[1]).steps[0].assets + studio.runs.get(ids[1]).steps[1].assets
    assert studio.asset(asset).record.user == "user1"


SCRIPT = """
    import sys, time
    from studio import Studio
    from studio.events import AssetAdded
    from studio.pipelines.recipe import parse_pipeline
    made = []
    def hold(event):  # the scheduler's thread: it is in the middle however late it is killed
        made.extend([event] if isinstance(event, AssetAdded) else [])
        if len(made) >= 2:
            time.sleep(600)
    with Studio(sys.argv[1], workers="process", worker_threads=1) as studio:
        studio.events.subscribe(hold)
        recipe = parse_pipeline(sys.argv[2], "noise")
        run = studio.runs.start(
            recipe, params={"count": 6, "delay": 0.2}, seed=3, user="local"
        )
        print(run.id, flush=True)
        time.sleep(600)
"""


def test_kill_in_the_middle_then_resume(home, sample_path, use_plugins):
    """SIGKILL of the process that runs it: the next one finishes it, and repeats no seed."""
    use_plugins(sample_path)
    with Studio(home, workers="inline"):
        pass  # the plugins are known now
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(home), RECIPE]
    with (
        Studio(home, workers="inline", schedules=False) as studio,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        run = process.stdout.readline().strip()
        assert studio.runs.resume() == []  # it is somebody's
        wait_for(lambda: len(list(studio.assets.search())) >= 2, 60)
        before = {asset.id: asset.seed for asset in studio.assets.search()}
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert studio.runs.get(run).status is RunStatus.RUNNING
    with Studio(home, workers="inline") as studio:
        assert studio.runs.resume() == [run]
        assert studio.runs.resume() == []
        record = studio.runs.wait(run, 60)
        assert record.status is RunStatus.DONE, record.error
        made, turned = (step.assets for step in record.steps)
        assert (len(made), len(turned)) == (6, 6)
        assert set(before) <= {*made, *turned}
        everything = list(studio.assets.search())
        assert len(everything) == 12
        assert len({asset.seed for asset in everything if asset.id in made}) == 6


def test_closing_the_home_leaves_the_run_for_later(home, sample_path, use_plugins, monkeypatch):
    use_plugins(sample_path)
    with Studio(home, workers="inline") as studio:
        run = studio.runs.start(parse(), params={"count": 10, "delay": 1.0}, user="local").id
        wait_for(lambda: studio.jobs.count())
    monkeypatch.setattr("sample_plugin.pictures.time", SimpleNamespace(sleep=lambda seconds: None))
    with Studio(home, workers="inline") as studio:
        assert studio.runs.get(run).status is RunStatus.RUNNING
        assert not any(record.status == "cancelled" for record in studio.jobs.list())
        assert studio.runs.resume() == [run]
        assert studio.runs.wait(run, 60).status is RunStatus.DONE


def test_another_process_can_cancel(home, studio):
    run = studio.runs.start(parse(), params={"delay": 5.0}, user="local").id
    wait_for(lambda: studio.jobs.count())
    with Studio(home, workers="inline", schedules=False) as other:
        assert other.runs.cancel(run)
    assert studio.runs.wait(run, 60).status is RunStatus.CANCELLED
