"""The database file: transactions, durability, threads, processes, faults."""

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import apsw
import pytest

from studio.database import Database
from studio.errors import StoreError


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "x.db")
    opened.migrate("test", ("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)",))
    yield opened
    opened.close()


def test_rows_are_dicts(database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO t VALUES(1, 'x')")
    assert database.query("SELECT * FROM t") == [{"a": 1, "b": "x"}]


def test_all_or_nothing(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute("INSERT INTO t VALUES(1, 'x')")
        raise ZeroDivisionError
    assert database.query("SELECT * FROM t") == []


def test_blocks_nest(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as outer:
        outer.execute("INSERT INTO t VALUES(1, 'x')")
        with database.transaction() as inner:
            inner.execute("INSERT INTO t VALUES(2, 'y')")
        raise ZeroDivisionError
    assert database.query("SELECT * FROM t") == []


def test_durable_means_full(database):
    for durable, level in ((True, 2), (False, 1), (True, 2)):
        with database.transaction(durable=durable) as connection:
            (row,) = connection.execute("PRAGMA synchronous")
            assert row["synchronous"] == level


def test_threads_have_their_own_connection(database):
    def insert(start):
        for i in range(start, start + 50):
            with database.transaction(durable=False) as connection:
                connection.execute("INSERT INTO t VALUES(?, 'x')", (i,))

    threads = [threading.Thread(target=insert, args=(n * 50,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.query("SELECT count(*) AS n FROM t") == [{"n": 200}]


def test_migrations_run_once_and_in_order(tmp_path):
    first = Database(tmp_path / "y.db")
    first.migrate("a", ("CREATE TABLE a1(x)",))
    first.migrate("a", ("CREATE TABLE a1(x)", "ALTER TABLE a1 ADD COLUMN y"))
    first.migrate("a", ("CREATE TABLE a1(x)", "ALTER TABLE a1 ADD COLUMN y"))
    first.query("SELECT x, y FROM a1")
    with pytest.raises(StoreError, match="newer"):
        first.migrate("a", ("CREATE TABLE a1(x)",))
    first.close()


def test_a_failed_migration_changes_nothing(tmp_path):
    database = Database(tmp_path / "z.db")
    with pytest.raises(apsw.SQLError):
        database.migrate("a", ("CREATE TABLE a1(x)", "nonsense"))
    assert database.query("SELECT name FROM sqlite_master WHERE name = 'a1'") == []
    database.close()


def test_two_processes_migrate_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from studio.database import Database\n"
        "Database(Path(sys.argv[1])).migrate('a', ('CREATE TABLE a1(x)',))"
    )
    path = tmp_path / "p.db"
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [process.communicate()[1] for process in running] == [b""] * 4


@pytest.fixture
def another(tmp_path):
    """Another program, which is about to write a new file."""
    connection = apsw.Connection(str(tmp_path / "new.db"))
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_new_file_that_another_program_writes_is_waited_for(tmp_path, another, monkeypatch):
    """Two that start in a new home: SQLite itself does not wait there."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        another.execute("COMMIT")

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
    monkeypatch.setattr("studio.database.time", clock)
    database = Database(tmp_path / "new.db")
    assert database.query("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    assert len(slept) == 1
    database.close()


def test_a_new_file_is_not_waited_for_without_end(tmp_path, another, monkeypatch):
    clock = SimpleNamespace(monotonic=iter((0, 29, 31)).__next__, sleep=lambda seconds: None)
    monkeypatch.setattr("studio.database.time", clock)
    with pytest.raises(StoreError, match="locked"):
        Database(tmp_path / "new.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="--home"):
        Database(tmp_path / "x.db")


def test_a_path_that_cannot_be(tmp_path):
    with pytest.raises(StoreError, match="--home"):
        Database(tmp_path / "no" / "such" / "x.db")


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"this is a text, and long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="fsck"):
        Database(path)


def test_a_full_disk(database):
    database.query("PRAGMA max_page_count = 3")
    with pytest.raises(StoreError, match="full"), database.transaction() as connection:
        connection.execute("INSERT INTO t VALUES(1, ?)", ("x" * 100_000,))
    assert database.query("SELECT * FROM t") == []
    assert not database.connection.in_transaction


def count_open(folder):
    """Count the open files below a folder: what else is open, other tests may close meanwhile."""
    found = []
    for link in os.scandir("/proc/self/fd"):
        try:
            found.append(os.readlink(link.path))
        except FileNotFoundError:  # closed since
            continue
    return sum(path.startswith(f"{folder}/") for path in found)


def test_a_thread_that_ended_leaves_no_open_file(tmp_path):
    database = Database(tmp_path / "a.db")
    before = count_open(tmp_path)
    assert before > 0
    for _ in range(20):
        thread = threading.Thread(target=lambda: database.query("SELECT 1"))
        thread.start()
        thread.join()
    assert count_open(tmp_path) == before
    database.close()
