"""What the host believes of what a worker says."""

import os

import pytest

from studio.worker.conversation import Conversation
from studio.worker.protocol import (
    Cancel,
    Cancelled,
    Done,
    EncodedData,
    Evicted,
    Exited,
    Failed,
    Heartbeat,
    Hello,
    Loaded,
    Output,
    Step,
)


@pytest.fixture
def order(make_order):
    return make_order(seeds=(5, 6)).model_copy(update={"positions": [2, 4]})


@pytest.fixture
def talk(order, tmp_path):
    conversation = Conversation()
    conversation.note_order(order)
    os.makedirs(order.scratch)
    return conversation


def build_output(order, position=2, seed=5, **files):
    paths = files or {"main": f"{order.scratch}/a.png"}
    for path in paths.values():
        if path.startswith(order.scratch) and not os.path.lexists(path):
            open(path, "w").close()
    data = EncodedData(kind="image", files=paths, payload_hash="", thumbnail=None, facts={})
    return Output(job=order.job, position=position, seed=seed, artifacts=[data])


def test_an_honest_job_passes(talk, order):
    said = [
        Hello(pid=1, device="cpu", versions={}),
        Heartbeat(rss=1),
        Loaded(job=order.job, resident=order.resident, seconds=1.0),
        Step(job=order.job, done=0, total=0),
        Step(job=order.job, done=1, total=2),
        build_output(order, 4, 6),
        build_output(order, 2, 5),
        Evicted(resident="x"),
        Done(job=order.job, seconds=1.0, peak_bytes=1),
    ]
    assert [talk.find_fault(event) for event in said] == [""] * len(said)
    assert talk.logs == []


def test_a_job_may_fail_or_stop_with_seeds_left(talk, order, make_order):
    second = make_order()
    talk.note_order(second)
    talk.note_order(Cancel(job=second.job))
    assert talk.find_fault(Failed(job=order.job, error={})) == ""
    assert talk.find_fault(Cancelled(job=second.job)) == ""
    assert "not given" in talk.find_fault(Cancelled(job=second.job))


def test_what_fits_no_order(talk, order, tmp_path):
    (tmp_path / "plain").write_text("x")
    os.symlink(tmp_path / "plain", f"{order.scratch}/link")
    os.symlink(f"{order.scratch}/a.png", f"{order.scratch}/inner")
    os.link(tmp_path / "plain", f"{order.scratch}/hard")
    os.mkfifo(f"{order.scratch}/pipe")
    faults = {
        "said that it had exited": Exited(reason="", code=0),
        "a job it was not given": Step(job="other", done=1, total=1),
        "left out 2 seeds": Done(job=order.job, seconds=0, peak_bytes=0),
        "not told to": Loaded(job=order.job, resident="other", seconds=0),
        "of 1 steps": Step(job=order.job, done=2, total=1),
    }
    for words, event in faults.items():
        fresh = Conversation()
        fresh.note_order(order)
        assert words in fresh.find_fault(event)
    for words, event in (
        ("seed that was not open", build_output(order, 3, 5)),
        ("seed that was not open", build_output(order, 2, 6)),
        ("with nothing", build_output(order).model_copy(update={"artifacts": []})),
        ("outside", build_output(order, main="/etc/hostname")),
        ("outside", build_output(order, main="a.png")),
        ("outside", build_output(order, main=f"{order.scratch}/../x")),
        ("outside", build_output(order, main=f"{order.scratch}/link")),
        ("no plain file", build_output(order, main=f"{order.scratch}/hard")),
        ("no plain file", build_output(order, main=f"{order.scratch}/pipe")),
        ("no plain file", build_output(order, main=order.scratch)),
        ("not there", build_output(order, main=f"{order.scratch}/b").model_copy()),
    ):
        fresh = Conversation()
        fresh.note_order(order)
        if words == "not there":
            os.unlink(f"{order.scratch}/b")
        assert words in fresh.find_fault(event), event
    first = Conversation()
    first.note_order(order)
    assert first.find_fault(build_output(order)) == ""
    assert "not open" in first.find_fault(build_output(order))


def test_a_second_hello(talk):
    hello = Hello(pid=1, device="cpu", versions={})
    assert talk.find_fault(hello) == ""
    assert talk.find_fault(hello) == "said hello twice"


def test_who_is_to_blame(order, make_order):
    talk = Conversation()
    assert talk.culprit == ""
    talk.note_order(order)
    talk.find_fault(Failed(job=order.job, error={}))
    assert talk.culprit == "sample"  # the only plugin that was ever here
    other = make_order("hostile.any")
    talk.note_order(other)
    assert talk.culprit == "hostile"
    talk.find_fault(Failed(job=other.job, error={}))
    assert talk.culprit == ""
