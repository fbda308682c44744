"""Ctrl-C, with real processes."""

import signal
import sqlite3
import time
from contextlib import closing, suppress
from types import SimpleNamespace

import pytest


@pytest.fixture(params=["inline", "process"])
def workers(request, monkeypatch, home):
    monkeypatch.setenv("STUDIO_WORKERS", request.param)
    monkeypatch.setenv("STUDIO_CANCEL_GRACE", "2")


def look(home, question):
    """Ask the home's rows; through the command line a look takes longer than what it waits for."""
    with suppress(sqlite3.OperationalError):  # there is none yet
        path = f"file:{home / 'studio.db'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            return [value for (value,) in database.execute(question)]
    return []


def interrupt_when(process, is_time, timeout=120):
    end = time.monotonic() + timeout
    while not is_time():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_generate_cancels_its_job(run, start, home, workers):
    process = start("generate", "sample.noise", "--steps", 5000, "--delay", "0.02", "--seed", 1)
    code, _, err = interrupt_when(
        process, lambda: look(home, "SELECT status FROM jobs") == ["running"]
    )
    assert code == 3
    assert "was cancelled, 0 of 1" in err and "Traceback" not in err
    assert run("jobs", "list", "--json").data[0]["status"] == "cancelled"


def test_batch_goes_on_where_it_was(run, start, home, tmp_path, monkeypatch):
    file = tmp_path / "many.toml"
    file.write_text(
        '[[requests]]\ngenerator = "sample.noise"\nseed = 0\ncount = 24\n'
        "params = { delay = 0.4, size = 4 }\n"
    )
    process = start("batch", file)
    code, _, err = interrupt_when(process, lambda: len(look(home, "SELECT id FROM assets")) >= 3)
    assert code == 3
    assert f"`studio batch {file}` goes on" in err
    monkeypatch.setattr("sample_plugin.pictures.time", SimpleNamespace(sleep=lambda seconds: None))
    done = run("batch", file, "--json").data
    assert done["there"] >= 3
    assert len(done["assets"]) == 24
    assert len(run("assets", "list", "--limit", 50, "--json").data) == 24
