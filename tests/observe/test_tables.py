import re
import time

import pytest

from studio.observe.tables import BUCKETS


def test_the_queue_by_class_and_user(tables, add_job):
    now = time.time()
    add_job("a", priority=2, user="ann", created=now - 50)
    add_job("b", priority=2, user="ann", created=now - 90, paused=1)
    add_job("c", priority=0, user="bob", created=now - 5)
    add_job("d", status="running")
    rows = {(row["priority"], row["user"]): row for row in tables.count_queue()}
    assert rows.keys() == {(2, "ann"), (0, "bob")}
    ann = rows[2, "ann"]
    assert (ann["waiting"], ann["paused"], ann["oldest"]) == (1, 1, now - 50)


def test_jobs_that_ended_since(tables, add_job):
    for number in range(4):
        add_job(f"d{number}", status="done", finished=100.0 + number)
    add_job("f", status="failed", finished=102.5, generator="test.other")
    rows = {(row["status"], row["generator"]): row for row in tables.count_ended(101.0)}
    assert rows["done", "test.make"]["jobs"] == 2
    assert rows["failed", "test.other"]["last"] == 102.5
    assert tables.count_ended(103.0) == []


def test_assets_by_seconds(tables, add_asset):
    for seconds in (0.01, 0.05, 0.06, 99999.0):
        add_asset(seconds)
    add_asset(5.0, source="imported", generator="")
    rows = {row["bucket"]: row["assets"] for row in tables.sum_seconds(0)}
    assert rows == {0: 2, 1: 1, len(BUCKETS): 1}
    last = max(row["last"] for row in tables.sum_seconds(0))
    assert tables.sum_seconds(last) == []
    add_asset(2.0)
    assert [row["seconds"] for row in tables.sum_seconds(last)] == [2.0]


def test_assets_of_the_last_hour(tables, add_asset):
    for age in (10, 100, 7200):
        add_asset(age=age)
    assert tables.count_made(3600) == 2
    assert tables.sum_library() == (3, 30)


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda tables: tables.count_ended(5.0), "COVERING INDEX jobs_ended"),
        (lambda tables: tables.count_queue(), "COVERING INDEX jobs_waiting"),
        (lambda tables: tables.sum_deaths(), "COVERING INDEX jobs_shaken"),
        (lambda tables: tables.list_running(), "INDEX jobs_page"),
        (lambda tables: tables.count_jobs(), "COVERING INDEX jobs_page"),
        (lambda tables: tables.sum_seconds(5), "COVERING INDEX assets_made (source=? AND n>?)"),
        (lambda tables: tables.count_made(5), "COVERING INDEX assets_made (source=? AND n>?)"),
        (lambda tables: tables.sum_library(), "COVERING INDEX assets_made"),
    ],
)
def test_no_question_reads_a_whole_table(tables, database, monkeypatch, ask, index):
    asked = []
    query = database.query

    def note(sql, bindings=()):
        asked.append(query(f"EXPLAIN QUERY PLAN {sql}", bindings))
        return query(sql, bindings)

    monkeypatch.setattr(database, "query", note)
    ask(tables)
    (plan,) = asked
    text = " / ".join(row["detail"] for row in plan)
    assert index in text
    assert not re.search(r"SCAN \w+( /|$)", text), text
