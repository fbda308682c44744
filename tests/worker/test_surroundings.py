"""What a job changes is put back."""

import json
import os
import signal
import sys

from studio.worker.job_log import cap_log
from studio.worker.surroundings import Surroundings


def test_everything_is_put_back(monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MARK", "1")
    folder, mask = os.getcwd(), os.umask(0o022)
    handler = signal.getsignal(signal.SIGUSR2)
    streams, dumps, depth = (sys.stdin, sys.stdout), json.dumps, sys.getrecursionlimit()
    before = Surroundings()
    try:
        os.chdir(tmp_path)
        os.umask(0o077)
        os.environ.clear()
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 60)
        sys.stdin = sys.stdout = None
        json.dumps = None
        sys.path.append("/odd")
        sys.setrecursionlimit(depth + 5)
    finally:
        before.restore()
    assert os.getcwd() == folder
    assert os.umask(mask) == 0o022
    assert os.environ["STUDIO_MARK"] == "1"
    assert signal.getsignal(signal.SIGUSR2) == handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert (sys.stdin, sys.stdout) == streams
    assert json.dumps is dumps
    assert "/odd" not in sys.path
    assert sys.getrecursionlimit() == depth


def test_a_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    before = Surroundings()
    (tmp_path / "gone").rmdir()
    before.restore()
    assert os.getcwd() == "/"


def test_a_log_that_is_too_long_is_cut_and_written_on(tmp_path):
    path = tmp_path / "job.log"
    with path.open("ab", buffering=0) as log:
        log.write(b"x" * 1000)
        assert not cap_log(path, 1000)
        log.write(b"y")
        assert cap_log(path, 1000)
        log.write(b"the end")
    text = path.read_text()
    assert text.startswith("x" * 500 + "\n[studio: this log grew")
    assert text.endswith("was dropped]\nthe end")
    assert not cap_log(tmp_path / "none")
