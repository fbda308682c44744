"""Workers in a thread of this process."""

from pathlib import Path

import pytest

from studio.worker.inline import InlineWorker
from studio.worker.protocol import (
    Cancel,
    Cancelled,
    Done,
    Evict,
    Evicted,
    Exited,
    Failed,
    Hello,
    Output,
    Step,
)

END = (Done, Failed, Cancelled, Exited)


@pytest.fixture
def worker(hostile, config, listener):
    worker = InlineWorker("i0", "main", "cpu", config, listener)
    assert not worker.is_alive
    worker.start()
    listener.wait(Hello)
    yield worker
    worker.close()


def test_a_job_from_hello_to_exited(worker, listener, make_order):
    order = make_order(seeds=(1, 2))
    worker.send(order)
    assert isinstance(listener.wait(*END), Done)
    assert [output.seed for output in listener.find(Output)] == [1, 2]
    assert "made noise of seed 2" in Path(order.log).read_text()
    worker.send(Evict(resident="sample.noise"))
    listener.wait(Evicted)
    worker.close()
    assert not worker.is_alive
    assert [event.reason for event in listener.find(Exited)] == ["the worker was closed"]


def test_same_bytes_as_a_process(worker, listener, make_order, start_worker):
    worker.send(make_order(seeds=(9,)))
    listener.wait(Done)
    start_worker().send(make_order(seeds=(9,)))
    listener.wait(Done)
    first, second = listener.find(Output)
    assert first.artifacts[0].payload_hash == second.artifacts[0].payload_hash


def test_cancel(worker, listener, make_order):
    order = make_order(steps=1000, delay=0.01)
    worker.send(order)
    listener.wait(Step)
    worker.send(Cancel(job=order.job))
    assert isinstance(listener.wait(*END), Cancelled)


def test_failures_cost_no_worker(worker, listener, make_order):
    worker.send(make_order("hostile.any", way="sys_exit"))
    assert isinstance(listener.wait(*END), Failed)
    worker.send(make_order().model_copy(update={"log": "/dev/null/job.log"}))
    assert listener.wait(*END).error["type"] == "StoreError"
    assert worker.is_alive


def test_a_killed_worker_is_heard_no_more(worker, listener, make_order):
    worker.send(make_order(steps=1000, delay=0.01))
    listener.wait(Step)
    worker.kill("enough", out_of_memory=True)
    exited = listener.wait(Exited)
    assert (exited.reason, exited.out_of_memory) == ("enough", True)
    worker._thread.join(60)
    assert listener.events[-1] is exited


def test_a_lost_device_ends_it(worker, listener, make_order):
    worker.send(make_order("hostile.any", way="device"))
    assert "device is lost" in listener.wait(*END).reason
