"""Forecasts: the kernel run forward on a copy."""

import pytest

from studio.scheduler import messages as m
from studio.scheduler.costs import Cost
from studio.scheduler.forecast import compute_forecast
from studio.scheduler.kernel import decide
from studio.scheduler.state import State


@pytest.fixture
def state():
    state = State(m.Limits((m.Device("gpu:0", "gpu", 10),)))
    state.costs["a"] = Cost(weights=4, each=1, seconds=10.0, load_seconds=3.0)
    return state


def job(i, seeds=1, **fields):
    return m.Waiting(f"j{i}", i, 1, "ada", "main", "a", "a", seeds, "gpu", **fields)


def test_an_empty_queue_is_done_now(state):
    found = compute_forecast(state.fork(), 7.0)
    assert (found.seconds, found.ends) == (0.0, {})


def test_jobs_end_one_after_another_and_the_state_is_untouched(state):
    decide(state, m.Queued(0.0, (job(0), job(1, seeds=2))))
    found = compute_forecast(state.fork(), 0.0)
    assert found.ends == {"j0": 13.0, "j1": 33.0}
    assert found.seconds == 33.0 and found.load_seconds == 3.0
    assert found.peak_bytes == {"gpu:0": 6}
    assert len(state.jobs) == 2


def test_what_runs_already_counts_what_is_left_of_it(state):
    decide(state, m.Queued(0.0, (job(0), job(1))))
    decide(state, m.WorkerReady(0.0, "w1"))
    decide(state, m.Loaded(3.0, "w1"))
    found = compute_forecast(state.fork(), 8.0)
    assert found.ends == {"j0": 5.0, "j1": 15.0}


def test_extra_jobs_are_tried_without_being_queued(state):
    found = compute_forecast(
        state.fork(), 0.0, [m.Waiting("+0", 9, 2, "ada", "main", "b", "b", 1, "gpu")],
        {"b": Cost(weights=99)},
    )  # fmt: skip
    assert found.refused == ("+0",) and not state.jobs


def test_a_long_queue_is_extrapolated(state):
    decide(state, m.Queued(0.0, tuple(job(i) for i in range(3000))))
    found = compute_forecast(state.fork(), 0.0)
    assert found.seconds == pytest.approx(30_000, rel=0.01)
