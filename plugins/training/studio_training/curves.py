"""Figures of a training: means between two points of a curve, and TensorBoard's logs."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self


class Means:
    """Means of figures between two points of a curve."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0
        self.last: dict[str, float] = {}

    def add(self, figures: Mapping[str, float]) -> None:
        """Take in the figures of a step; `last` is their mean since the last `take`."""
        self._count += 1
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self.last = {name: value / self._count for name, value in self._sums.items()}

    def take(self) -> dict[str, float]:
        """Return the means and begin anew."""
        self._sums, self._count = {}, 0
        return self.last


class Curves:
    """TensorBoard's logs, one more file in `folder` each time.

    Events are written at once, by this thread: the library's own writer wants a queue between
    processes, which a confined worker cannot make.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"), f".{time.time_ns()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def note(self, step: int, figures: Mapping[str, float]) -> None:
        """Write a point of each curve; what is not finite is left out."""
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.summary import scalar

        for name, value in figures.items():
            if math.isfinite(value):
                summary = scalar(name, value)
                self._writer.write_event(Event(wall_time=time.time(), step=step, summary=summary))
        self._writer.flush()
