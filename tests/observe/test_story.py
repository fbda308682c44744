from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from studio.observe.story import Mark, Marks


@given(st.integers(0, 3000), st.integers(2, 40))
def test_marks_are_few_and_keep_their_ends(count, most):
    marks = Marks(most)
    for number in range(count):
        marks.add(Mark(float(number), str(number)))
    kept = [int(mark.label) for mark in marks]
    assert marks.count == count
    assert len(kept) == len(marks) <= most + 1
    assert kept == sorted(set(kept))
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
    if count <= most:
        assert kept == list(range(count))
    gaps = {after - before for before, after in pairwise(kept[:-1])}
    assert len(gaps) <= 1, "what is kept lies evenly"
