"""The scheduler in the simulator: the figures it is held to, beside their targets (`--seed N`)."""

import argparse
import json
import sys

from studio.scheduler.simulator_report import run_all


def list_targets(found):
    """Yield name, value, comparison and target of every figure."""
    traces, mix = found["traces"], found["mix"]
    near = sum(row["ours_over_belady"] <= 1.10 for row in traces)
    worst = max(row["ours_over_belady"] / row["lru_over_belady"] for row in traces)
    yield "traces within 1.10 of cost-Belady (of 5)", near, ">=", 4
    yield "worst trace over LRU", worst, "<=", 1.0
    yield "mix: swaps over FIFO + LRU", mix["swaps_over_fifo"], "<=", 0.45
    yield "mix: load time over FIFO + LRU", mix["load_over_fifo"], "<=", 0.40
    yield "mix: interactive p95 over FIFO", mix["interactive_p95_over_fifo"], "<=", 0.02
    yield "mix: batch share", mix["batch_share"], ">=", 0.10
    yield "mix: Jain index over users", mix["jain"], ">=", 0.95
    bypass = max(mix["max_bypass"], *(row["max_bypass"] for row in traces))
    yield "most times a job was overtaken", bypass, "<=", 32
    yield "attempts with footprints wrong up to 2x", found["errors"]["max_attempts"], "<=", 3
    yield "of those, jobs not finished", found["errors"]["unfinished"], "<=", 0
    yield "4 devices over one", found["scaling"]["speedup"], ">=", 3.6
    yield "simulated events a second", found["speed"]["events_per_second"], ">=", 20_000
    yield "decision p99, ms (10,000 jobs x 8)", found["speed"]["decision_p99_ms"], "<=", 1.0


def main():
    """Run, print, and fail if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = run_all(given.seed)
    if given.json:
        print(json.dumps(found, indent=2))
        return 0
    missed = 0
    for name, value, sign, target in list_targets(found):
        holds = value >= target if sign == ">=" else value <= target
        missed += not holds
        print(f"{name:44} {value:12.4g}  {sign} {target:<8g} {'' if holds else 'MISSED'}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
