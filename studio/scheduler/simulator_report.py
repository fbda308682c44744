"""The experiments behind `studio bench scheduler`, each seeded, each a few numbers."""

from collections import deque
from dataclasses import dataclass, replace
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
from studio.scheduler.messages import Device, Limits, Rank
from studio.scheduler.simulator_baselines import (
    BELADY,
    Fifo,
    Rule,
    find_future,
    keep_large,
    keep_recent,
)
from studio.scheduler.simulator_bound import compute_bound
from studio.scheduler.simulator_traces import SHAPES, Trace, build_mix, build_trace
from studio.scheduler.state import State

DEPTH = 16


@dataclass(frozen=True)
class Result:
    """A simulated run, summed up. Seconds; `bypass`: most times any job was overtaken."""

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


def compare_evictions(seed: int) -> list[dict[str, Any]]:
    """Compare load seconds on the five traces, jobs in order, 16 of them in the queue.

    `ours` serves in order too, so that only eviction is compared; `ours_free` is the product: it
    may also reorder within its bounds, and so can load less than any in-order policy.
    """
    rows = []
    for shape in SHAPES:
        trace = build_trace(shape, seed)
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
        rows.append(
            {
                "name": shape.name,
                "ours_over_belady": ours.load_seconds / belady,
                "lru_over_belady": lru / belady,
                "smallest_over_belady": smallest / belady,
                "ours_over_lp": ours.load_seconds / bound,
                "belady_over_lp": belady / bound,
                "ours_free_over_belady": free.load_seconds / belady,
                "max_bypass": max(count_bypasses(free.engine.visits.values())),
            }
        )
    return rows


def compare_mix(seed: int, *, host_bytes: int = 0) -> dict[str, Any]:
    """Compare ours with FIFO + LRU on the saturated mix."""
    trace = build_mix(seed)
    limits = build_limits(trace, host_bytes=host_bytes)
    policy = build_kernel(trace, limits)[1]
    ours = simulate(trace, limits, policy)
    fifo = simulate_fifo(trace, keep_recent)
    bypasses = count_bypasses(ours.engine.visits.values())
    ours_p95, fifo_p95 = (get_wait(run, Rank.INTERACTIVE) for run in (ours, fifo))
    return {
        "jobs": len(trace.arrivals),
        "swaps": ours.loads,
        "swaps_fifo": fifo.loads,
        "load_seconds": ours.load_seconds,
        "load_seconds_fifo": fifo.load_seconds,
        "interactive_p95": ours_p95,
        "interactive_p95_fifo": fifo_p95,
        "swaps_over_fifo": ours.loads / fifo.loads,
        "load_over_fifo": ours.load_seconds / fifo.load_seconds,
        "interactive_p95_over_fifo": ours_p95 / fifo_p95,
        "batch_share": compute_batch_share(ours.engine),
        "jain": compute_jain(list(compute_user_seconds(ours.engine).values())),
        "max_bypass": max(bypasses),
        "makespan_over_fifo": ours.makespan / fifo.makespan,
        "preemptions": sum(visit.preempted for visit in ours.engine.visits.values()),
    }


def get_wait(result: Result, rank: Rank) -> float:
    """Return the 95th percentile of the seconds from arrival to the first step of a class."""
    waits = [
        visit.begin - visit.arrival
        for visit in result.engine.visits.values()
        if visit.job.rank == rank
    ]
    return quantiles(waits, n=20)[-1]
