"""The experiments behind `studio bench scheduler`, each seeded, each a few numbers."""

import random
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

from studio.scheduler.engine import Decide, Engine, Visit
from studio.scheduler.kernel import decide
from studio.scheduler.measures import (
    compute_batch_share,
    compute_jain,
    compute_user_seconds,
    count_bypasses,
)
from studio.scheduler.messages import Action, Device, Event, Limits, Rank
from studio.scheduler.simulator_baselines import (
    BELADY,
    Fifo,
    Rule,
    find_future,
    keep_large,
    keep_recent,
)
from studio.scheduler.simulator_bound import compute_bound
from studio.scheduler.simulator_plot import save_timeline
from studio.scheduler.simulator_traces import (
    GIB,
    SHAPES,
    Trace,
    build_mix,
    build_public_trace,
    build_trace,
)
from studio.scheduler.state import State

DEPTH = 16


@dataclass(frozen=True)
class Result:
    """A simulated run, summed up; `loads`: instances brought to a device."""

    engine: Engine
    loads: int
    load_seconds: float
    makespan: float


def build_limits(trace: Trace, *, devices: int = 1, **changes: Any) -> Limits:
    """Return limits with identical devices of the trace's size."""
    names = [Device(f"gpu:{i}", "gpu", trace.capacity) for i in range(devices)]
    return Limits(tuple(names), max_residents=1000, **changes)


def build_kernel(trace: Trace, limits: Limits) -> tuple[State, Decide]:
    """Return a state that knows the true costs, and the kernel on it."""
    state = State(limits)
    state.costs.update(trace.truth)
    return state, lambda event: decide(state, event)


def simulate(trace: Trace, limits: Limits, policy: Decide, *, depth: int = 0) -> Result:
    """Run a trace; `depth`: jobs that are in the queue at a time, 0: as they arrive."""
    engine = Engine(policy, limits, trace.truth)
    jobs = deque(trace.arrivals)
    if depth:
        for _ in range(min(depth + 1, len(jobs))):
            engine.submit(0.0, jobs.popleft()[1])

        def refill(visit: Visit) -> None:
            if jobs:
                engine.submit(engine.now, jobs.popleft()[1])

        engine.on_end = refill
    else:
        for when, job in jobs:
            engine.submit(when, job)
    engine.run()
    return summarise(engine)


def summarise(engine: Engine) -> Result:
    """Sum a run up."""
    loads = [span for span in engine.spans if span.kind in ("load", "wake")]
    return Result(engine, len(loads), sum(span.end - span.start for span in loads), engine.now)


def simulate_fifo(trace: Trace, rule: Rule, *, spares: bool = False) -> Result:
    """Run a baseline."""
    limits = build_limits(trace)
    future = find_future([job for _, job in trace.arrivals])
    fifo = Fifo(limits, trace.truth, rule, future, spares)
    return simulate(trace, limits, fifo.decide)


def run_all(seed: int) -> dict[str, Any]:
    """Run every experiment."""
    return {
        "seed": seed,
        "traces": compare_evictions(seed),
        "public": compare_public(seed),
        "mix": compare_mix(seed),
        "mix_with_host_memory": compare_mix(seed, host_bytes=32 * GIB),
        "errors": measure_errors(seed),
        "scaling": measure_scaling(seed),
        "speed": measure_speed(seed),
    }


def plot_mix(seed: int, path: Path) -> None:
    """Draw ten minutes of the mix on four devices."""
    trace = build_mix(seed, jobs=600, load=4.0)
    limits = build_limits(trace, devices=4)
    run = simulate(trace, limits, build_kernel(trace, limits)[1])
    save_timeline(run.engine.spans, path, until=600.0)


def compare_evictions(seed: int) -> list[dict[str, Any]]:
    """Compare load seconds on the five traces, jobs in order, 16 of them in the queue.

    `ours` serves in order too, so that only eviction is compared; `ours_free` is the product: it
    may also reorder within its bounds, and so can load less than any in-order policy.
    """
    return [_compare_one_trace(build_trace(shape, seed)) for shape in SHAPES]


def compare_public(seed: int) -> dict[str, Any]:
    """Compare load seconds as `compare_evictions` does, on the public trace."""
    return _compare_one_trace(build_public_trace(seed))


def _compare_one_trace(trace: Trace) -> dict[str, Any]:
    limits = build_limits(trace)
    in_order = replace(limits, max_bypass=0, hold=0.0)
    ours = simulate(trace, in_order, build_kernel(trace, in_order)[1], depth=DEPTH)
    free = simulate(trace, limits, build_kernel(trace, limits)[1], depth=DEPTH)
    belady = min(
        simulate_fifo(trace, rule, spares=spares).load_seconds
        for rule in BELADY
        for spares in (False, True)
    )
    lru = simulate_fifo(trace, keep_recent).load_seconds
    smallest = simulate_fifo(trace, keep_large).load_seconds
    bound = compute_bound(trace)
    return {
        "name": trace.name,
        "ours_over_belady": ours.load_seconds / belady,
        "lru_over_belady": lru / belady,
        "smallest_over_belady": smallest / belady,
        "ours_over_lp": ours.load_seconds / bound,
        "belady_over_lp": belady / bound,
        "ours_free_over_belady": free.load_seconds / belady,
        "max_bypass": max(count_bypasses(free.engine.visits.values())),
    }


