"""`flow.texture`: seamless textures from a class or words, a picture, or into a masked part."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import Field, JsonValue, create_model
from studio_training.budget import TOGETHER
from studio_training.laying_params import COURSES, JOINTS, LAYOUT, VARIETY, Joints, Layout
from studio_training.seams import measure_seams

from studio.codecs import load_image
from studio.errors import InvalidInputError, InvalidParamsError
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
from studio_flow.shelf import get_place, list_shipped
from studio_flow.vocabulary import Reading, read_prompt

if TYPE_CHECKING:
    from studio_flow.model import Flow
    from studio_flow.paint import Order, Source

SHIPPED = list_shipped("texture")
ADVANCED: dict[str, JsonValue] = {"advanced": True}
FAINTEST = 32
"""Of 255, by which a line of a drawing must differ from the paper."""
FIELD_SHARE: Mapping[str, int] = {"small": 1, "medium": 2, "large": 4}


class _TextureParams(Params):
    """Params of `flow.texture`, but for "class", which is a word of Python."""

    checkpoint: str = Field(
        "texture",
        min_length=1,
        max_length=500,
        description="shipped weights by name, or a checkpoint of your own, from flow.train",
    )
    prompt: str = Field(
        "",
        max_length=400,
        description="words such as 'mossy dark stone wall'; a small vocabulary is known, and what "
        "is not is listed in the result",
        json_schema_extra={"widget": "prompt"},
    )
    size: int = Field(
        512, ge=32, le=1024, description="width of the texture", json_schema_extra={"unit": "px"}
    )
    height: int = Field(
        0,
        ge=0,
        le=1024,
        description="of the texture; 0 makes it square",
        json_schema_extra={"unit": "px"},
    )
    features: Literal["small", "medium", "large"] = Field(
        "medium",
        description="size of bricks, planks, grain; small is the sharpest and slowest",
    )
    layout: Layout = LAYOUT
    courses: int = COURSES
    joints: Joints = JOINTS
    variety: float = VARIETY
    palette: str = Field(
        "",
        max_length=200,
        description="colours to keep to, as #rrggbb with commas; none leaves them to the class",
    )
    palette_strength: float = Field(
        1.0,
        ge=0,
        le=1,
        description="1 meets the colours, 0 ignores them",
        json_schema_extra=ADVANCED,
    )
    strength: float = Field(
        0.6,
        ge=0.05,
        le=1,
        description="with a picture given: how much of it is drawn anew",
    )
    style_seed: int = Field(
        -1,
        ge=-1,
        le=2**31 - 1,
        description="textures of one style seed share colours and kind of pattern; -1 leaves it "
        "to the seed",
        json_schema_extra=ADVANCED,
    )
    num_inference_steps: int = Field(
        8,
        ge=1,
        le=50,
        description="steps from noise; more is finer and slower. 4, with the other settings as "
        "they are, uses weights distilled for it, three times as fast",
    )
    guidance_scale: float = Field(
        2.0,
        ge=1,
        le=8,
        description="how strictly the class is kept to; 1 is faster",
        json_schema_extra=ADVANCED,
    )
    method: Literal["euler", "heun"] = Field(
        "euler",
        description="heun asks the net twice a step and needs fewer steps",
        json_schema_extra=ADVANCED,
    )
    refine: float = Field(
        0.0,
        ge=0,
        le=0.6,
        description="draw the enlarged texture over with so much noise, for finer detail",
        json_schema_extra=ADVANCED,
    )


TextureParams: Any = create_model(  # type: ignore[call-overload]
    "TextureParams",
    __base__=_TextureParams,
    __module__=__name__,
    **{
        "class": (
            str,
            Field(
                "",
                max_length=100,
                description="material, such as brick or wood; empty takes it from the prompt",
            ),
        )
    },
)


class Texture(Generator):
    """A rectified flow on a torus."""

    id: ClassVar[str] = "flow.texture"
    title: ClassVar[str] = "Texture from words"
    summary: ClassVar[str] = "Seamless textures of 25 materials, from a class or a few words"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), optional=True, summary="a texture to start from"),
        Input(
            "mask",
            (MediaType.IMAGE,),
            optional=True,
            summary="white where the image is to be drawn anew",
        ),
        Input(
            "drawing",
            (MediaType.IMAGE,),
            optional=True,
            summary="dark lines on white: where the joints go, in place of a layout",
        ),
    )
    Params: ClassVar[type[Params]] = TextureParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    testing_params: ClassVar[dict[str, object]] = {
        "class": "any",
        "size": 64,
        "features": "small",
        "num_inference_steps": 2,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a field, told and blind one after the other."""
        factor = FIELD_SHARE[params.features] if not params.refine else 1
        pixels = max(TOGETHER, params.size * (params.height or params.size) // factor**2)
        return Footprint(host_bytes=(500 << 20) + (pixels + params.size**2) * 500)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        from studio_flow.model import TEXTURE, load_flow
        from studio_flow.paint import Painter

        self._flow: Flow = load_flow(get_place(checkpoint, self.id), TEXTURE, device)
        self._painter = Painter(self._flow, device)

    def generate(self, params: Any, job: JobContext) -> Iterator[Artifact]:
        """Yield one texture per seed."""
        reading = read_prompt(params.prompt, self._flow.classes)
        name = choose_class(getattr(params, "class"), reading, self._flow.classes)
        source = load_source(job, params.strength)
        order = self._build_order(params, name, reading, source)
        order = replace(order, drawing=load_drawing(job))
        for image, seed, seconds in self._paint(order, source, job):
            field = self._painter.plan_field(order)
            yield Artifact(
                image,
                MediaType.IMAGE,
                metrics=measure_seams(np.asarray(image)),
                info={
                    "class": name,
                    "words_unknown": list(reading.unknown),
                    "words_used": [*reading.qualities, *reading.colours],
                    "layout": order.laying.layout,
                    "field": [field[1], field[0]],
                },
                title=f"{name.replace('_', ' ')} {seed}",
                seconds=seconds,
            )

    def _paint(
        self, order: "Order", source: "Source | None", job: JobContext
    ) -> Iterator[tuple[Image.Image, int, float]]:
        """Yield pictures, their seeds and what each took; small new ones are drawn together."""
        steps = self._painter.count_steps(order)
        total, done = steps * len(job.seeds), 0

        def tell(preview: Image.Image, pictures: int) -> None:
            nonlocal done
            job.step(done, total, preview)
            done += pictures

        most = self._painter.count_together(order) if len(job.seeds) > 1 and not source else 1
        for first in range(0, len(job.seeds), most):
            seeds, start = job.seeds[first : first + most], time.monotonic()
            if source is None:
                images = self._painter.paint_new(order, seeds, tell)
            else:
                images = [self._painter.paint_over(order, seeds[0], source, tell)]
            seconds = (time.monotonic() - start) / len(seeds)
            for image, seed in zip(images, seeds, strict=True):
                job.step(done, total, image)
                yield image, seed, seconds

    def _build_order(
        self, params: Any, name: str, reading: Reading, source: "Source | None"
    ) -> "Order":
        from studio_training.laying import AUTO, Laying

        from studio_flow.paint import Order
        from studio_flow.sampling import Style
        from studio_flow.wishes import Wish, read_palette

        palette = read_palette(params.palette)
        width, height = params.size, params.height or params.size
        if source is not None and source.mask is not None:
            width, height = source.image.size
        layout = params.layout if params.layout != AUTO else reading.layout or AUTO
        return Order(
            kind=self._flow.get_class(name),
            wish=Wish(reading.qualities, reading.colours, palette, params.palette_strength),
            width=width,
            height=height,
            features=params.features,
            style=Style(params.num_inference_steps, params.guidance_scale, params.method),
            style_seed=params.style_seed,
            refine=params.refine,
            laying=Laying(layout, params.courses, params.joints, params.variety),
        )


def choose_class(asked: str, reading: Reading, classes: tuple[str, ...]) -> str:
    """Return the class asked for, or named in the prompt; "any" where neither says one.

    Raises:
        InvalidParamsError: the class is not known.
    """
    if not asked:
        return reading.materials[0] if reading.materials else "any"
    name = asked.strip().lower().replace(" ", "_")
    by_name = {known.lower(): known for known in classes} | {"any": "any"}
    if name not in by_name:
        raise InvalidParamsError(
            "class: '{name}' was not learnt by these weights; they know {known}",
            name=asked,
            known=", ".join(classes),
        )
    return by_name[name]


def load_drawing(job: JobContext) -> Image.Image | None:
    """Load the drawing of joints, if there is one.

    Raises:
        InvalidInputError: there is no line in it.
    """
    drawings = job.inputs.get("drawing", [])
    if not drawings:
        return None
    image = load_image(drawings[0].path).convert("L")
    if int(np.ptp(np.asarray(image))) < FAINTEST:
        raise InvalidInputError("drawing: there is no line in it; draw joints dark on white")
    return image


def load_source(job: JobContext, strength: float) -> "Source | None":
    """Load the picture to start from, and the mask.

    Raises:
        InvalidInputError: a mask alone, an empty one, or one of another shape.
    """
    from studio_flow.paint import Source

    images, masks = job.inputs.get("image", []), job.inputs.get("mask", [])
    if not images:
        if masks:
            raise InvalidInputError("mask: there is no image that it could mask; give one too")
        return None
    image = load_image(images[0].path).convert("RGB")
    if not masks:
        return Source(image, strength)
    mask = load_image(masks[0].path).convert("L")
    if mask.size != image.size:
        raise InvalidInputError(
            "mask: {mask} pixels, but the image has {image}; make them the same size",
            mask="{} x {}".format(*mask.size),
            image="{} x {}".format(*image.size),
        )
    if mask.getextrema()[1] == 0:
        raise InvalidInputError("mask: all of it is black; paint white what is to be drawn anew")
    return Source(image, strength, mask)
