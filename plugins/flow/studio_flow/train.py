"""`flow.train`: weights for `flow.texture` or `flow.sprite` from pictures of one's own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, JsonValue

from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Footprint,
    Generator,
    Input,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_flow.shelf import list_shipped

if TYPE_CHECKING:
    from studio_flow.plan import Plan

SHIPPED = list_shipped("texture", "sprite")
ADVANCED: dict[str, JsonValue] = {"advanced": True}


class TrainParams(Params):
    """Params of `flow.train`."""

    folder: str = Field(
        "",
        max_length=4000,
        description="a folder of pictures, beside those given as input; the names of the folders "
        "in it are the classes",
    )
    what: Literal["textures", "sprites"] = Field(
        "textures", description="seamless tiles, or sprites of up to 32 px with alpha"
    )
    start: str = Field(
        "",
        max_length=500,
        description="weights to go on from: shipped ones by name, or a checkpoint made here",
    )
    width: Literal["small", "standard", "large"] = Field(
        "small", description="of the net: about 1, 4 or 25 million weights; large wants a GPU"
    )
    side: Literal[64, 128] = Field(
        128,
        description="tiles are reduced to this side first; sprites are not",
        json_schema_extra={"unit": "px"},
    )
    steps: int = Field(4000, ge=1, le=1_000_000, description="steps to learn")
    stop_after: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="pause after this many steps; a run with the result as start goes on as if "
        "there had been no pause. 0 goes to the end",
        json_schema_extra=ADVANCED,
    )
    batch: int = Field(
        16, ge=1, le=512, description="pictures in a step", json_schema_extra=ADVANCED
    )
    rate: float = Field(
        1e-3, ge=1e-6, le=0.01, description="learning rate", json_schema_extra=ADVANCED
    )
    distil: bool = Field(
        False,
        description="teach the weights in start to draw in four steps, without guidance, what "
        "they draw in eight; about 900 steps at a rate of 0.0003 do",
        json_schema_extra=ADVANCED,
    )
    augment: Literal["auto", "roll", "all"] = Field(
        "auto",
        description="beside rolling a tile: auto mirrors and turns where the class allows it; "
        "roll does neither; all does both, also to bricks",
        json_schema_extra=ADVANCED,
    )
    patience: int = Field(
        0,
        ge=0,
        le=1000,
        description="stop when held-out pictures have not become easier for so many "
        "measurements; 0 never does",
        json_schema_extra=ADVANCED,
    )


class Train(Generator):
    """AdamW on the flow-matching loss; keeps the running average of the weights."""

    id: ClassVar[str] = "flow.train"
    title: ClassVar[str] = "Train a flow"
    summary: ClassVar[str] = "Weights for flow.texture or flow.sprite from your own pictures"
    output: ClassVar[MediaType] = MediaType.CHECKPOINT
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "pictures",
            (MediaType.IMAGE, MediaType.TEXTURE),
            many=True,
            optional=True,
            summary="to learn from, all as one class",
        ),
        Input(
            "dataset",
            (MediaType.ARCHIVE,),
            many=True,
            optional=True,
            summary="datasets, from training.dataset",
        ),
    )
    Params: ClassVar[type[Params]] = TrainParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("start",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    testing_params: ClassVar[dict[str, object]] = {"side": 64, "steps": 2, "batch": 2}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a batch, forwards and backwards."""
        side = 32 if params.what == "sprites" else params.side
        return Footprint(host_bytes=(900 << 20) + params.batch * side**2 * 2000)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._start = checkpoint

    def generate(self, params: TrainParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the weights, their config, their card, and what going on needs."""
        from studio_flow.plan import build_plan

        plan: Plan = build_plan(params, job, self._start, self.device)
        for index in range(len(job.seeds)):
            yield plan.run(job, index)
