import io
import json
import re
import time

import pytest
from rich.console import Console

from studio.cli.context import Session
from studio.cli.flags import Flags
from studio.cli.top_screen import build_screen
from studio.cli.top_tables import describe_job
from studio.observe.machine import DeviceView
from studio.observe.overview import Disk, JobView, Overview, QueueView, Rates, WorkerView
from studio.observe.snapshot import load_snapshot

JOB = JobView("01job", "test.make", "ann", "batch", 3, 12, 6.0, 18.0)


def build_view(**changes):
    values = {
        "time": 0.0,
        "home": "/home/of/it",
        "pid": 42,
        "uptime": 65.0,
        "devices": (DeviceView("cpu", "2 cores", 1 << 30, 4 << 30), DeviceView("cuda:0", "[red]")),
        "workers": (WorkerView("w-abc123", "main", "cpu", ("test.make", "test.other"), JOB),),
        "running": (),
        "queue": (QueueView("batch", "ann", 7, 1, 90.0),),
        "jobs": {"queued": 8, "done": 5},
        "rates": Rates(4, 1, 30),
        "disk": Disk(9, 2048, 1 << 30, 2 << 30),
    }
    return Overview(**{**values, **changes})


def draw(view, width=120):
    console = Console(file=io.StringIO(), width=width, height=50, force_terminal=False)
    console.print(build_screen(Session(Flags()), view))
    return console.file.getvalue()


def test_the_screen_shows_it_all():
    text = draw(build_view())
    for words in (
        "process 42 has scheduled for 1 min 05 s",
        "4 done, 1 failed",
        "30 assets",
        "1.0 GiB 25%",
        "[red]",
        "abc123",
        "01job",
        "3/12 25%, 18.0 s left",
        "test.make, test.other",
        "7 wait; in all: 5 done, 8 queued",
        "1 min 30 s",
    ):
        assert words in text, words
    assert draw(build_view(), width=40), "a narrow terminal cuts"


def test_jobs_of_nobody_we_know_are_shown_too():
    text = draw(build_view(pid=None, workers=(), running=(JOB,)))
    assert "no scheduler runs" in text
    assert "Running elsewhere" in text


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (None, ""),
        (JobView("j", "g", "u", "normal", 0, 0, 2.0, None), "2.0 s"),
        (JobView("j", "g", "u", "normal", 0, 4, 2.0, None), "0/4 0%"),
        (JOB, "3/12 25%, 18.0 s left"),
    ],
)
def test_progress(job, text):
    assert describe_job(Session(Flags()), job) == text


def test_a_look_without_a_terminal(run):
    run("generate", "sample.noise", "--size", "8")
    text = run("top").out
    assert "no scheduler runs" in text
    assert "1 done" in text
    assert re.search(r"^  cpu ", text, re.MULTILINE)
    assert run("top", "--once").out.count("Devices") == 1


def test_a_look_as_json(run):
    run("generate", "sample.noise", "--size", "8")
    data = run("top", "--once", "--json").data
    assert data["jobs"] == {"done": 1}
    assert data["rates"]["assets_per_hour"] == 1
    assert data["disk"]["assets"] == 1


def test_another_process_sees_what_runs_here(start, run, home):
    from studio import Studio

    with Studio(home, workers="inline") as studio:
        job = studio.submit("sample.noise", steps=5000, delay=0.05, size=8)
        end = time.monotonic() + 60
        while not (told := load_snapshot(home / "cache" / "status.json")) or not told.progress:
            assert time.monotonic() < end, told
            time.sleep(0.02)
        out, err = start("top", "--json", STUDIO_WORKERS="inline").communicate(timeout=60)
        job.cancel()
        job.wait(60)
    data = json.loads(out)
    assert err == ""
    (worker,) = data["workers"]
    assert worker["job"]["id"] == job.id
    assert worker["job"]["generator"] == "sample.noise"
    assert worker["job"]["total"] == 5000
    assert worker["residents"] == ["sample.noise"]
    assert run("top", "--json").data["pid"] is None


def test_watching_ends_with_ctrl_c(run, home, monkeypatch):
    from studio.cli import top

    run("generate", "sample.noise", "--size", "8")
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(top.time, "sleep", sleep)
    with Session(Flags(home=str(home))) as session:
        top.watch(session, 0.5)
    assert looks == [0.5, 0.5, 0.5]
