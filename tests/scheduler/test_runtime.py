"""The runtime with workers that do as they are told: every way a job can end."""

import threading
import time
from collections import deque
from types import SimpleNamespace

import pytest

from studio.errors import InvalidInputError, StoreError
from studio.events import JobChanged, JobProgressed
from studio.scheduler.job import JobStatus, Priority
from studio.scheduler.places import Place, Running
from studio.worker import protocol


def test_jobs_run_to_their_end_in_order(home, request_of):
    home.start()
    ids = home.submit(*[request_of((i, i + 100)) for i in range(5)])
    for job in ids:
        record = home.wait(job)
        assert record.status is JobStatus.DONE
        assert record.asset_ids == [f"{job}-0", f"{job}-1"]
    assert [run.job for run in home.host.runs] == ids
    changes = [e.status for e in home.host.events if isinstance(e, JobChanged) and e.job == ids[0]]
    assert changes == ["running", "done"]
    # A row says "done" a moment before the host is told that the job has ended.
    home.wait_until(lambda: len(home.host.ended) == len(ids))
    assert sorted(home.host.ended) == sorted((job, 1) for job in ids)


def test_a_worker_that_dies_costs_one_try_and_keeps_what_is_done(home, request_of):
    home.start()
    (job,) = home.submit(request_of((1, 2, 3), act="die_once"))
    record = home.wait(job)
    assert record.status is JobStatus.DONE and record.attempts == 1
    assert [run.positions for run in home.host.runs] == [[0, 1, 2], [1, 2]]
    assert len(home.host.workers) == 2


def test_a_job_that_keeps_killing_workers_is_dead_and_the_rest_goes_on(home, request_of):
    home.start()
    bad, good = home.submit(request_of(act="die"), request_of((5,)))
    record = home.wait(bad)
    assert record.status is JobStatus.DEAD
    assert "SIGSEGV" in record.error["values"]["reason"]
    assert sum(run.job == bad for run in home.host.runs) == home.config.max_attempts
    assert home.wait(good).status is JobStatus.DONE


def test_a_failure_keeps_the_worker_and_its_traceback(home, request_of):
    home.start()
    bad, good = home.submit(request_of(act="fail"), request_of((5,)))
    record = home.wait(bad)
    assert record.status is JobStatus.FAILED and record.error["traceback"] == "line 1"
    assert home.wait(good).status is JobStatus.DONE
    assert len(home.host.workers) == 1


def test_a_generator_that_answers_too_few_seeds_fails(home, request_of):
    home.start()
    (job,) = home.submit(request_of((1, 2), act="few"))
    record = home.wait(job)
    assert record.status is JobStatus.FAILED and "fewer seeds" in record.error["template"]
    assert record.asset_ids == [f"{job}-0"]


def test_an_environment_that_never_starts_fails_its_jobs_only(home, request_of):
    home.host.broken_environments.add("old")
    home.start()
    bad, good = home.submit(request_of(environment="old"), request_of((5,)))
    record = home.wait(bad)
    assert record.status is JobStatus.FAILED and record.error["type"] == "PluginLoadError"
    assert "no such interpreter" in record.error["values"]["reason"]
    assert home.wait(good).status is JobStatus.DONE


@pytest.mark.parametrize(
    "fault", [StoreError("the disk is full"), OSError("disk"), RuntimeError("a bug in the codec")]
)
def test_a_result_that_cannot_be_kept_fails_the_job_not_the_scheduler(home, request_of, fault):
    scheduler = home.start()
    home.host.full_disk = fault
    (bad,) = home.submit(request_of())
    assert home.wait(bad).status is JobStatus.FAILED
    home.host.full_disk = None
    (good,) = home.submit(request_of((5,)))
    assert home.wait(good).status is JobStatus.DONE
    assert scheduler.is_alive


@pytest.mark.parametrize("fault", [InvalidInputError("input gone"), OSError("no scratch folder")])
def test_an_order_that_cannot_be_built_fails_the_job(home, request_of, fault):
    scheduler = home.start()
    home.host.no_inputs = fault
    (bad,) = home.submit(request_of())
    assert home.wait(bad).status is JobStatus.FAILED
    home.host.no_inputs = None
    (good,) = home.submit(request_of((5,)))
    assert home.wait(good).status is JobStatus.DONE
    assert scheduler.is_alive


def test_cancel_soft_then_the_worker_goes_on(home, request_of):
    home.start()
    (job,) = home.submit(request_of((1, 2), act="wait"))
    home.wait(job, JobStatus.RUNNING)
    home.cancel(job)
    record = home.wait(job)
    assert record.status is JobStatus.CANCELLED and record.asset_ids == [f"{job}-0"]
    (good,) = home.submit(request_of((5,)))
    assert home.wait(good).status is JobStatus.DONE
    assert len(home.host.workers) == 1


