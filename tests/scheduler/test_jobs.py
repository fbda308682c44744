"""The job table: what is acknowledged stays, and only the lease's holder writes."""

import multiprocessing
import sqlite3

import pytest

from studio.database import Database
from studio.errors import StudioError
from studio.scheduler.job import JobStatus, LostLeaseError, Priority
from studio.scheduler.jobs import JobTable


def book(home, lease, position, assets=("a",)):
    with home.database.transaction() as connection:
        return home.jobs.book_output(connection, lease, position, list(assets))


def get_synchronous(home):
    return next(iter(home.database.connection.execute("PRAGMA synchronous")))["synchronous"]


def test_submit_is_durable_and_keeps_the_request(home, jobs, request_of):
    request = request_of((3, 4), priority=Priority.BATCH, user="ada", batch="b", titles=("x", "y"))
    (job,) = jobs.submit([request])
    assert get_synchronous(home) == 2  # FULL: an acknowledgement stands on it
    assert jobs.get(job).request == request
    assert jobs.get(job).status is JobStatus.QUEUED


@pytest.mark.parametrize("write", ["lease", "note_progress"])
def test_what_may_be_lost_is_not_synced(home, jobs, request_of, write):
    (job,) = jobs.submit([request_of()])
    lease = jobs.lease(job, "w")
    if write == "note_progress":
        jobs.note_progress(lease, 1, 2, None)
    assert get_synchronous(home) == 1


def test_ends_are_durable(home, jobs, request_of):
    for finish in (
        lambda lease: jobs.end(lease, JobStatus.FAILED, {"type": "StudioError"}),
        lambda lease: jobs.requeue(lease),
        lambda lease: book(home, lease, 0),
    ):
        (job,) = jobs.submit([request_of()])
        lease = jobs.lease(job, "w")
        assert get_synchronous(home) == 1
        finish(lease)
        assert get_synchronous(home) == 2


def test_only_a_queued_job_can_be_leased(jobs, request_of):
    (job,) = jobs.submit([request_of()])
    lease = jobs.lease(job, "w1")
    assert lease.token == 1 and lease.positions == (0,)
    assert jobs.lease(job, "w2") is None
    assert jobs.lease("nothing", "w2") is None


def test_an_old_token_is_refused(home, jobs, request_of):
    (job,) = jobs.submit([request_of((1, 2))])
    old = jobs.lease(job, "w1")
    assert not book(home, old, 0)
    jobs.requeue(old)
    new = jobs.lease(job, "w2")
    assert new.token == old.token + 1 and new.positions == (1,)
    for write in (
        lambda: book(home, old, 1),
        lambda: jobs.end(old, JobStatus.FAILED),
        lambda: jobs.requeue(old),
    ):
        with pytest.raises(LostLeaseError):
            write()
    jobs.note_progress(old, 7, 9, None)
    assert jobs.get(job).done == 0
    assert book(home, new, 1)


def test_the_last_output_and_nothing_else_ends_a_job_well(home, jobs, request_of):
    (job,) = jobs.submit([request_of((5, 6, 7))])
    lease = jobs.lease(job, "w")
    assert [book(home, lease, i, (f"a{i}", f"b{i}")) for i in (2, 0, 1)] == [False, False, True]
    record = jobs.get(job)
    assert record.status is JobStatus.DONE and record.finished
    assert record.asset_ids == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_a_seed_is_never_answered_twice(home, jobs, request_of):
    (job,) = jobs.submit([request_of((5, 6))])
    lease = jobs.lease(job, "w")
    book(home, lease, 0)
    with pytest.raises(Exception, match="UNIQUE"):
        book(home, lease, 0, ("b",))
    assert jobs.get(job).outputs == {0: ["a"]}


def test_reuse_finds_the_same_job_while_it_lives(home, jobs, request_of):
    (job,) = jobs.submit([request_of((1,))], reuse=True)
    assert jobs.submit([request_of((1,))], reuse=True) == [job]
    assert jobs.submit([request_of((2,))], reuse=True) != [job]
    assert jobs.submit([request_of((1,))]) != [job]
    jobs.cancel([job])
    assert jobs.submit([request_of((1,), trashed=True)], reuse=True) != [job]


def test_answered_positions_are_not_run_again(jobs, request_of):
    part, whole = jobs.submit(
        [request_of((1, 2)), request_of((3,))], answered=[{0: ["old"]}, {0: ["all"]}]
    )
    assert jobs.get(whole).status is JobStatus.DONE
    assert jobs.lease(part, "w").positions == (1,)
    assert jobs.get(part).asset_ids == ["old"]


