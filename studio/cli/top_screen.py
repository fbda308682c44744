"""`studio top` on a terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from studio.cli.context import Session
from studio.cli.top_tables import build_headline, build_tables
from studio.observe.overview import Overview


def build_screen(session: Session, view: Overview) -> Group:
    """Build what is shown; the terminal cuts what does not fit."""
    parts: list[Text | Table] = [Text(build_headline(session, view))]
    for table in build_tables(session, view):
        frame = Table(
            *[Column(Text(name)) for name in table.columns],
            box=SIMPLE_HEAD,
            pad_edge=False,
            title=Text(table.title, style="bold"),
            title_justify="left",
        )
        for row in table.rows:
            frame.add_row(*[Text(cell, overflow="ellipsis", no_wrap=True) for cell in row])
        parts.append(frame)
    return Group(*parts)
