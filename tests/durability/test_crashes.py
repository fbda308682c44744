"""Power cuts: every state that a crash may leave of a recorded stretch of real commits."""

import pytest
from harness.crashes import iterate_states
from harness.log import Crash, Log, Platter
from harness.mutations import MUTATIONS
from harness.verdict import Bench
from harness.workload import record


def find_faults(memory_path, per_place, **mutation):
    """Return how many states were looked at, and the first fault."""
    log = record(memory_path / "recorded", **mutation)
    bench = Bench(memory_path / "bench")
    looked = 0
    for state in iterate_states(log, per_place):
        looked += 1
        fault = bench.find_fault(state)
        if fault is not None:
            return looked, f"place {state.place}, {state.crash}: {fault}"
    return looked, None


def test_no_crash_state_loses_or_tears_anything(memory_path):
    looked, fault = find_faults(memory_path, per_place=2)
    assert fault is None
    assert looked > 700


@pytest.mark.slow
def test_a_hundred_thousand_crash_states(memory_path):
    looked, fault = find_faults(memory_path, per_place=400)
    assert fault is None
    assert looked >= 100_000


@pytest.mark.parametrize("name", MUTATIONS)
def test_the_harness_notices(memory_path, name):
    looked, fault = find_faults(memory_path, per_place=4, **MUTATIONS[name])
    assert fault is not None, f"{looked} states of a commit with {name}, and nothing was noticed"


def run(platter, log):
    for number, op in enumerate(log.ops):
        platter.take(number, op)
    return platter


def test_the_model_of_a_disk():
    """What is synced stays, what is not may go, bytes and names by themselves."""
    log = Log({"db": b"0123"})
    log.write(log.find("db"), 2, b"ab")
    new = log.create("in/x")
    log.write(new, 0, b"blob")
    log.rename("in/x", "out/x")
    platter = run(Platter(log.base), log)
    assert platter.pending == [0, 1, 2, 3]
    assert platter.crash(Crash(frozenset())) == {"db": b"0123"}
    assert platter.crash(Crash(frozenset([0]))) == {"db": b"01ab"}
    assert platter.crash(Crash(frozenset([3]))) == {"db": b"0123", "out/x": b""}
    sized = platter.crash(Crash(frozenset([3]), sized=True))
    assert sized == {"db": b"0123", "out/x": bytes(4)}
    log.ops.clear()
    log.sync_file(new)
    run(platter, log)
    assert platter.crash(Crash(frozenset())) == {"db": b"0123"}
    assert platter.crash(Crash(frozenset([1])))["in/x"] == b"blob"
    log.ops.clear()
    log.sync_folder("out")
    run(platter, log)
    assert platter.crash(Crash(frozenset())) == {"db": b"0123", "out/x": b"blob"}
    assert platter.pending == [0, 1]


def test_a_torn_write_and_a_cut_file():
    log = Log({"wal": bytes(2000)})
    log.write(0, 0, b"x" * 1500)
    log.truncate(0, 600)
    platter = run(Platter(log.base), log)
    torn = platter.crash(Crash(frozenset([0]), torn=(0, 1)))["wal"]
    assert torn == b"x" * 512 + bytes(2000 - 512)
    assert platter.crash(Crash(frozenset([0, 1])))["wal"] == b"x" * 600
