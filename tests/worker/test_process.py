"""The whole conversation, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from studio.worker import limits
from studio.worker.process import ProcessWorker
from studio.worker.protocol import (
    Cancel,
    Cancelled,
    Done,
    Evict,
    Evicted,
    Exit,
    Exited,
    Failed,
    Heartbeat,
    Hello,
    Loaded,
    Output,
    Step,
)

END = (Done, Failed, Cancelled, Exited)


def test_a_job_from_hello_to_exited(sample, start_worker, listener, make_order):
    worker = start_worker()
    assert worker.is_alive
    order = make_order(seeds=(5, 6), size=16, steps=3)
    worker.send(order)
    done = listener.wait(*END)
    assert isinstance(done, Done)
    assert done.peak_bytes > 1 << 20
    assert listener.find(Hello)[0].pid == worker.pid
    assert listener.find(Loaded)[0].resident == "sample.noise"
    assert listener.find(Step)[-1].done == listener.find(Step)[-1].total == 6
    outputs = listener.find(Output)
    assert [(output.position, output.seed) for output in outputs] == [(0, 5), (1, 6)]
    assert outputs[0].versions["Pillow"]
    assert "numpy" not in outputs[0].versions
    artifact = outputs[0].artifacts[0]
    with Image.open(artifact.files["main"]) as picture:
        assert picture.size == (16, 16)
    assert 0 < artifact.metrics["contrast"] <= 1
    assert Path(artifact.thumbnail).is_file()
    assert "made noise of seed 5" in Path(order.log).read_text()

    worker.send(order)
    assert listener.wait(Loaded).seconds == 0.0
    listener.wait(Done)
    again = listener.find(Output)[2].artifacts[0]
    assert again.payload_hash == artifact.payload_hash

    worker.send(Evict(resident="sample.noise"))
    assert listener.wait(Evicted).resident == "sample.noise"
    worker.close()
    exited = listener.wait(Exited)
    assert (exited.code, exited.reason) == (0, "the worker was closed")
    assert not worker.is_alive
    worker.close()
    assert len(listener.find(Exited)) == 1


def test_cancel_stops_at_the_next_step(sample, start_worker, listener, make_order):
    worker = start_worker()
    order = make_order(seeds=(1,), steps=10_000, delay=0.1)
    worker.send(order)
    listener.wait(Step)
    worker.send(Cancel(job=order.job))
    assert isinstance(listener.wait(*END), Cancelled)


def test_a_worker_that_is_told_to_leave_is_nobodys_fault(
    sample, start_worker, listener, make_order
):
    """The scheduler stops workers by an order too; that was once a strike against the plugin."""
    worker = start_worker()
    worker.send(make_order(seeds=(1,)))
    listener.wait(Done)
    worker.send(Exit())
    exited = listener.wait(Exited)
    assert (exited.code, exited.reason, exited.culprit) == (0, "the worker was closed", "")


def test_closing_ends_a_running_job(sample, start_worker, listener, make_order):
    worker = start_worker()
    worker.send(make_order(steps=1000, delay=0.02))
    listener.wait(Step)
    worker.close()
    assert listener.wait(Exited).reason == "the worker was closed"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("segfault", "the worker crashed with signal 11 (SIGSEGV)"),
        ("os_exit", "the worker ended by itself with exit status 0"),
        ("outlive", "the worker ended by itself with exit status 7"),
        ("device", "the worker lost its device to an error that only a new process mends"),
        ("nonsense", "the worker wrote what is no message: b'no json'"),
    ],
)
def test_a_crash_is_told(hostile, start_worker, listener, make_order, way, reason):
    worker = start_worker()
    order = make_order("hostile.any", way=way)
    worker.send(order)
    exited = listener.wait(*END)
    assert isinstance(exited, Exited)
    assert exited.reason == reason
    assert not exited.out_of_memory
    assert not worker.is_alive
    if way == "segfault":
        assert "Fatal Python error: Segmentation fault" in Path(order.log).read_text()
    if way == "device":
        assert "device-side assert" in Path(order.log).read_text()


def test_a_bad_job_costs_no_worker(hostile, start_worker, listener, make_order):
    worker = start_worker()
    for way in ("sys_exit", "raise", "close", "many"):
        worker.send(make_order("hostile.any", way=way))
        assert isinstance(listener.wait(*END), Done if way == "close" else Failed)
    assert int(listener.find(Failed)[-1].error["values"]["size"]) > 9_000_000
    worker.send(make_order().model_copy(update={"log": "/dev/null/job.log"}))
    assert listener.wait(*END).error["type"] == "StoreError"
    worker.send(make_order())
    assert isinstance(listener.wait(*END), Done)


def test_prints_go_to_the_log_of_the_job(hostile, start_worker, listener, make_order):
    worker = start_worker()
    order = make_order("hostile.any", way="flood")
    worker.send(order)
    assert isinstance(listener.wait(*END), Done)
    log = Path(order.log).read_text()
    for words in ("out 1999", "last words on stderr", "straight to fd 1", "from C", "from a child"):
        assert words in log
    second = make_order()
    worker.send(second)
    listener.wait(*END)
    assert "out 1" not in Path(second.log).read_text()


def test_who_ignores_a_cancel_is_killed(hostile, start_worker, listener, make_order):
    worker = start_worker()
    order = make_order("hostile.any", way="ignore_cancel")
    worker.send(order)
    listener.wait(Step)
    worker.send(Cancel(job=order.job))
    time.sleep(0.2)
    assert worker.is_alive
    worker.kill("the job did not stop in time")
    worker.kill("a second reason comes too late")
    exited = listener.wait(*END)
    assert (exited.reason, exited.code) == ("the job did not stop in time", -signal.SIGKILL)


def test_memory_runs_out_in_python(hostile, start_worker, listener, make_order):
    worker = start_worker(worker_memory_mb=400)
    worker.send(make_order("hostile.any", way="devour"))
    failed = listener.wait(*END)
    assert failed.error["type"] == "OutOfMemoryError"
    worker.send(make_order())
    assert isinstance(listener.wait(*END), Done)


def test_the_watchdog_ends_what_the_system_does_not_limit(
    hostile, start_worker, listener, make_order
):
    worker = start_worker(device="cuda:0", worker_memory_mb=300)  # no RLIMIT_DATA there
    worker.send(make_order("hostile.any", way="devour"))
    exited = listener.wait(*END)
    assert exited.out_of_memory
    assert "more than the 300 MiB of memory" in exited.reason


def lose_patience(worker, seconds):
    """From now on its silence may last that long."""
    worker._config = worker._config.model_copy(update={"heartbeat_timeout": seconds})


def test_heartbeats_come_while_a_job_runs_and_silence_is_the_end(
    hostile, start_worker, listener, make_order
):
    worker = start_worker()
    worker.send(make_order("sample.noise", steps=100, delay=0.015))
    assert listener.wait(Heartbeat).rss > 1 << 20
    listener.wait(Done)
    lose_patience(worker, 2.0)
    worker.send(make_order("hostile.any", way="hold_gil"))
    exited = listener.wait(*END)
    assert "gave no sign of life for" in exited.reason


def test_a_worker_that_does_not_read_blocks_nobody(sample, start_worker, listener, make_order):
    worker = start_worker()  # patient: who waited for it would wait for two minutes
    os.kill(worker.pid, signal.SIGSTOP)
    start = time.monotonic()
    for _ in range(3):
        worker.send(make_order(prompt="x" * 1_000_000))
    assert time.monotonic() - start < 60
    lose_patience(worker, 1.0)
    assert "no sign of life" in listener.wait(Exited).reason


def test_a_long_order_arrives_whole(sample, start_worker, listener, make_order):
    worker = start_worker()
    worker.send(make_order(seeds=range(1), prompt="x" * 1_900_000))
    assert listener.wait(*END).error["values"]["param"] == "prompt"


@pytest.mark.parametrize("kills", [(3, 3), (3, 4), (-1, -1)])
def test_a_kill_from_outside_is_told_from_want_of_memory(
    sample, start_worker, listener, monkeypatch, kills
):
    counts = iter(kills)
    monkeypatch.setattr("studio.worker.process.count_oom_kills", lambda: next(counts, -1))
    worker = start_worker()
    os.kill(worker.pid, signal.SIGKILL)
    exited = listener.wait(Exited)
    assert exited.out_of_memory == (kills == (3, 4))
    if kills == (3, 4):
        assert exited.reason == "the system ran out of memory and ended the worker"
    else:
        assert "from outside by signal 9 (SIGKILL)" in exited.reason
        assert ("perhaps" in exited.reason) == (kills[0] < 0)


def test_a_python_that_is_not_there(start_worker, listener, tmp_path):
    start_worker(hello=False, environment="audio", environments={"audio": str(tmp_path / "no")})
    assert "could not start" in listener.wait(Exited).reason
    start_worker(hello=False, environment="nowhere")
    assert "no environment 'nowhere'" in listener.wait(Exited).reason


def test_a_python_without_the_libraries_says_which(start_worker, listener, tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho printed before anything\necho no pydantic here >&2\nexit 1\n")
    fake.chmod(0o755)
    start_worker(hello=False, environment="audio", environments={"audio": str(fake)})
    reason = listener.wait(Exited).reason
    assert reason == "the worker ended by itself with exit status 1: no pydantic here"


def test_another_environment_runs_this_very_studio(
    sample, start_worker, listener, make_order, config
):
    start_worker(environment="other", environments={"other": sys.executable})
    link = config.home / "cache" / "core" / "studio"
    assert sorted(path.name for path in link.parent.iterdir()) == ["studio"]
    assert (link / "worker" / "main.py").is_file()


def test_a_worker_that_never_says_hello(start_worker, listener, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.worker.process._START_TIME", 0.1)
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nsleep 60\n")
    fake.chmod(0o755)
    start_worker(
        hello=False, environment="odd", environments={"odd": str(fake)}, heartbeat_timeout=0.1
    )
    assert "no sign of life" in listener.wait(Exited).reason


def test_a_line_without_end_costs_the_worker(start_worker, listener, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.worker.channel.MAX_LINE", 100_000)
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nwhile true; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; done\n")
    fake.chmod(0o755)
    start_worker(hello=False, environment="odd", environments={"odd": str(fake)})
    assert "wrote a line of more than" in listener.wait(Exited).reason


def test_a_kill_before_the_start_holds(sample, config, listener):
    worker = ProcessWorker("early", "main", "cpu", config, listener)
    worker.kill("changed my mind")
    worker.start()
    assert listener.wait(Exited).reason == "changed my mind"


def test_a_listener_that_raises_costs_nothing(sample, config, listener, make_order, caplog):
    def listen(worker_id, event):
        listener(worker_id, event)
        raise ValueError("a bug in the host")

    worker = ProcessWorker("w", "main", "cpu", config, listen)
    worker.start()
    worker.send(make_order())
    assert isinstance(listener.wait(*END), Done)
    worker.close()
    assert "nobody could take" in caplog.text


HOST = """
import sys, time
from studio.config import load_config
from studio.worker.process import ProcessWorker
from studio.worker.protocol import Hello, Step, Run
order = Run.model_validate_json(sys.stdin.readline())
def listen(worker_id, event):
    if isinstance(event, Step):
        sys.stdout.write(f"{worker.pid}\\n")
        sys.stdout.flush()
worker = ProcessWorker("w", "main", "cpu", load_config(environ={}, home=sys.argv[1]), listen)
worker.start()
worker.send(order)
time.sleep(60)
"""


@pytest.mark.parametrize("way", ["sample.noise", "hostile.any"])
def test_a_worker_ends_with_its_host(hostile, tmp_path, make_order, way):
    """Killed host: by the end of its orders, and with the GIL held by the kernel's signal."""
    order = make_order("sample.noise", steps=1000, delay=0.2)  # for longer than we wait
    if way == "hostile.any":
        order = make_order(way, way="hold_gil")
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path / "home")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        text=True,
    ) as host:
        host.stdin.write(order.model_dump_json() + "\n")
        host.stdin.flush()
        pid = int(host.stdout.readline())
        host.kill()
    deadline = time.monotonic() + 60
    while limits.read_memory(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)
