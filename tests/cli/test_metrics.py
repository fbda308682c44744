import re
import signal
import urllib.request

import pytest

from studio.cli.command import WrongUseError
from studio.cli.metrics import split_address


def test_metrics_are_written(run):
    run("generate", "sample.noise", "--size", "8")
    text = run("metrics").out
    assert 'studio_jobs_ended_total{status="done",generator="sample.noise"} 1\n' in text
    assert run("metrics", "--json").data["metrics"].startswith("# HELP studio_info")


def test_metrics_are_served_until_interrupted(start, home):
    process = start("metrics", "--serve", "0")
    url = re.search(r"http://127\.0\.0\.1:\d+/metrics", process.stderr.readline())[0]
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert b"studio_scheduler_up 0" in answer.read()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def test_other_machines_are_refused(run):
    assert "--allow-remote" in run("metrics", "--serve", "0.0.0.0:0", code=4).err


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9000", ("127.0.0.1", 9000)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:80", ("::1", 80)),
        (":80", ("127.0.0.1", 80)),
    ],
)
def test_addresses(text, address):
    assert split_address(text) == address


@pytest.mark.parametrize("text", ["", "x", "host:", "host:99999", "1.5"])
def test_wrong_addresses(text):
    with pytest.raises(WrongUseError):
        split_address(text)
