"""What the routes of pipelines and runs take and give."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from studio.server.models_catalogue import SlotView
from studio.server.models_jobs import Body, JobErrorView, Seed


class PipelineStepView(BaseModel):
    """A step of a recipe."""

    name: str
    generator: str
    foreach: str
    count: int | str


class PipelineView(BaseModel):
    """A recipe. `toml` is its text; `shipped`: not the user's own, saving makes a copy."""

    name: str
    title: str
    summary: str
    inputs: list[SlotView]
    params_schema: dict[str, Any]
    steps: list[PipelineStepView]
    toml: str
    shipped: bool


class PipelineList(BaseModel):
    """Recipes, and what is wrong with those that cannot be read."""

    items: list[PipelineView]
    faults: list[str]


class RecipeBody(Body):
    """The text of a recipe."""

    toml: str = Field(max_length=1_000_000)


class RecipeFault(BaseModel):
    """What is wrong with a recipe; `step` and `field` where it is known, else ""."""

    step: str
    field: str
    message: str


class RecipeCheck(BaseModel):
    """The first fault of a recipe, if it has one."""

    errors: list[RecipeFault]


class RunBody(Body):
    """What to run a recipe with."""

    inputs: dict[str, list[str] | str] = Field({}, description="input -> asset ids")
    params: dict[str, Any] = Field({}, description="as the pipeline's `params_schema`")
    seed: Seed = Field(0, description="decides all others: the same again makes nothing anew")


class RunStepView(BaseModel):
    """A step of a run: `done` of `total` calls ended; `assets`: what it made so far."""

    name: str
    generator: str
    status: Literal["waiting", "running", "done", "failed", "skipped", "cancelled"]
    done: int
    total: int
    assets: list[str]
    note: str


class RunView(BaseModel):
    """A run of a recipe. Times are unix seconds."""

    id: str
    pipeline: str
    title: str
    status: Literal["running", "done", "failed", "cancelled"]
    user: str
    seed: int
    inputs: dict[str, list[str]]
    params: dict[str, Any]
    created: float
    ended: float | None
    steps: list[RunStepView]
    error: JobErrorView | None


class RunPage(BaseModel):
    """Runs, newest first; `next` is the `before` of the next page."""

    items: list[RunView]
    next: str | None
