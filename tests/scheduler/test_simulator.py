"""The simulator: the same seed gives the same figures, and the promises hold in small."""

import json

import pytest

from studio.scheduler import simulator_report as report
from studio.scheduler.measures import compute_jain, count_bypasses
from studio.scheduler.simulator_baselines import keep_recent, keep_soon
from studio.scheduler.simulator_bound import compute_bound
from studio.scheduler.simulator_traces import (
    SHAPES,
    build_mix,
    build_public_trace,
    build_trace,
)


@pytest.fixture(scope="module")
def short():
    from dataclasses import replace

    return build_trace(replace(SHAPES[0], jobs=300), 3)


def run(trace, **changes):
    limits = report.build_limits(trace, **changes)
    return report.simulate(trace, limits, report.build_kernel(trace, limits)[1], depth=16)


def test_the_same_seed_gives_the_same_run(short):
    again = build_trace(type(SHAPES[0])(**{**vars(SHAPES[0]), "jobs": 300}), 3)
    assert run(short).engine.spans == run(again).engine.spans
    assert build_mix(1) == build_mix(1) != build_mix(2)


def test_every_job_is_done_once_and_memory_is_never_exceeded(short):
    result = run(short)
    assert {visit.fate for visit in result.engine.visits.values()} == {"done"}
    assert all(visit.attempts == 1 for visit in result.engine.visits.values())


def test_nobody_beats_the_bound_in_order(short):
    pytest.importorskip("scipy")
    bound = compute_bound(short)
    for rule in (keep_recent, keep_soon):
        assert report.simulate_fifo(short, rule).load_seconds >= bound - 1e-6
    assert run(short, max_bypass=0).load_seconds >= bound - 1e-6


def test_reading_the_queue_beats_lru(short):
    lru = report.simulate_fifo(short, keep_recent).load_seconds
    assert run(short, max_bypass=0, hold=0.0).load_seconds < lru
    assert run(short).load_seconds < 0.9 * lru


def test_the_mix_holds_its_figures():
    found = report.compare_mix(5, draws=1)
    assert found["swaps_over_fifo"] <= 0.5 and found["load_over_fifo"] <= 0.5
    assert found["interactive_p95_over_fifo"] <= 0.02
    assert found["batch_share"] >= 0.10 and found["jain"] >= 0.95
    assert found["max_bypass"] <= 32


def test_wrong_footprints_cost_attempts_not_jobs():
    found = report.measure_errors(1)
    assert found["starved_runs"] > 0
    assert found["max_attempts"] <= 3 and found["unfinished"] == 0


def test_four_devices_do_the_work_of_almost_four():
    assert report.measure_scaling(0)["speedup"] >= 3.6


def test_the_timeline_is_a_picture(tmp_path, short):
    from studio.scheduler.simulator_plot import save_timeline

    path = tmp_path / "timeline.svg"
    save_timeline(run(short).engine.spans, path)
    text = path.read_text()
    assert text.startswith("<svg") and text.count("<rect") > 300 and "gpu:0" in text


def test_measures():
    assert compute_jain([1, 1, 1, 1]) == 1 and compute_jain([1, 0, 0, 0]) == 0.25
    assert count_bypasses([]) == []


@pytest.mark.slow
def test_the_whole_report_is_json():
    found = report.run_all(0)
    assert json.loads(json.dumps(found))["traces"][0]["ours_over_belady"] > 0


def test_the_public_trace_keeps_order_and_lengths_of_the_real_one():
    trace = build_public_trace(1)
    times = [when for when, _ in trace.arrivals]
    assert times == sorted(times) and times[0] == 0.0 and len(times) == 196
    assert 10 <= len(trace.truth) <= 20
    assert trace == build_public_trace(1) != build_public_trace(2)
    row = report.compare_public(1)
    assert 1.0 <= row["ours_over_lp"] and row["ours_over_belady"] <= row["lru_over_belady"]
