"""The tables of a home, and a bus with workers that are only rows."""

import time

import pytest

from studio.database import Database
from studio.events import EventBus
from studio.observe.monitor import Monitor
from studio.observe.tables import NUMBER_SHIFT, Tables
from studio.observe.watch import Watch
from studio.scheduler.jobs import JobTable
from studio.store import Store


@pytest.fixture
def database(config):
    opened = Database(config.database_path)
    JobTable(opened)
    Store(opened, config.home)
    yield opened
    opened.close()


@pytest.fixture
def tables(database):
    return Tables(database)


@pytest.fixture
def monitor(config, database):
    return Monitor(config, database)


@pytest.fixture
def add_job(database):
    """`add_job("j1", status="queued", ...)`: a row of the job table."""
    count = 0

    def add(job, **columns):
        nonlocal count
        count += 1
        row = {
            "revision": count,
            "id": job,
            "status": "queued",
            "environment": "main",
            "resident": "r",
            "priority": 1,
            "user": "local",
            "batch": "",
            "generator": "test.make",
            "identity": job,
            "request": "{}",
            "created": time.time(),
            **columns,
        }
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        database.query(f"INSERT INTO jobs({names}) VALUES({values})", row)

    return add


@pytest.fixture
def add_asset(database):
    """`add_asset(seconds=2.0, age=10)`: a row of the asset table, made `age` seconds ago."""
    count = 0

    def add(seconds=1.0, age=0.0, generator="test.make", source="generated", size=10):
        nonlocal count
        count += 1
        number = (int((time.time() - age) * 1000) << NUMBER_SHIFT) + count
        database.query(
            "INSERT INTO assets(n, id, kind, generator, user, payload_hash, recipe_key, source, "
            "title, licence, device, size, seconds, facts, metrics, info, versions) VALUES(?, ?, "
            "'image', ?, 'u', 'p', '', ?, 't', '', 'cpu', ?, ?, '{}', '{}', '{}', '{}')",
            (number, f"asset{count}", generator, source, size, seconds),
        )

    return add


class Stage:
    """A scheduler's bus and its list of workers, both moved by hand."""

    def __init__(self):
        self.events = EventBus()
        self.workers = []

    def list_workers(self):
        return list(self.workers)

    def place(self, job, worker="w1"):
        self.workers = [row for row in self.workers if row["id"] != worker]
        self.workers.append(
            {
                "id": worker,
                "environment": "main",
                "device": "cpu",
                "job": job,
                "residents": ["test.make"],
            }
        )


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def watch(config, database, stage):
    """A watch over the stage; `watch.close()` waits until everything is noted."""
    watch = Watch(config, database)
    watch.start(stage.events, stage.list_workers)
    yield watch
    watch.close()
