"""Instances in pinned host memory: parked if they can be, closed otherwise, woken on use."""

import pytest

from studio.worker.runner import Runner


class Instance:
    def __init__(self, can_park):
        self.can_park, self.calls = can_park, []

    def park(self):
        self.calls.append("park")
        if self.can_park is None:
            raise RuntimeError("no pinned memory")
        return self.can_park

    def close(self):
        self.calls.append("close")


@pytest.mark.parametrize("can_park", [True, False, None])
def test_an_evicted_instance_is_parked_or_closed(can_park):
    runner, instance = Runner("cpu"), Instance(can_park)
    runner.residents["a"] = instance
    runner.evict("a", is_kept=True)
    assert not runner.residents
    assert instance.calls == (["park"] if can_park else ["park", "close"])
    runner.close()
    assert instance.calls.count("close") == 1


def test_without_a_wish_to_keep_it_is_closed():
    runner, instance = Runner("cpu"), Instance(True)
    runner.residents["a"] = instance
    runner.evict("a")
    assert instance.calls == ["close"]
