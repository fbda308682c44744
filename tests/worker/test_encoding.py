"""Encoding beside making."""

import threading
import time
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from studio.errors import JobCancelledError
from studio.generator import Artifact
from studio.media import MediaType
from studio.worker import encoding
from studio.worker.encoding import Encoding, copy_value


def show(payload, **more):
    return Artifact(payload, MediaType.IMAGE, **{"seconds": 0.1, **more})


def make_picture(value=0):
    return np.full((4, 4, 3), value, np.uint8)


def test_the_next_is_made_while_one_is_encoded():
    goes_on, done = threading.Event(), []

    def encode(value, is_beside):
        assert goes_on.wait(10)
        done.append(int(value.payload[0, 0, 0]))

    with Encoding(is_beside=True) as beside:
        for number in range(3):
            beside.add(show(make_picture(number)), encode)
        assert done == []
        goes_on.set()
    assert done == [0, 1, 2]


def test_what_is_yielded_may_be_used_again():
    buffer, info, seen = make_picture(), {"n": [0]}, []
    with Encoding(is_beside=True) as beside:
        for number in range(5):
            buffer[:] = number
            info["n"][0] = number
            beside.add(
                show(buffer, info=info), lambda v, _: seen.append((v.payload.max(), v.info["n"]))
            )
    assert seen == [(number, [number]) for number in range(5)]


def test_alone_it_is_done_at_once_and_not_copied():
    buffer, threads = make_picture(), []
    with Encoding(is_beside=False) as alone:
        alone.add(show(buffer), lambda v, _: threads.append((threading.get_ident(), v.payload)))
    assert threads[0][0] == threading.get_ident()
    assert threads[0][1] is buffer


def test_what_was_made_by_itself_is_handed_over_before_the_next():
    """A crash in the next must not cost it."""
    done = []
    with Encoding(is_beside=True) as beside:
        for number in range(3):
            beside.add(
                show(make_picture(), seconds=None), lambda _, is_beside: done.append(is_beside)
            )
            assert done == [False] * (number + 1)


def test_the_first_fault_ends_it():
    def encode(value, is_beside):
        number = int(value.payload[0, 0, 0])
        if number == 1:
            raise ValueError("second")
        done.append(number)

    done = []
    with pytest.raises(ValueError, match="second"), Encoding(is_beside=True) as beside:
        for number in range(50):
            beside.add(show(make_picture(number)), encode)
            time.sleep(0.001)
    assert done == [0]


def test_what_was_yielded_before_a_fault_of_the_generator_is_kept():
    done = []
    with pytest.raises(KeyError), Encoding(is_beside=True) as beside:
        beside.add(show(make_picture(7)), lambda v, _: done.append(v.payload[0, 0, 0]))
        raise KeyError
    assert done == [7]


def test_the_generator_s_error_goes_before_one_of_encoding():
    def fail(value, is_beside):
        raise ValueError("encoding")

    with pytest.raises(KeyError, match="lost"), Encoding(is_beside=True) as beside:
        beside.add(show(make_picture()), fail)
        time.sleep(0.02)
        raise KeyError("lost")


def test_a_cancelled_job_waits_for_one_alone():
    goes_on, begun, done = threading.Event(), threading.Event(), []

    def encode(value, is_beside):
        begun.set()
        goes_on.wait(10)
        done.append(int(value.payload[0, 0, 0]))

    with pytest.raises(JobCancelledError), Encoding(is_beside=True) as beside:
        for number in range(8):
            beside.add(show(make_picture(number)), encode)
        assert begun.wait(10)
        threading.Timer(0.05, goes_on.set).start()
        raise JobCancelledError("the job was cancelled")
    assert done == [0]


def test_it_is_told_whether_the_next_is_made_meanwhile(tmp_path):
    told = []
    with Encoding(is_beside=True) as beside:
        beside.add(show(make_picture()), lambda _, is_beside: told.append(is_beside))
        beside.add(show(tmp_path), lambda _, is_beside: told.append(is_beside))
    assert told == [True, False]


def test_files_and_strange_things_are_encoded_at_once_and_in_turn(tmp_path):
    done = []

    def encode(value, is_beside):
        time.sleep(0.01)
        done.append(value)

    with Encoding(is_beside=True) as beside:
        beside.add(show(make_picture()), encode)
        beside.add(show(tmp_path), encode)
        assert len(done) == 2
        beside.add("no artifact", encode)
    assert done[1].payload is tmp_path
    assert done[2] == "no artifact"


def test_little_waits(monkeypatch):
    monkeypatch.setattr(encoding, "MOST", 2)
    goes_on, most = threading.Semaphore(0), []

    def encode(value, is_beside):
        goes_on.acquire()

    def feed():
        with Encoding(is_beside=True) as beside:
            for _ in range(6):
                beside.add(show(make_picture()), encode)
                most.append(len(beside._pending))

    thread = threading.Thread(target=feed)
    thread.start()
    deadline = time.monotonic() + 10
    while len(most) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)
    assert len(most) == 2, "the third waits for the first"
    goes_on.release(6)
    thread.join(10)
    assert not thread.is_alive()
    assert max(most) == 2


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        (make_picture(), 48),
        (Image.new("RGB", (5, 4)), 240),
        ("words", 5),
        ({"albedo": make_picture(), "height": Image.new("L", (4, 4))}, 48 + 64),
    ],
)
def test_what_can_be_copied(payload, size):
    copied = copy_value(show(payload, title="a"))
    assert copied is not None
    artifact, measured = copied
    assert measured == size
    assert artifact.title == "a"
    parts = payload if isinstance(payload, dict) else {"": payload}
    others = artifact.payload if isinstance(payload, dict) else {"": artifact.payload}
    for name, part in parts.items():
        assert isinstance(part, str) or others[name] is not part
        assert np.array_equal(np.asarray(others[name]), np.asarray(part))
    group = copy_value([show(payload), show(payload)])
    assert group is not None
    assert (len(group[0]), group[1]) == (2, 2 * size)


def test_a_large_group_is_not_copied_to_be_thrown_away(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_BYTES", 100)
    monkeypatch.setattr(encoding, "_copy_artifact", None)
    assert copy_value([show(make_picture())] * 3) is None


@pytest.mark.parametrize("info", [MappingProxyType({"a": 1}), {"a": threading.Lock()}])
def test_odd_facts_are_left_to_who_checks_them(info):
    assert copy_value(show(make_picture(), info=info)) is None


@pytest.mark.parametrize(
    "payload",
    [
        np.array([object()]),
        {"main": {"nested": make_picture()}},
        {"main": object()},
        np.broadcast_to(np.uint8(0), (9000, 9000)),
    ],
)
def test_what_cannot(payload):
    assert copy_value(show(payload)) is None
    assert copy_value([show(make_picture()), show(payload)]) is None
    assert copy_value("words") is None
