"""Ctrl-C, with real processes."""

import signal
import time

import pytest


@pytest.fixture(params=["inline", "process"])
def workers(request, monkeypatch, home):
    monkeypatch.setenv("STUDIO_WORKERS", request.param)
    monkeypatch.setenv("STUDIO_CANCEL_GRACE", "2")


def interrupt_when(process, is_time, timeout=40):
    end = time.monotonic() + timeout
    while not is_time():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_generate_cancels_its_job(run, start, workers):
    process = start("generate", "sample.noise", "--steps", 5000, "--delay", "0.02", "--seed", 1)

    def is_running():
        jobs = run("jobs", "list", "--json").data
        return jobs and jobs[0]["status"] == "running"

    code, _, err = interrupt_when(process, is_running)
    assert code == 3
    assert "was cancelled, 0 of 1" in err and "Traceback" not in err
    assert run("jobs", "list", "--json").data[0]["status"] == "cancelled"


def test_batch_goes_on_where_it_was(run, start, home, tmp_path):
    file = tmp_path / "many.toml"
    file.write_text(
        '[[requests]]\ngenerator = "sample.noise"\nseed = 0\ncount = 24\n'
        "params = { delay = 0.15, size = 4 }\n"
    )
    process = start("batch", file)
    code, _, err = interrupt_when(
        process, lambda: len(run("assets", "list", "--limit", 50, "--json").data) >= 3
    )
    assert code == 3
    assert f"`studio batch {file}` goes on" in err
    done = run("batch", file, "--json").data
    assert done["there"] >= 3
    assert len(done["assets"]) == 24
    assert len(run("assets", "list", "--limit", 50, "--json").data) == 24
