"""Groups that are drawn at once."""

from hypothesis import given
from hypothesis import strategies as st
from studio_gan.groups import EASY, plan_groups


@given(st.integers(0, 300), st.integers(1, 40))
def test_every_picture_is_in_one_group(total, most):
    sizes = plan_groups(total, most)
    assert sum(sizes) == total
    assert all(1 <= size <= most for size in sizes)


def test_groups_are_small_at_both_ends():
    sizes = plan_groups(64, 16)
    assert max(sizes) == 16
    assert sizes[0] == EASY
    assert sizes[-1] <= EASY


def test_large_pictures_are_drawn_one_by_one():
    assert plan_groups(5, 1) == [1] * 5
