"""What a running pipeline says."""

from dataclasses import dataclass

from studio.events import Event


@dataclass(frozen=True)
class PipelineStarted(Event):
    """Everything was checked; `calls` is step -> planned calls."""

    pipeline: str
    calls: dict[str, int]


@dataclass(frozen=True)
class StepStarted(Event):
    """The first call of a step was submitted."""

    pipeline: str
    step: str


@dataclass(frozen=True)
class StepProgressed(Event):
    """A call of a step ended; `total` is what is planned and may shrink."""

    pipeline: str
    step: str
    done: int
    total: int


@dataclass(frozen=True)
class SeedReplaced(Event):
    """A result failed its gate and another seed is tried."""

    pipeline: str
    step: str
    item: str
    metric: str
    value: float
    seed: int
    new_seed: int


@dataclass(frozen=True)
class CallFailed(Event):
    """A call broke; what does not depend on it goes on."""

    pipeline: str
    step: str
    item: str
    cause: str


@dataclass(frozen=True)
class StepSkipped(Event):
    """A step was not run: it is off, it has nothing to work on, or what it needs failed."""

    pipeline: str
    step: str
    cause: str


@dataclass(frozen=True)
class StepDone(Event):
    """A step has ended; `seconds` is from its first submission."""

    pipeline: str
    step: str
    assets: int
    failed: int
    seconds: float


@dataclass(frozen=True)
class PipelineDone(Event):
    """All has ended."""

    pipeline: str
    assets: int
    failed: int
    seconds: float
