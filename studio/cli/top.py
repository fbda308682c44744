"""`studio top`."""

import dataclasses
import sys
import time
from typing import Any

import click

from studio.cli.command import Command, option
from studio.cli.context import Session
from studio.cli.output import format_plain
from studio.cli.top_tables import Table, build_headline, build_tables
from studio.observe.overview import Overview


@click.command("top", cls=Command)
@option("--once", is_flag=True, help="Write one look and leave; so it is where no terminal is.")
@option("--interval", type=click.FloatRange(0.2), default=1.0, show_default=True,
        metavar="SECONDS", help="Time between looks.")  # fmt: skip
@click.pass_obj
def command(session: Session, once: bool, interval: float) -> None:
    """Watch devices, workers, the queue and rates.

    From any process of the home, whichever of them runs the jobs. Ctrl-C leaves.
    """
    monitor = session.studio.monitor
    if session.out.as_json:
        session.out.data(build_data(monitor.read()))
    elif once or not sys.stdout.isatty():
        for line in format_overview(session, monitor.read()):
            session.out.line(line)
    else:
        watch(session, interval)


def watch(session: Session, interval: float) -> None:
    """Show looks, one after another, until Ctrl-C."""
    from rich.live import Live  # a tenth of a second: only on a terminal

    from studio.cli.top_screen import build_screen

    monitor = session.studio.monitor
    try:
        first = build_screen(session, monitor.read())
        with Live(first, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(interval)
                live.update(build_screen(session, monitor.read()), refresh=True)
    except KeyboardInterrupt:
        return


def build_data(view: Overview) -> dict[str, Any]:
    """Describe a look as JSON."""
    return dataclasses.asdict(view)


def format_overview(session: Session, view: Overview) -> list[str]:
    """Make plain lines of a look."""
    lines = [build_headline(session, view)]
    for table in build_tables(session, view):
        lines += ["", table.title, *_format_table(table)]
    return lines


def _format_table(table: Table) -> list[str]:
    if not table.rows:
        return ["  -"]
    return [f"  {line}" for line in format_plain(table.columns, table.rows)]
