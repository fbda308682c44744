"""Showing how far things are: bars on a terminal, now and then a line otherwise."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from studio.cli.context import Session
from studio.cli.output import format_seconds

FIRST_LINE = 5.0
"""Seconds before the first plain line: what is quick says nothing."""

_EVERY = 15.0


class Meter(Protocol):
    """Shows how far things are."""

    def show(self, key: str, label: str, done: float, total: float) -> None:
        """Show `done` of `total` (0: unknown) under a label; `key` says which line."""
        ...

    def remark(self, text: str) -> None:
        """Write a line above."""
        ...


class SilentMeter:
    """Says nothing: for `--json`."""

    def show(self, key: str, label: str, done: float, total: float) -> None:
        """Do nothing."""

    def remark(self, text: str) -> None:
        """Do nothing."""


class LineMeter:
    """Writes a plain line now and then, and every remark.

    Args:
        write: takes a line.
        text: translates.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        text: Callable[..., str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._text = text
        self._clock = clock
        self._started: dict[str, tuple[float, float]] = {}
        self._due: dict[str, float] = {}

    def show(self, key: str, label: str, done: float, total: float) -> None:
        """Write a line if the last one of this key is some time ago."""
        now = self._clock()
        if total:  # reading comes before the first step, and what goes on begins in the middle
            self._started.setdefault(key, (now, done))
        if now < self._due.setdefault(key, now + FIRST_LINE) or not total or done >= total:
            return
        self._due[key] = now + _EVERY
        share = f"{label}: {done / total:.0%}"
        started, first = self._started[key]
        if done > first:
            left = (now - started) / (done - first) * (total - done)
            share += self._text(", {time} left", time=format_seconds(left))
        self._write(share)

    def remark(self, text: str) -> None:
        """Write a line."""
        self._write(text)


@contextmanager
def open_meter(session: Session) -> Iterator[Meter]:
    """Choose the meter that fits where the output goes."""
    if session.out.as_json:
        yield SilentMeter()
    elif session.out.is_live:
        from studio.cli.bars import BarMeter  # rich costs a tenth of a second

        with BarMeter() as meter:
            yield meter
    else:
        yield LineMeter(session.out.note, session.text)
