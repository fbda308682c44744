import time

from studio.events import JobChanged, JobProgressed
from studio.observe.watch import Watch


def wait_for(look, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def test_an_empty_home(monitor, config):
    view = monitor.read()
    assert view.pid is None
    assert view.workers == view.running == view.queue == ()
    assert view.waiting == 0
    assert view.home == str(config.home)
    assert view.disk.total >= view.disk.free > 0
    assert view.devices[0].name == "cpu"


def test_a_running_job_with_its_worker(monitor, watch, stage, add_job):
    began = time.time() - 10
    add_job("j1", status="running", started=began, priority=2, user="ann")
    stage.place("j1")
    stage.events.emit(JobChanged("j1", "running"))
    stage.events.emit(JobProgressed("j1", 5, 20))
    view = wait_for(lambda: find_view(monitor, lambda v: v.workers and v.workers[0].job.done))
    (worker,) = view.workers
    assert (worker.environment, worker.device) == ("main", "cpu")
    assert worker.residents == ("test.make",)
    job = worker.job
    assert (job.id, job.user, job.priority, job.done, job.total) == ("j1", "ann", "batch", 5, 20)
    assert 30 <= job.eta <= 3 * (time.time() - began)
    assert view.running == ()
    assert view.pid
    watch.close()
    view = monitor.read()
    assert view.pid is None
    assert [job.id for job in view.running] == ["j1"], "it is in the table still"


def find_view(monitor, is_wanted):
    view = monitor.read()
    return view if is_wanted(view) else None


def test_rates(monitor, add_job, add_asset):
    now = time.time()
    for number in range(3):
        add_job(f"d{number}", status="done", finished=now - 5)
    add_job("f", status="dead", finished=now - 20)
    add_job("old", status="done", finished=now - 70)
    add_asset(age=60)
    add_asset(age=4000)
    rates = monitor.read().rates
    assert (rates.done_per_minute, rates.failed_per_minute, rates.assets_per_hour) == (3, 1, 1)


def test_much_happening_is_published_twice_a_second(config, database, stage, monkeypatch):
    from studio.observe.snapshot import Publisher

    published = []
    monkeypatch.setattr(Publisher, "publish", lambda self: published.append(time.monotonic()))
    watch = Watch(config, database)
    watch.start(stage.events, stage.list_workers)
    end = time.monotonic() + 60
    while len(published) < 4 and time.monotonic() < end:
        stage.events.emit(JobProgressed("j1", 1, 2))
        time.sleep(0.005)
    watch.close()
    assert len(published) >= 4
    assert published[3] - published[0] > 1  # of what is told two hundred times a second


def test_a_watcher_that_fails_stops_neither_jobs_nor_the_others(
    config, database, stage, monkeypatch, caplog, add_job
):
    from studio.observe.event_log import EventLog

    monkeypatch.setattr(EventLog, "note", lambda self, moment: 1 / 0)
    add_job("j1", status="done")
    watch = Watch(config, database)
    watch.start(stage.events, stage.list_workers)
    stage.place("j1")
    stage.events.emit(JobChanged("j1", "running"))
    stage.events.emit(JobChanged("j1", "done"))
    watch.close()
    assert "EventLog failed" in caplog.text
    assert (config.home / "logs" / "traces" / "j1.json").exists()


def test_no_traces_are_written_if_none_are_wanted(config, database, stage, add_job):
    add_job("j1", status="done")
    watch = Watch(config.model_copy(update={"trace_jobs": 0}), database)
    watch.start(stage.events, stage.list_workers)
    stage.events.emit(JobChanged("j1", "running"))
    stage.events.emit(JobChanged("j1", "done"))
    watch.close()
    assert not (config.home / "logs" / "traces").exists()


def test_the_scheduler_is_hardly_kept_waiting(watch, stage):
    """Processor time of the emitting thread, which a busy machine does not change much."""
    best = 1.0
    for _ in range(5):
        before = time.thread_time()
        for step in range(1000):
            stage.events.emit(JobProgressed("j1", step, 1000))
        best = min(best, (time.thread_time() - before) / 1000)
    assert best < 50e-6
