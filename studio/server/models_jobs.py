"""What the routes of jobs and batches take and give."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studio.scheduler.job import JobStatus

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
JobId = Annotated[str, Field(pattern=r"^[0-9a-z]{1,40}$")]
Class = Literal["interactive", "normal", "batch"]


class Body(BaseModel):
    """Base of what is sent to us: nothing unknown, nothing coerced from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CallBody(Body):
    """A call of a generator. Its params and inputs are checked against the generator."""

    generator: str = Field(max_length=200, description="id, e.g. `textures.from_image`")
    params: dict[str, Any] = Field({}, description="as the generator's `params_schema`")
    inputs: dict[str, list[str] | str] = Field({}, description="slot -> asset ids")
    seed: int | None = Field(None, description="the first seed; null picks one by chance")
    count: int = Field(1, description="how many results; seeds go up from `seed`")
    seeds: list[int] | None = Field(None, description="the very seeds, instead of the two")
    preset: str | None = Field(None, max_length=200, description="name of saved params")


class JobBody(CallBody):
    """A job to queue."""

    priority: str = Field("normal", description="interactive, normal or batch")
    reuse: bool = Field(False, description="take what the library has of the same recipe")


class BatchBody(Body):
    """Many calls, queued as one; what the library has already is not made again."""

    requests: list[CallBody] = Field(min_length=1, max_length=10_000)
    priority: Class = "batch"
    tags: list[Annotated[str, Field(max_length=100)]] = Field([], max_length=100)


class Selection(Body):
    """Which jobs: by id, of a batch, or all that one may touch."""

    ids: list[JobId] = Field([], max_length=100_000)
    batch: str = Field("", max_length=64)
    all: bool = False


class PrioritySelection(Selection):
    """Which jobs, and the class they shall have."""

    priority: Class


class Touched(BaseModel):
    """How many things were changed."""

    count: int


class Fault(BaseModel):
    """A wrong field. `place`: "call" (seed, count, preset, ...), "params" or "inputs"."""

    place: Literal["call", "params", "inputs"]
    field: str
    message: str


class EstimateView(BaseModel):
    """What a job would take by itself, once it is its turn.

    `seconds` contains `load_seconds`. `disk_bytes` is null when nothing of the kind was made
    yet; `measured` is false when the generator never ran and the figures are its own guess.
    """

    seconds: float
    load_seconds: float
    peak_bytes: int
    disk_bytes: int | None
    measured: bool


class CheckAnswer(BaseModel):
    """Every wrong field of a call; the estimate if there is none."""

    errors: list[Fault]
    estimate: EstimateView | None


class JobErrorView(BaseModel):
    """Why a job ended badly, in the user's language.

    `message` is `fault` and `remedy` in one; `remedy` is empty where nothing is advised.
    """

    type: str
    message: str
    fault: str
    remedy: str


class JobView(BaseModel):
    """A job. Times are unix seconds; `done` of `total` are steps; `eta` is seconds left."""

    id: str
    generator: str
    title: str
    status: JobStatus
    priority: Class
    user: str
    batch: str
    created: float
    started: float | None
    ended: float | None
    done: int
    total: int
    eta: float | None
    asset_ids: list[str]
    seeds: list[int]
    params: dict[str, Any]
    inputs: dict[str, list[str]]
    checkpoint: str
    error: JobErrorView | None
    paused: bool
    attempts: int
    tags: list[str]
    preview: str | None = Field(description="address of the newest preview, relative to the API")


class JobPage(BaseModel):
    """Jobs, newest first; `next` is the `before` of the next page."""

    items: list[JobView]
    next: str | None


class JobCounts(BaseModel):
    """How many jobs stand where."""

    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    dead: int = 0


class JobLog(BaseModel):
    """What a job's generator and its libraries printed."""

    text: str


class BatchView(BaseModel):
    """A batch and its jobs, in order."""

    id: str
    counts: JobCounts
    jobs: list[str]


class BatchQueued(BaseModel):
    """A batch that was queued."""

    id: str
    jobs: list[str]
