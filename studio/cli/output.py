"""Writing to the terminal, to a file, or as JSON."""

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click


class Output:
    """Results go to stdout, remarks to stderr.

    Args:
        as_json: one JSON document on stdout, and nothing for people.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    @property
    def is_live(self) -> bool:
        """A person watches: progress may move."""
        return not self.as_json and sys.stderr.isatty()

    def line(self, text: str = "") -> None:
        """Write a line."""
        click.echo(text)

    def note(self, text: str) -> None:
        """Write a remark."""
        click.echo(text, err=True)

    def data(self, value: Any) -> None:
        """Write JSON."""
        click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Write a table: framed on a terminal it fits in, plain aligned lines otherwise."""
        cells = [[format_cell(value) for value in row] for row in rows]
        lines = format_plain(columns, cells)
        width = shutil.get_terminal_size().columns
        # A path broken over lines cannot be copied: what is too wide is left to the terminal.
        if sys.stdout.isatty() and max(map(len, lines)) + 2 * len(columns) <= width:
            _write_rich(columns, cells)
        else:
            for line in lines:
                click.echo(line)


def format_cell(value: object) -> str:
    """Make one line of text of a value."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return " ".join(f"{name}={format_cell(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(format_cell, value))
    return " ".join(str(value).split())


def format_size(count: float) -> str:
    """Say bytes in a unit people read."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def format_seconds(seconds: float) -> str:
    """Say a time: "4.2 s", "3 min 05 s", "2 h 10 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def format_plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align with spaces; the last column is as wide as it wants."""
    lines = [list(columns), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _write_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD  # a tenth of a second: only on a terminal
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*[Text(cell, overflow="fold") for cell in row])
    Console().print(table)
