"""What changed in a home, read from its tables: nothing is missed, and nothing told twice."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from studio.app.changes import MANY, ChangeReader
from studio.database import Database
from studio.errors import StoreError
from studio.ids import IdSource
from studio.scheduler.job import JobStatus
from studio.scheduler.jobs import JobTable


@pytest.fixture
def database(studio):
    """The home's, as another process has it open; nobody schedules."""
    studio.config = studio.config.model_copy(update={"schedules": False})
    database = Database(studio.config.database_path)
    yield database
    database.close()


@pytest.fixture
def desk():
    """A thread of its own: a connection does not see its own writes as news."""
    with ThreadPoolExecutor(1) as desk:
        yield desk


@pytest.fixture
def reader(database, studio, desk):
    """A reader of the home."""
    return desk.submit(ChangeReader, studio.assets.store.database, studio.config.home).result()


@pytest.fixture
def look(reader, desk):
    """`look()`: kind and data of what changed."""
    return lambda: [(change.kind, change.data) for change in desk.submit(reader.read).result()]


def write(database, statement, *bindings):
    with database.transaction() as connection:
        connection.execute(statement, bindings)


def test_very_many_changes_are_one_reset(studio, database, look):
    assert look() == []
    studio.batch({"generator": "sample.words", "seed": n} for n in range(3))
    assert [kind for kind, _ in look()] == ["job"] * 3
    assert look() == []
    write(
        database,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) "
        "INSERT INTO jobs(revision, id, status, environment, resident, priority, user, "
        "batch, generator, identity, request, created) SELECT 1000 + i, 'x' || i, "
        "'queued', '', '', 0, 'local', '', '', '', '{}', 0 FROM n",
        MANY + 1,
    )
    assert [kind for kind, _ in look()] == ["reset"]


def test_steps_are_told_one_by_one_if_each_is_looked_at(studio, database, look):
    job = studio.submit("sample.words", seed=1).id
    table = JobTable(database)
    lease = table.lease(job, "elsewhere")
    look()
    for done in (1, 2, 3):
        table.note_progress(lease, done, 9, None)
        ((kind, data),) = look()
        assert (kind, data["id"], data["done"], data["total"]) == ("progress", job, done, 9)
    table.note_progress(lease, 4, 9, None)
    table.note_progress(lease, 5, 9, None)
    ((_, data),) = look()
    assert data["done"] == 5


def test_what_changes_before_the_first_look_is_told_to_another_thread(studio, database, reader):
    job = studio.submit("sample.words", seed=1).id
    with ThreadPoolExecutor(1) as other:
        (change,) = other.submit(reader.read).result()
    assert change.data["id"] == job


def test_an_end_is_told_however_long_its_commit_took(studio, database, look):
    jobs = [studio.submit("sample.words", seed=seed).id for seed in (1, 2)]
    table = JobTable(database)
    table.lease(jobs[0], "elsewhere")
    look()
    long_ago = time.time() - 60
    write(database, "UPDATE jobs SET status = 'done', finished = ? WHERE id = ?", long_ago, jobs[0])
    ((kind, data),) = look()
    assert (kind, data["id"], data["status"]) == ("job", jobs[0], "done")
    table.end(table.lease(jobs[1], "elsewhere"), JobStatus.FAILED)
    assert [data["id"] for _, data in look()] == [jobs[1]]
    assert look() == []


def test_an_asset_is_told_however_long_its_commit_took(studio, look, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("late")
    assert look() == []
    monkeypatch.setattr(studio.assets.store, "ids", IdSource(lambda: time.time() - 60))
    late = studio.assets.import_file(tmp_path / "a.txt")
    assert [(kind, data["id"]) for kind, data in look()] == [("asset", late.id)]
    assert look() == []


def test_after_a_look_that_failed_all_is_read_anew(studio, reader, look, monkeypatch):
    studio.submit("sample.words", seed=1)

    def fail():
        raise StoreError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(reader, "_read_runs", fail)
        with pytest.raises(StoreError):
            look()
    assert [kind for kind, _ in look()] == ["reset"]
    studio.submit("sample.words", seed=2)
    assert [kind for kind, _ in look()] == ["job"]
