"""Small pictures on a core each."""

import threading

import pytest
import torch
from studio_training import side_by_side
from studio_training.side_by_side import map_side_by_side


@pytest.fixture(params=[1, 2, 3])
def threads(request, monkeypatch):
    monkeypatch.setattr(side_by_side, "_POOLS", {})
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_each_is_made_on_one_thread_of_torch_s(threads):
    seen = map_side_by_side(
        lambda part: (part, torch.get_num_threads(), threading.current_thread().name), range(20)
    )
    assert [part for part, _, _ in seen] == list(range(20))
    assert {count for _, count, _ in seen} == {1}
    assert len({name for _, _, name in seen}) <= threads
    assert torch.get_num_threads() == threads, "and everything else goes on as it was"


def test_the_bits_do_not_depend_on_the_number_of_threads():
    net = torch.nn.Conv2d(16, 32, 3)
    parts = torch.split(torch.randn(6, 16, 20, 20), 1)
    before, made = torch.get_num_threads(), []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        made.append(torch.cat(map_side_by_side(net, parts)))
        assert not made[-1].requires_grad
    torch.set_num_threads(before)
    assert all(torch.equal(made[0], other) for other in made[1:])


def test_faults_are_raised():
    def fail(part):
        raise ValueError(f"part {part}")

    with pytest.raises(ValueError, match="part 0"):
        map_side_by_side(fail, range(3))
    assert map_side_by_side(str, range(2)) == ["0", "1"]


def test_a_thread_that_begins_later_has_the_machine_s_number(monkeypatch):
    monkeypatch.setattr(side_by_side, "_POOLS", {})
    map_side_by_side(str, range(2))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [torch.get_num_threads()]
