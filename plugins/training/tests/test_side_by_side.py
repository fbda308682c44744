"""Small pictures on a core each."""

import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from studio_training import side_by_side
from studio_training.side_by_side import (
    FEW,
    SMALL,
    cut_in_parts,
    draw_in_parts,
    map_side_by_side,
    stream_side_by_side,
)


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


@given(st.integers(0, 300))
def test_every_row_is_in_one_part(count):
    rows = [row for part in cut_in_parts(count) for row in range(count)[part]]
    assert rows == list(range(count))
    assert all(1 <= part.stop - part.start <= FEW for part in cut_in_parts(count))


def test_the_next_parts_are_at_work_while_one_is_used(threads):
    begun, seen = [], []
    for made in stream_side_by_side(lambda part: begun.append(part) or part, iter(range(50))):
        seen.append(made)
        assert len(begun) <= len(seen) + 2 * threads + 1
    assert seen == list(range(50))


def test_what_is_not_begun_when_nobody_asks_any_more_stays_so(threads):
    begun = []
    stream = stream_side_by_side(begun.append, range(1000))
    next(stream)
    stream.close()
    assert len(begun) < 50


def test_a_part_may_be_cut_itself(threads):
    def draw(rows):
        return draw_in_parts(lambda part: torch.arange(10)[rows][part], rows.stop - rows.start, 64)

    assert draw_in_parts(draw, 10, SMALL).tolist() == list(range(10))


def test_large_pictures_are_drawn_in_one_go(threads):
    seen = []
    draw_in_parts(lambda part: seen.append(part) or torch.zeros(3), 3, SMALL + 1)
    assert seen == [slice(3)]
