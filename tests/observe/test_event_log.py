import json

import pytest

from studio.events import AssetAdded, JobChanged, WorkerChanged
from studio.observe.logs import open_log


@pytest.fixture
def read_log(config, watch):
    close = open_log(config)

    def read():
        watch.close()
        path = config.home / "logs" / "studio.log"
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield read
    close()


def test_a_job_is_told_with_worker_and_generator(stage, add_job, read_log):
    add_job("j1", status="running")
    stage.place("j1")
    stage.events.emit(JobChanged("j1", "running"))
    stage.events.emit(WorkerChanged("w1", "loaded test.make"))
    stage.events.emit(AssetAdded("a1", "j1"))  # only at level debug
    stage.events.emit(JobChanged("j1", "done"))
    running, loaded, done = read_log()
    where = {"job": "j1", "generator": "test.make", "user": "local", "worker": "w1"}
    assert running.items() >= {**where, "event": "job running", "device": "cpu"}.items()
    assert loaded.items() >= {"event": "worker loaded", "resident": "test.make"}.items()
    assert done.items() >= {**where, "event": "job done", "level": "info"}.items()
    assert running["time"] <= done["time"]


def test_a_failure_is_a_warning_with_its_error(stage, add_job, read_log):
    error = {"type": "JobFailedError", "template": "no", "values": {}}
    add_job("j1", status="failed", error=json.dumps(error))
    stage.events.emit(JobChanged("j1", "failed"))
    (line,) = read_log()
    assert (line["level"], line["event"], line["error"]) == ("warning", "job failed", error)


def test_the_end_of_a_worker_has_its_reason(stage, read_log):
    stage.events.emit(WorkerChanged("w9", "ended: killed by signal 11 (SIGSEGV)"))
    (line,) = read_log()
    assert line["event"] == "worker ended"
    assert line["reason"] == "killed by signal 11 (SIGSEGV)"
