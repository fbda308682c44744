"""`textures.make_seamless`: the same picture, made tileable, changing as little as possible."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from studio.generator import Artifact, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.pictures_io import load_picture, to_floats, to_image
from studio_textures.quality import measure
from studio_textures.rectify import straighten
from studio_textures.seamless import SeamlessSettings, make_seamless


class MakeSeamlessParams(Params):
    """Params of `textures.make_seamless`."""

    patch: int = Field(
        0,
        ge=0,
        le=1024,
        description="width of the patches laid over the border; 0 takes a sixth of the picture",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    good: float = Field(
        1.1,
        ge=1,
        le=5,
        description="seam ratio up to which the picture is left untouched",
        json_schema_extra={"advanced": True},
    )
    straighten: Literal["auto", "yes", "no"] = Field(
        "no",
        description="turn bricks or tiles taken at an angle to the front first, which crops the "
        "picture; auto does so where that clearly makes its lines straighter",
    )
    regular: bool = Field(False, description="crop bricks, tiles or threads to whole periods first")


class MakeSeamless(Generator):
    """Closes the border of a picture with min-cut patches of its own."""

    id: ClassVar[str] = "textures.make_seamless"
    title: ClassVar[str] = "Make seamless"
    summary: ClassVar[str] = "The same picture, made tileable"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="the picture to make tileable"),
    )
    Params: ClassVar[type[Params]] = MakeSeamlessParams
    seeded: ClassVar[bool] = False

    def generate(self, params: MakeSeamlessParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the tile."""
        source = job.inputs["image"][0]
        picture = load_picture(source.path)
        straightened = False
        if params.straighten != "no":
            done = straighten(
                picture,
                force=params.straighten == "yes",
                on_step=lambda: job.step(0, len(job.seeds)),
            )
            picture, straightened = done.image, done.applied
        settings = SeamlessSettings(
            patch=params.patch or None, good=params.good, regular=params.regular
        )
        for index, _ in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            made = make_seamless(picture, np.random.default_rng(0), settings)
            image = to_image(made.image)
            job.step(index + 1, len(job.seeds), image)
            yield Artifact(
                image,
                MediaType.IMAGE,
                metrics={
                    **measure(to_floats(image)),
                    "changed": made.changed,
                    "seam_ratio_before": made.before.worst,
                    "seam_ratio_closed": (made.closed or made.before).worst,
                },
                info={"shift": list(made.shift), "straightened": straightened},
                title=source.title,
            )
