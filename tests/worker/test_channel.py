"""Lines through pipes that are slow, full, or closed."""

import sys
import time
from subprocess import PIPE, Popen

import pytest

from studio.worker.channel import Channel, LineTooLongError

ECHO = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line)"


@pytest.fixture
def open_channel():
    opened = []

    def start(source):
        process = Popen(
            [sys.executable, "-S", "-u", "-c", source], stdin=PIPE, stdout=PIPE, bufsize=0
        )
        opened.append((process, Channel(process)))
        return opened[-1][1]

    yield start
    for process, channel in opened:
        process.kill()
        process.wait()
        channel.close()
        channel.wake()  # after the end: nothing happens
        channel.post(b"late")


def collect(channel, count):
    lines = []
    deadline = time.monotonic() + 60
    while len(lines) < count and not channel.is_ended:
        assert time.monotonic() < deadline
        lines += channel.poll(0.2)
    return lines


def test_lines_come_back_whole_and_in_order(open_channel):
    channel = open_channel(ECHO)
    sent = [b"a", b"", b"x" * 500_000, "ñ".encode(), b"last"]
    for line in sent:
        channel.post(line)
    assert collect(channel, len(sent)) == sent


def test_a_line_without_end(open_channel, monkeypatch):
    monkeypatch.setattr("studio.worker.channel.MAX_LINE", 1000)
    channel = open_channel("print('x' * 1001, end='')")
    with pytest.raises(LineTooLongError):
        collect(channel, 1)


def test_the_end_is_seen_and_writing_to_it_is_harmless(open_channel):
    channel = open_channel("print('bye')")
    assert collect(channel, 2) == [b"bye"]
    assert channel.is_ended
    time.sleep(0.05)
    channel.post(b"x" * 100_000)
    channel.poll(0)


def test_a_wake_ends_a_poll(open_channel):
    channel = open_channel("import time; time.sleep(100)")
    channel.wake()
    start = time.monotonic()
    channel.poll(60)
    assert time.monotonic() - start < 30