def test_cancel_hard_when_the_job_is_deaf(home, request_of, monkeypatch):
    graces, ask = [], Place.ask_to_stop

    def note(place, why, grace):
        graces.append(grace)
        ask(place, why, grace)

    monkeypatch.setattr(Place, "ask_to_stop", note)
    home.start(cancel_grace=0.05)
    (job,) = home.submit(request_of(act="deaf"))
    home.wait(job, JobStatus.RUNNING)
    home.cancel(job)
    assert home.wait(job).status is JobStatus.CANCELLED
    assert set(graces) == {0.05}
    (good,) = home.submit(request_of((5,)))
    assert home.wait(good).status is JobStatus.DONE
    assert len(home.host.workers) == 2


def test_cancel_in_the_queue(home, request_of):
    home.start()
    first, second = home.submit(request_of(act="wait"), request_of((5,)))
    home.wait(first, JobStatus.RUNNING)
    home.cancel(second, first)
    assert home.wait(second).status is JobStatus.CANCELLED
    assert home.wait(first).status is JobStatus.CANCELLED
    assert [run.job for run in home.host.runs] == [first]


def test_stop_gives_running_jobs_back_and_another_takes_them(home, request_of):
    scheduler = home.start()
    (job,) = home.submit(request_of((1, 2), act="wait"))
    home.wait(job, JobStatus.RUNNING)
    home.wait_until(lambda: home.jobs.get(job).outputs)
    scheduler.stop()
    record = home.jobs.get(job)
    assert record.status is JobStatus.QUEUED and record.attempts == record.losses == 0
    assert not any(worker.is_alive for worker in home.host.workers)
    home.start()
    home.wait(job, JobStatus.RUNNING)
    home.wait_until(lambda: len(home.host.runs) == 2)  # the row says so before the order is built
    assert home.host.runs[-1].positions == [1]


def test_a_job_that_was_running_when_the_host_died_runs_again(home, request_of):
    (job,) = home.submit(request_of())
    home.jobs.lease(job, "gone")
    home.start()
    record = home.wait(job)
    assert record.status is JobStatus.DONE and record.losses == 1


def test_what_another_process_queues_is_noticed(home, request_of):
    home.start()
    ids = []
    other = threading.Thread(target=lambda: ids.extend(home.jobs.submit([request_of()])))
    other.start()
    other.join()
    assert home.wait(ids[0]).status is JobStatus.DONE


def test_progress_is_told_and_kept(home, request_of):
    home.start()
    (job,) = home.submit(request_of(act="wait"))
    home.wait(job, JobStatus.RUNNING)
    home.wait_until(lambda: home.jobs.get(job).done)
    assert (home.jobs.get(job).done, home.jobs.get(job).total) == (1, 2)
    assert any(isinstance(event, JobProgressed) for event in home.host.events)


def test_a_step_right_after_another_is_kept_though_none_follows(home, request_of):
    home.start()
    (job,) = home.submit(request_of(act="wait"))
    home.wait(job, JobStatus.RUNNING)
    (worker,) = home.host.workers
    # The worker's own first step, which it tells while the job is already running.
    home.wait_until(lambda: home.jobs.get(job).done)
    for done in (3, 4, 5):
        worker.emit(protocol.Step(job=job, done=done, total=9))
    home.wait_until(lambda: home.jobs.get(job).done == 5)


def test_late_words_of_an_old_job_are_ignored(home, request_of):
    home.start()
    (job,) = home.submit(request_of(act="wait"))
    home.wait(job, JobStatus.RUNNING)
    (worker,) = home.host.workers
    worker.emit(protocol.Done(job="another", seconds=1, peak_bytes=1))
    worker.emit(protocol.Output(job="another", position=0, seed=0, artifacts=[]))
    time.sleep(0.1)
    assert home.jobs.get(job).status is JobStatus.RUNNING


def test_interactive_goes_before_batch(home, request_of):
    ids = home.submit(
        request_of((1,), priority=Priority.BATCH),
        request_of((2,), priority=Priority.NORMAL),
        request_of((3,), priority=Priority.INTERACTIVE),
    )
    home.start()
    for job in ids:
        home.wait(job)
    assert [run.job for run in home.host.runs] == ids[::-1]


def test_several_workers_on_the_cpu(home, request_of):
    home.start({"cpu": 3})
    ids = home.submit(*[request_of((i,), act="wait") for i in range(4)])
    for job in ids[:3]:
        home.wait(job, JobStatus.RUNNING)
    time.sleep(0.1)
    assert home.jobs.get(ids[3]).status is JobStatus.QUEUED


