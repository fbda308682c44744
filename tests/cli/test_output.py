import io

import pytest

from studio.cli.bars import BarMeter
from studio.cli.output import Output, format_cell, format_plain, format_seconds, format_size
from studio.cli.progress import LineMeter


def test_plain_lines_are_aligned():
    lines = format_plain(("a", "bb"), [["long", "1"], ["x", "22"]])
    assert lines == ["a     bb", "long  1", "x     22"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (0.12345, "0.1235"), ({"a": 1}, "a=1"), ([1, 2], "1, 2"),
     ("two\nlines", "two lines")],
)  # fmt: skip
def test_cells(value, text):
    assert format_cell(value) == text


def test_sizes_and_times():
    assert [format_size(n) for n in (5, 2048, 3 << 30)] == ["5 B", "2.0 KiB", "3.0 GiB"]
    assert format_seconds(4.24) == "4.2 s"
    assert format_seconds(185) == "3 min 05 s"
    assert format_seconds(7800) == "2 h 10 min"


def test_a_terminal_gets_a_frame(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    Output(False).table(("a", "b"), [("[red]x[/red]", "y")])
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out and "─" in out


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_lines_come_now_and_then():
    lines, clock = [], Clock()
    meter = LineMeter(lines.append, lambda template, **v: template.format(**v), clock)
    for second in range(0, 36, 2):
        clock.now = float(second)
        meter.show("k", "work", second, 40)
    assert lines == ["work: 15%, 34.0 s left", "work: 55%, 18.0 s left"]
    meter.remark("said")
    assert lines[-1] == "said"


@pytest.mark.parametrize(("first", "left"), [(1, "1 min 24 s"), (60, "25.0 s")])
def test_the_time_left_is_that_of_steps_taken(first, left):
    """Not of reading before them, nor of those of a run that is gone on with."""
    lines, clock = [], Clock()
    meter = LineMeter(lines.append, lambda template, **v: template.format(**v), clock)
    meter.show("k", "work", 0, 0)
    for second in range(30, 46):
        clock.now = float(second)
        meter.show("k", "work", first + second - 30, 100)
    assert lines == [f"work: {first}%", f"work: {first + 15}%, {left} left"]


def test_what_is_quick_says_nothing():
    lines = []
    meter = LineMeter(lines.append, str, Clock())
    meter.show("k", "work", 1, 2)
    meter.show("k", "work", 2, 2)
    assert lines == []


def test_bars():
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with BarMeter(console) as meter:
        meter.show("k", "[work]", 0, 0)
        meter.show("k", "[work]", 1, 4)
        meter.remark("[b]said[/b]")
    text = console.file.getvalue()
    assert "25%" in text and "[work]" in text and "[b]said[/b]" in text