def compare_mix(seed: int, *, host_bytes: int = 0, draws: int = 4) -> dict[str, Any]:
    """Compare ours with FIFO + LRU on saturated mixes, summed over several draws of one seed.

    `host_bytes` of pinned memory are ours alone; the figures that are held to are without.
    """
    rows = [_compare_one_mix(build_mix(seed * 1000 + i), host_bytes) for i in range(draws)]
    sums = {name: sum(row[name] for row in rows) for name in rows[0]}
    return {
        "jobs": int(sums["jobs"]),
        "draws": draws,
        "swaps": int(sums["swaps"]),
        "swaps_fifo": int(sums["swaps_fifo"]),
        "load_seconds": sums["load"],
        "load_seconds_fifo": sums["load_fifo"],
        "interactive_p95": max(row["p95"] for row in rows),
        "interactive_p95_fifo": min(row["p95_fifo"] for row in rows),
        "swaps_over_fifo": sums["swaps"] / sums["swaps_fifo"],
        "load_over_fifo": sums["load"] / sums["load_fifo"],
        "interactive_p95_over_fifo": max(row["p95"] / row["p95_fifo"] for row in rows),
        "batch_share": min(row["batch_share"] for row in rows),
        "jain": min(row["jain"] for row in rows),
        "max_bypass": int(max(row["max_bypass"] for row in rows)),
        "makespan_over_fifo": sums["makespan"] / sums["makespan_fifo"],
        "preemptions": int(sums["preemptions"]),
    }


def _compare_one_mix(trace: Trace, host_bytes: int) -> dict[str, float]:
    limits = build_limits(trace, host_bytes=host_bytes)
    ours = simulate(trace, limits, build_kernel(trace, limits)[1])
    fifo = simulate_fifo(trace, keep_recent)
    visits = ours.engine.visits.values()
    return {
        "jobs": len(trace.arrivals),
        "swaps": ours.loads,
        "swaps_fifo": fifo.loads,
        "load": ours.load_seconds,
        "load_fifo": fifo.load_seconds,
        "p95": get_wait(ours, Rank.INTERACTIVE),
        "p95_fifo": get_wait(fifo, Rank.INTERACTIVE),
        "batch_share": compute_batch_share(ours.engine),
        "jain": compute_jain(list(compute_user_seconds(ours.engine).values())),
        "max_bypass": max(count_bypasses(visits)),
        "makespan": ours.makespan,
        "makespan_fifo": fifo.makespan,
        "preemptions": sum(visit.preempted for visit in visits),
    }


def measure_errors(seed: int) -> dict[str, Any]:
    """Inject wrong footprints, up to twofold either way, into a mix, and count attempts."""
    trace = build_mix(seed, jobs=600)
    rng = random.Random(seed)
    truth = {name: replace(cost, tile=0.5, offload=0.5) for name, cost in trace.truth.items()}
    trace = replace(trace, truth=truth)
    limits = build_limits(trace)
    state = State(limits)
    for name, cost in truth.items():
        factor = 2 ** rng.uniform(-1, 1)
        state.costs[name] = replace(
            cost,
            weights=int(cost.weights * factor),
            base=int(cost.base * factor),
            each=int(cost.each * factor),
        )
    run = simulate(trace, limits, lambda event: decide(state, event))
    visits = run.engine.visits.values()
    return {
        "jobs": len(visits),
        "starved_runs": sum(visit.attempts - 1 for visit in visits if visit.attempts > 1),
        "max_attempts": max(visit.attempts for visit in visits),
        "unfinished": sum(visit.fate != "done" for visit in visits),
    }


def measure_scaling(seed: int, *, devices: int = 4) -> dict[str, float]:
    """Compare the time one device and several take for the same batch of work."""
    trace = build_mix(seed, jobs=2000, load=1000.0)
    spans = {}
    for count in (1, devices):
        limits = build_limits(trace, devices=count)
        spans[count] = simulate(trace, limits, build_kernel(trace, limits)[1]).makespan
    return {"devices": devices, "speedup": spans[1] / spans[devices]}


def measure_speed(seed: int) -> dict[str, float]:
    """Measure processor time: simulated events a second, and decisions in a deep queue."""
    trace = build_trace(SHAPES[0], seed)
    limits = build_limits(trace)
    policy = build_kernel(trace, limits)[1]
    start = time.process_time()
    run = simulate(trace, limits, policy, depth=DEPTH)
    rate = run.engine.events / (time.process_time() - start)
    deep = build_mix(seed, jobs=10_000, users=10, load=1e6)
    limits = build_limits(deep, devices=8)
    policy = build_kernel(deep, limits)[1]
    taken: list[float] = []

    def watch(event: Event) -> list[Action]:
        begin = time.thread_time()
        actions = policy(event)
        taken.append(time.thread_time() - begin)
        return actions

    engine = Engine(watch, limits, deep.truth)
    for _, job in deep.arrivals:
        engine.submit(0.0, job)
    engine.run(most=len(deep.arrivals) + 1000)
    taken = sorted(taken[len(deep.arrivals) :])
    return {
        "events_per_second": rate,
        "decision_p50_ms": 1e3 * taken[len(taken) // 2],
        "decision_p99_ms": 1e3 * taken[len(taken) * 99 // 100],
    }


def get_wait(result: Result, rank: Rank) -> float:
    """Return the 95th percentile of the seconds from arrival to the first step of a class."""
    waits = [
        visit.begin - visit.arrival
        for visit in result.engine.visits.values()
        if visit.job.rank == rank
    ]
    return quantiles(waits, n=20)[-1]