def test_an_interactive_job_overtakes_a_long_one_which_goes_on_where_it_was(home, request_of):
    home.start()
    (long,) = home.submit(
        request_of((1, 2, 3), act="wait", priority=Priority.BATCH, params={"n": 1})
    )
    home.wait(long, JobStatus.RUNNING)
    home.wait_until(lambda: home.jobs.get(long).done)  # what it says at its start was heard
    make_long(home, long)
    (now,) = home.submit(request_of((9,), priority=Priority.INTERACTIVE))
    assert home.wait(now).status is JobStatus.DONE
    home.wait(long, JobStatus.RUNNING)
    record = home.jobs.get(long)
    assert record.attempts == 0 and 0 in record.outputs
    home.wait_until(lambda: home.host.runs[-1].job == long)  # the row says so before it is sent
    first, second = (run.positions for run in home.host.runs if run.job == long)
    # A slow machine may have answered one more seed before the order to stop arrived.
    assert first == [0, 1, 2] and second in ([1, 2], [2])


def make_long(home, job):
    """Let the scheduler believe that a running job has long to go."""
    scheduler = home.schedulers[0]
    for worker in scheduler._state.workers.values():
        if worker.running and worker.running.job.id == job:
            worker.running.until = time.monotonic() + 100


def test_pause_stops_at_the_next_step_and_resume_goes_on(home, request_of):
    home.start()
    running, queued = home.submit(request_of((1, 2), act="wait"), request_of((5,)))
    home.wait(running, JobStatus.RUNNING)
    assert home.jobs.pause([running, queued]) == 2
    home.schedulers[0].wake()
    home.wait(running, JobStatus.QUEUED)
    time.sleep(0.15)
    assert home.jobs.get(queued).status is JobStatus.QUEUED
    assert home.jobs.get(running).is_paused
    assert home.jobs.resume([queued]) == 1
    home.schedulers[0].wake()
    assert home.wait(queued).status is JobStatus.DONE
    home.jobs.resume([running])
    home.wait(running, JobStatus.RUNNING)
    # The row says so a moment before the order is built.
    home.wait_until(lambda: home.host.runs[-1].positions == [1])


def test_a_moved_job_goes_first(home, request_of):
    ids = home.submit(*[request_of((i,)) for i in range(4)])
    assert home.jobs.move_first([ids[3], ids[2]]) == 2
    home.jobs.move_last([ids[0]])
    home.start()
    for job in ids:
        home.wait(job)
    assert [run.job for run in home.host.runs] == [ids[3], ids[2], ids[1], ids[0]]


def test_out_of_memory_halves_the_batch_and_the_asset_says_so(home, request_of):
    home.start()
    (job,) = home.submit(request_of((1, 2, 3, 4), act="memory", footprint=1 << 20))
    record = home.wait(job)
    assert record.status is JobStatus.DONE and record.attempts == 0
    assert sorted(record.outputs) == [0, 1, 2, 3]
    assert len(home.host.runs[-1].seeds) == 1
    assert sum(len(run.seeds) == 4 for run in home.host.runs) <= 2


def test_a_job_that_can_never_fit_fails_with_advice(home, request_of):
    home.start()
    (job,) = home.submit(request_of(footprint=1 << 50))
    record = home.wait(job)
    assert record.status is JobStatus.FAILED and record.error["type"] == "OutOfMemoryError"
    assert "smaller size" in record.error["template"] and not home.host.runs


def test_outputs_that_come_together_are_committed_together(home, request_of):
    home.start()
    (job,) = home.submit(request_of(range(20)))
    home.wait(job)
    assert sum(home.host.groups) == 20 and len(home.host.groups) < 20


def test_a_stopped_queue_can_be_forecast(home, request_of):
    scheduler = home.start()
    (job,) = home.submit(request_of((1, 2), act="wait"))
    home.wait(job, JobStatus.RUNNING)
    state = scheduler.fork_state(60)
    assert [w.running.job.id for w in state.workers.values()] == [job]
    assert scheduler.list_workers()[0]["job"] == job


def test_the_history_of_the_table_is_not_read_at_start(home, request_of):
    ids = home.submit(*[request_of((i,)) for i in range(5)])
    home.jobs.cancel(ids[:4])
    newest, rows = home.jobs.list_queued()
    assert [row["id"] for row in rows] == [ids[4]] and newest >= 5


@pytest.mark.parametrize(
    ("seconds", "answered", "waits"), [(0.01, 1, True), (0.01, 3, False), (2.0, 1, False)]
)
def test_a_commit_waits_for_more_where_more_comes_soon(seconds, answered, waits):
    order = SimpleNamespace(seeds=[1, 2, 3])
    running = Running(None, "", deque([order]), 1, work=[seconds] * answered)
    assert (running.plan_commit(100.0) > 100.0) == waits


def test_what_waits_for_company_is_stored_when_the_scheduler_stops(home, request_of):
    home.start()
    (job,) = home.submit(request_of((1, 2, 3), act="wait"))
    home.wait_until(lambda: any(isinstance(event, JobProgressed) for event in home.host.events))
    home.schedulers[0].stop()
    assert sum(home.host.groups) == 1
    assert home.jobs.get(job).status is JobStatus.QUEUED