def test_cancel_ends_the_queued_and_asks_the_running(jobs, request_of):
    queued, running = jobs.submit([request_of(), request_of((9,))])
    lease = jobs.lease(running, "w")
    assert jobs.cancel([queued, running, "unknown"]) == 2
    assert jobs.get(queued).status is JobStatus.CANCELLED
    assert jobs.get(running).status is JobStatus.RUNNING
    assert jobs.find_stop_requests() == [(running, True)]
    jobs.end(lease, JobStatus.CANCELLED)
    assert jobs.cancel([queued, running]) == 0


def test_retry_keeps_what_is_done(home, jobs, request_of):
    (job,) = jobs.submit([request_of((1, 2))])
    lease = jobs.lease(job, "w")
    book(home, lease, 0)
    jobs.end(lease, JobStatus.FAILED, {"type": "StudioError", "template": "x", "values": {}})
    assert jobs.retry([job]) == 1 and jobs.retry([job]) == 0
    record = jobs.get(job)
    assert record.status is JobStatus.QUEUED and record.error is None and record.attempts == 0
    assert jobs.lease(job, "w").positions == (1,)


def test_recover_requeues_and_after_too_many_losses_buries(jobs, request_of):
    (job,) = jobs.submit([request_of()])
    for loss in range(1, 4):
        stale = jobs.lease(job, "w")
        assert jobs.recover(3) == [job]
        record = jobs.get(job)
        assert record.losses == loss
        with pytest.raises(LostLeaseError):
            jobs.end(stale, JobStatus.FAILED)
    assert record.status is JobStatus.DEAD and record.error["values"]["times"] == "3"


def test_recover_does_not_run_again_what_somebody_cancelled(jobs, request_of):
    (job,) = jobs.submit([request_of()])
    jobs.lease(job, "w")
    jobs.cancel([job])
    jobs.recover(5)
    assert jobs.get(job).status is JobStatus.CANCELLED


def test_every_way_into_the_queue_gives_a_new_revision(jobs, request_of):
    first, second = jobs.submit([request_of((1,)), request_of((2,))])
    seen = [row["revision"] for row in jobs.list_changes(0)]
    assert seen == sorted(set(seen)) and len(seen) == 2
    lease = jobs.lease(first, "w")
    assert jobs.list_changes(seen[-1]) == []
    jobs.requeue(lease)
    (row,) = jobs.list_changes(seen[-1])
    assert row["id"] == first
    jobs.lease(second, "w")
    jobs.recover(9)
    assert [r["id"] for r in jobs.list_changes(row["revision"])] == [second]
    jobs.cancel([first])
    jobs.retry([first])
    assert [r["id"] for r in jobs.list_changes(row["revision"])] == [second, first]


def test_find_pages_newest_first(jobs, request_of):
    ids = jobs.submit([request_of((i,), batch="b" if i % 2 else "") for i in range(5)])
    page = jobs.find(limit=2)
    assert [record.id for record in page] == ids[:2:-1]
    assert [r.id for r in jobs.find(before=page[-1].id, limit=9)] == ids[2::-1]
    assert [r.id for r in jobs.find(batch="b")] == [ids[3], ids[1]]
    jobs.lease(ids[0], "w")
    assert [r.id for r in jobs.find(statuses=[JobStatus.RUNNING])] == [ids[0]]
    assert jobs.count() == {JobStatus.QUEUED: 4, JobStatus.RUNNING: 1}


def test_get_by_prefix_and_its_faults(jobs, request_of):
    first, second = jobs.submit([request_of((1,)), request_of((2,))])
    common = next(i for i, pair in enumerate(zip(first, second, strict=True)) if len(set(pair)) > 1)
    assert jobs.get(first[: common + 1]).id == first
    with pytest.raises(StudioError, match="several"):
        jobs.get(first[:common])
    for missing in ("zzz", ""):
        with pytest.raises(StudioError):
            jobs.get(missing)
    with pytest.raises(StudioError):
        jobs.get_status("zzz")


def _lease_all(path, ids, results):
    table = JobTable(Database(path))
    results.put([job for job in ids if table.lease(job, "w") is not None])


def test_two_processes_never_lease_the_same_job(home, jobs, request_of):
    ids = jobs.submit([request_of((i,)) for i in range(60)])
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    args = (home.config.database_path, ids, results)
    both = [context.Process(target=_lease_all, args=args) for _ in range(2)]
    for process in both:
        process.start()
    taken = results.get(timeout=60) + results.get(timeout=60)
    for process in both:
        process.join()
    assert sorted(taken) == sorted(ids)


def test_rows_survive_reopening(home, jobs, request_of):
    (job,) = jobs.submit([request_of((1, 2))])
    again = JobTable(Database(home.config.database_path))
    assert again.get(job).request == jobs.get(job).request
    with sqlite3.connect(home.config.database_path) as plain:
        assert plain.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    plain.close()
