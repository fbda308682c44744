"""What host and worker say to each other: one JSON object a line.

Host to worker on stdin: `Run`, `Cancel`, `Evict`, `Exit`. Worker to host on its own pipe (fd 1 as
it was at start; libraries' stdout goes to the job's log): everything under `WorkerEvent`. Bulk data
travels as files in `Run.scratch`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from studio.media import MediaType
from studio.recipe import Recipe

PROTOCOL = 1
MAX_LINE = 8 << 20
"""Longest line, bytes; a longer one is a protocol error and costs the worker."""


class Message(BaseModel):
    """Base: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InputData(Message):
    """An `InputAsset` on the wire."""

    id: str
    kind: MediaType
    path: str
    files: dict[str, str]
    payload_hash: str = ""
    title: str = ""
    metadata: dict[str, Any] = {}


class CheckpointData(Message):
    """A resolved `Checkpoint` on the wire."""

    name: str
    path: str
    sha256: str


class Run(Message):
    """Run a job. `positions[i]` is the place of `seeds[i]` among all seeds of the job."""

    op: Literal["run"] = "run"
    job: str
    entry_point: str
    resident: str
    checkpoint: CheckpointData | None
    recipe: Recipe  # its seed is filled in per output
    seeds: list[int]
    positions: list[int]
    inputs: dict[str, list[InputData]]
    scratch: str
    kept: str  # path of the folder that outlives this run of the job
    log: str  # path of the job's log file
    memory_modes: list[str] = []


class Cancel(Message):
    """Stop the job at its next step."""

    op: Literal["cancel"] = "cancel"
    job: str


class Evict(Message):
    """Close a resident instance; answered by `Evicted`.

    `is_kept`: move it to pinned host memory instead, if it can.
    """

    op: Literal["evict"] = "evict"
    resident: str
    is_kept: bool = False


class Exit(Message):
    """Close everything and leave."""

    op: Literal["exit"] = "exit"


Order = Annotated[Run | Cancel | Evict | Exit, Field(discriminator="op")]


class Hello(Message):
    """First words: who is there."""

    event: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    pid: int
    device: str
    versions: dict[str, str]  # python, studio, and libraries already known


class Loaded(Message):
    """The instance for a job is in memory (`seconds` 0.0 if it was resident already).

    `size`: bytes that loading it took; 0 if unknown.
    """

    event: Literal["loaded"] = "loaded"
    job: str
    resident: str
    seconds: float
    size: int = 0


class Step(Message):
    """Progress; `preview` is a small picture file or None."""

    event: Literal["step"] = "step"
    job: str
    done: int
    total: int
    preview: str | None = None


class EncodedData(Message):
    """An `Encoded` on the wire."""

    kind: MediaType
    files: dict[str, str]
    payload_hash: str
    thumbnail: str | None
    facts: dict[str, Any]
    metrics: dict[str, float] = {}
    info: dict[str, Any] = {}
    title: str = ""
    licence: str = ""
    params: dict[str, Any] = {}  # those of the recipe that were others in the end


class Output(Message):
    """What one seed gave; the host commits it now."""

    event: Literal["output"] = "output"
    job: str
    position: int
    seed: int
    artifacts: list[EncodedData]
    versions: dict[str, str] = {}  # libraries that made it: torch, numpy, ...
    seconds: float = 0.0


class Done(Message):
    """Every seed was answered. `base_bytes`: memory before the run began, of `peak_bytes`."""

    event: Literal["done"] = "done"
    job: str
    seconds: float
    peak_bytes: int
    base_bytes: int = 0


class Failed(Message):
    """The job broke; `error` is `StudioError.to_dict()`, `traceback` is for bugs."""

    event: Literal["failed"] = "failed"
    job: str
    error: dict[str, Any]
    traceback: str = ""


class Cancelled(Message):
    """The job stopped at a step because it was asked to."""

    event: Literal["cancelled"] = "cancelled"
    job: str


class Evicted(Message):
    """A resident instance was closed."""

    event: Literal["evicted"] = "evicted"
    resident: str


class Heartbeat(Message):
    """Alive; memory in bytes."""

    event: Literal["heartbeat"] = "heartbeat"
    rss: int


class Exited(Message):
    """The worker is gone. Said by the host side, never sent.

    Attributes:
        reason: a sentence: "killed by signal 11 (SIGSEGV)", "took more memory than ...".
        code: exit status; negative for a signal.
        culprit: the plugin (entry point) whose doing it was, "" if nobody's.
    """

    event: Literal["exited"] = "exited"
    reason: str
    code: int
    out_of_memory: bool = False
    culprit: str = ""


WorkerEvent = Annotated[
    Hello | Loaded | Step | Output | Done | Failed | Cancelled | Evicted | Heartbeat | Exited,
    Field(discriminator="event"),
]

ORDERS: TypeAdapter[Order] = TypeAdapter(Order)
EVENTS: TypeAdapter[WorkerEvent] = TypeAdapter(WorkerEvent)
