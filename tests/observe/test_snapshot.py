import json
import os
import time

import pytest

from studio.events import JobChanged, JobProgressed
from studio.observe.moments import Moment
from studio.observe.snapshot import Publisher, load_snapshot


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "status.json"


def test_what_is_published_is_read(path):
    rows = [{"id": "w1", "device": "cpu", "environment": "main", "job": "a", "residents": ["r"]}]
    publisher = Publisher(path, lambda: rows)
    publisher.note(Moment(1.0, JobProgressed("a", 3, 8)))
    publisher.publish()
    snapshot = load_snapshot(path)
    assert snapshot.workers == rows
    assert snapshot.progress == {"a": (3, 8)}
    assert snapshot.pid == os.getpid()
    publisher.note(Moment(2.0, JobChanged("a", "done")))
    publisher.publish()
    assert load_snapshot(path).progress == {}
    assert os.listdir(path.parent) == ["status.json"]


def test_nobody_publishes(path):
    assert load_snapshot(path) is None
    publisher = Publisher(path, list)
    publisher.publish()
    publisher.remove()
    publisher.remove()
    assert load_snapshot(path) is None


def test_a_killed_process_leaves_nothing_to_believe(path):
    Publisher(path, list).publish()
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"start": data["start"] + 1}))
    assert load_snapshot(path) is None


def test_an_old_snapshot_is_stale(path):
    Publisher(path, list).publish()
    assert load_snapshot(path, time.time() + 20) is not None
    assert load_snapshot(path, time.time() + 100) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', '{"format": 99}'])
def test_a_damaged_file_is_none(path, text):
    path.parent.mkdir()
    path.write_text(text)
    assert load_snapshot(path) is None


def test_a_disk_that_refuses_costs_nothing(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    Publisher(tmp_path / "cache" / "status.json", list).publish()
