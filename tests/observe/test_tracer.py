import json

from studio.events import AssetAdded, JobChanged, JobProgressed, WorkerChanged
from studio.observe.story import MAX_MARKS


def run_job(stage, job, steps=2):
    stage.place(job)
    stage.events.emit(JobChanged(job, "running"))
    stage.events.emit(WorkerChanged("w1", "loaded test.make"))
    for step in range(steps):
        stage.events.emit(JobProgressed(job, step + 1, steps))
    stage.events.emit(AssetAdded("asset1", job))
    stage.events.emit(JobChanged(job, "done"))
    stage.place(None)


def read_names(path):
    events = json.loads(path.read_text())["traceEvents"]
    return [event["name"] for event in events if event["ph"] != "M"]


def test_a_job_that_ends_leaves_a_trace(watch, stage, add_job, monitor):
    add_job("j1", status="done")
    run_job(stage, "j1")
    watch.close()
    (path,) = monitor.traces.list()
    assert path.name == "j1.json"
    names = read_names(path)
    assert names[0] == "test.make"
    assert [name for name in names if name.startswith(("load", "step"))] == [
        "load test.make",
        "step 1/2",
        "step 2/2",
    ]
    assert names[-2:] == ["committed", "done"]


def test_a_job_whose_worker_died_tells_both_attempts(watch, stage, add_job, monitor):
    add_job("j1", status="done")
    stage.place("j1")
    stage.events.emit(JobChanged("j1", "running"))
    stage.events.emit(JobChanged("j1", "queued"))
    run_job(stage, "j1")
    watch.close()
    names = read_names(monitor.traces.list()[0])
    assert names.count("queued") == 1
    assert names.count("done") == 1


def test_jobs_on_two_workers_do_not_mix(watch, stage, add_job, monitor):
    for job in ("j1", "j2"):
        add_job(job, status="done")
        stage.place(job, worker=f"worker-of-{job}")
        stage.events.emit(JobChanged(job, "running"))
    stage.events.emit(WorkerChanged("worker-of-j2", "loaded two"))
    stage.events.emit(JobProgressed("j1", 1, 1))
    stage.events.emit(JobChanged("j2", "failed"))
    stage.events.emit(JobChanged("j1", "done"))
    watch.close()
    one, two = monitor.traces.list()
    assert "load two" in read_names(two)
    assert "load two" not in read_names(one)
    assert "step 1/1" in read_names(one)
    assert "failed" in read_names(two)
    assert "of-j1" in one.read_text()


def test_ten_thousand_steps_stay_small(watch, stage, add_job, monitor):
    add_job("j1", status="done")
    run_job(stage, "j1", steps=10_000)
    watch.close()
    (path,) = monitor.traces.list()
    steps = [name for name in read_names(path) if name.startswith("step")]
    assert MAX_MARKS // 2 <= len(steps) <= MAX_MARKS + 1
    assert steps[-1] == "step 10000/10000"
    assert path.stat().st_size < 64 << 10


def test_what_was_never_seen_to_run_has_no_trace(watch, stage, add_job, monitor):
    add_job("j1", status="failed")
    stage.events.emit(JobChanged("j1", "failed"))
    stage.events.emit(JobChanged("gone", "running"))
    stage.events.emit(JobChanged("gone", "done"))
    watch.close()
    assert monitor.traces.list() == []
