import importlib.util
import time
from pathlib import Path

import pytest

from studio.observe.metrics import Totals
from studio.observe.monitor import Monitor

_SPEC = importlib.util.spec_from_file_location(
    "exposition_parser", Path(__file__).with_name("test_exposition.py")
)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
parse = _MODULE.parse


@pytest.fixture
def read(monitor):
    """`read("name", label="x")`: the value of a sample now."""

    def find(name, **labels):
        _, samples = parse(monitor.format_metrics())
        found = [value for sample, own, value in samples if (sample, own) == (name, labels)]
        return found[0] if found else None

    return find


def test_everything_of_an_empty_home_is_valid(monitor, read):
    kinds, _ = parse(monitor.format_metrics())
    assert kinds["studio_asset_seconds"] == "histogram"
    assert kinds["studio_jobs_ended_total"] == "counter"
    assert read("studio_scheduler_up") == 0
    assert read("studio_queue_jobs", priority="interactive", user="") == 0


def test_counters_follow_the_tables(monitor, read, add_job, add_asset):
    add_job("a", status="done", finished=10.0)
    add_job("b", status="failed", finished=11.0)
    done = {"status": "done", "generator": "test.make"}
    assert read("studio_jobs_ended_total", **done) == 1
    add_job("c", status="done", finished=12.0)
    assert read("studio_jobs_ended_total", **done) == 2
    add_asset(0.2)
    add_asset(7.0)
    own = {"generator": "test.make"}
    assert read("studio_assets_made_total", **own) == 2
    assert read("studio_asset_seconds_count", **own) == 2
    assert read("studio_asset_seconds_sum", **own) == pytest.approx(7.2)
    assert read("studio_asset_seconds_bucket", **own, le="0.25") == 1
    assert read("studio_asset_seconds_bucket", **own, le="10") == 2
    assert read("studio_asset_seconds_bucket", **own, le="+Inf") == 2


def test_counters_only_grow(monitor, read, add_job, database):
    add_job("a", status="failed", finished=10.0)
    failed = {"status": "failed", "generator": "test.make"}
    assert read("studio_jobs_ended_total", **failed) == 1
    database.query("UPDATE jobs SET status = 'queued', finished = NULL")  # a retry
    assert read("studio_jobs_ended_total", **failed) == 1
    database.query("UPDATE jobs SET status = 'failed', finished = 20.0")
    assert read("studio_jobs_ended_total", **failed) == 2


def test_only_new_rows_are_counted(tables, add_asset, monkeypatch):
    totals = Totals(tables)
    add_asset(1.0)
    totals.refresh()
    asked = []
    ask = tables.sum_seconds
    monkeypatch.setattr(tables, "sum_seconds", lambda after: asked.append(after) or ask(after))
    totals.refresh()
    assert asked[0] > 0
    assert totals.count_assets("test.make") == 1


def test_the_queue_and_deaths(read, add_job):
    add_job("a", priority=2, user='o"b\\n', created=time.time() - 60, attempts=1, losses=2)
    add_job("b", priority=2, user="x", paused=1)
    assert read("studio_queue_jobs", priority="batch", user='o"b\\n') == 1
    assert read("studio_queue_paused_jobs") == 1
    assert 59 < read("studio_queue_oldest_seconds", priority="batch") < 90
    assert read("studio_worker_deaths", generator="test.make") == 1
    assert read("studio_host_deaths", generator="test.make") == 2
    assert read("studio_jobs", status="queued") == 2


def test_workers_while_somebody_schedules(config, database, watch, stage, add_job):
    stage.place("a")
    stage.place(None, worker="w2")
    add_job("a", status="running", started=time.time())
    found, until = {}, time.monotonic() + 60
    # The watch may be writing the state of before the workers came.
    while ("studio_workers", "busy") not in found and time.monotonic() < until:
        stage.events.emit(object())
        time.sleep(0.02)
        _, samples = parse(Monitor(config, database).format_metrics())
        found = {(name, labels.get("state", "")): value for name, labels, value in samples}
    assert found["studio_scheduler_up", ""] == 1
    assert found["studio_workers", "busy"] == 1
    assert found["studio_workers", "idle"] == 1
    assert found["studio_residents", ""] == 2
