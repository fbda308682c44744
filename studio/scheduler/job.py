"""What a job is: its request, its record, its lease."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from studio.errors import StudioError
from studio.recipe import Recipe


class JobStatus(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # the generator or its input is at fault
    CANCELLED = "cancelled"
    DEAD = "dead"  # it killed its worker too often

    @property
    def is_final(self) -> bool:
        """Nothing will change any more, unless somebody retries it."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Priority(IntEnum):
    """Who goes first; smaller is sooner."""

    INTERACTIVE = 0
    NORMAL = 1
    BATCH = 2


class JobRequest(BaseModel):
    """All that is needed to run a job, now or after a restart.

    Attributes:
        recipe: generator, params, input hashes, checkpoint; its seed is filled in per output.
        seeds: one output each.
        inputs: slot name -> asset ids.
        resident: which instance runs it (`GeneratorSpec.get_resident_key`).
        titles: one per seed, for what it makes; none means the generator's own.
        trashed: store what it makes in the trash (a reproduction, a trial).
        lane: kind of device it runs on: "gpu" or "cpu".
        footprint: bytes its generator guesses it takes there.
        memory_modes: what its generator can do when memory is short.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    seeds: tuple[int, ...]
    inputs: dict[str, list[str]] = {}
    entry_point: str
    environment: str = "main"
    resident: str
    priority: Priority = Priority.NORMAL
    user: str = "local"
    batch: str = ""
    titles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    trashed: bool = False
    lane: str = "cpu"
    footprint: int = 0
    memory_modes: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobRecord:
    """A row of the job table.

    Attributes:
        outputs: position among the seeds -> ids of the assets that answered it.
        attempts: times its worker died under it; `losses`: times the host did.
        error: `StudioError.to_dict()` with an optional "traceback", or None.
    """

    id: str
    status: JobStatus
    request: JobRequest
    created: float
    started: float | None = None
    finished: float | None = None
    done: int = 0
    total: int = 0
    preview: str | None = None
    attempts: int = 0
    losses: int = 0
    token: int = 0
    worker: str = ""
    cancel_requested: bool = False
    error: dict[str, Any] | None = None
    outputs: dict[int, list[str]] = field(default_factory=dict)
    is_paused: bool = False

    @property
    def asset_ids(self) -> list[str]:
        """What it made so far, in the order of its seeds."""
        return [asset for position in sorted(self.outputs) for asset in self.outputs[position]]


@dataclass(frozen=True)
class Lease:
    """The right to run a job, until somebody else gets a higher token.

    Attributes:
        positions: the seeds still to be answered, as places in `request.seeds`.
    """

    job: str
    token: int
    request: JobRequest
    positions: tuple[int, ...]


class LostLeaseError(StudioError):
    """Somebody else holds the job now; what was made under the old lease is dropped."""
