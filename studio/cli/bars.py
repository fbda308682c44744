"""Progress bars with the time left, for a terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class BarMeter:
    """One bar per key, on stderr."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, key: str, label: str, done: float, total: float) -> None:
        """Move a bar; one without a total runs to and fro."""
        if key not in self._bars:
            self._bars[key] = self._progress.add_task(label, total=None)
        self._progress.update(
            self._bars[key], description=label, completed=done, total=total or None
        )

    def remark(self, text: str) -> None:
        """Write a line above the bars."""
        self._progress.console.print(Text(text))
