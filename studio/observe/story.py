"""What is remembered of a job while it runs; bounded, however many steps it takes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_MARKS = 256
"""Points in time kept of each kind; when there are more, every second one is dropped."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something came at a time (unix seconds)."""

    time: float
    label: str


class Marks:
    """A list that thins itself out: it keeps the first, the last, and some between."""

    def __init__(self, most: int = MAX_MARKS) -> None:
        self._most = most
        self._kept: list[Mark] = []
        self._last: Mark | None = None
        self._stride = 1
        self.count = 0

    def add(self, mark: Mark) -> None:
        """Add one."""
        if self.count % self._stride == 0:
            self._kept.append(mark)
            if len(self._kept) > self._most:
                del self._kept[1::2]
                self._stride *= 2
        self._last = mark
        self.count += 1

    def __iter__(self) -> Iterator[Mark]:
        yield from self._kept
        if self._last is not None and self._kept[-1] is not self._last:
            yield self._last

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass
class Attempt:
    """One lease of a job.

    Attributes:
        worker, environment, device: of whom; "" if unknown.
        resident: what was loaded for it; "" before.
        end: how it ended: a job's status; "" while it runs.
    """

    started: float
    worker: str = ""
    environment: str = ""
    device: str = ""
    loaded: float | None = None
    resident: str = ""
    finished: float = 0.0
    end: str = ""
    steps: Marks = field(default_factory=Marks)
    outputs: Marks = field(default_factory=Marks)


@dataclass
class Story:
    """A job from when it was queued to its end. Times in unix seconds."""

    job: str
    created: float = 0.0
    generator: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
