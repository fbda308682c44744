import threading
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from studio.ids import IdSource, is_id, read_milliseconds


def test_ids_carry_their_time() -> None:
    id = IdSource(lambda: 1_700_000_000.123).new_id()
    assert is_id(id)
    assert len(id) == 26
    assert read_milliseconds(id) == 1_700_000_000_123


@given(st.integers(0, 2**48 - 1))
def test_a_given_time_comes_back(milliseconds: int) -> None:
    id = IdSource().new_id(milliseconds)
    assert is_id(id)
    assert read_milliseconds(id) == milliseconds


def test_ids_ascend_even_when_the_clock_is_set_back() -> None:
    times: Iterator[float] = iter([5.0, 5.0, 3.0, 5.001, 5.001])
    ids = [IdSource.new_id(source) for source in [IdSource(lambda: next(times))] * 5]
    assert ids == sorted(set(ids))


def test_threads_get_different_ids() -> None:
    source = IdSource()
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.extend(source.new_id() for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2000


def test_what_is_no_id() -> None:
    good = IdSource().new_id()
    for text in ("", good[:-1], good.upper(), good + "0", "8" + good[1:], good[:-1] + "l"):
        assert not is_id(text)
