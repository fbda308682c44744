"""`upscale.pixelart`: sprites and tiles, larger by rule or by a net that chooses colours."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from PIL import Image
from pydantic import Field

from studio.codecs import load_image
from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Generator,
    Input,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_upscale.pictures import check_growth, is_tiling, to_image, to_pixels
from studio_upscale.pixels import plan_factors, scale_pixels
from studio_upscale.shelf import list_shipped


class PixelArtParams(Params):
    """Params of `upscale.pixelart`."""

    method: Literal["nearest", "scale", "xbr", "learnt"] = Field(
        "scale",
        description="nearest keeps every pixel square; scale (EPX, Scale2x, Scale3x) rounds "
        "stairs with the colours there are; xbr smooths them with colours between; learnt is a "
        "net that chooses among the colours around",
    )
    scale: int = Field(
        4,
        ge=1,
        le=16,
        description="times each side grows; scale has 2, 3, 4, 6, 8, 9, 12, 16, xbr and "
        "learnt 2, 4, 8, 16",
        json_schema_extra={"unit": "x"},
    )
    tiling: Literal["auto", "yes", "no"] = Field(
        "no", description="whether the picture repeats without a seam, and shall go on doing so"
    )
    checkpoint: str = Field(
        "pixels",
        min_length=1,
        max_length=500,
        description="weights of the method learnt; the others need none",
        json_schema_extra={"advanced": True},
    )


class PixelArt(Generator):
    """Scale2x, Scale3x and xBR over whole pictures; or a net, in windows."""

    id: ClassVar[str] = "upscale.pixelart"
    title: ClassVar[str] = "Upscale pixel art"
    summary: ClassVar[str] = "Sprites and tiles, larger, with clean outlines"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="pixel art at its own size"),
    )
    Params: ClassVar[type[Params]] = PixelArtParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("pixels")

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._place = checkpoint
        self._network: Any = None

    def generate(self, params: PixelArtParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the enlarged picture."""
        source = job.inputs["image"][0]
        picture = load_image(source.path)
        check_growth(picture.width, picture.height, params.scale, source.title)
        if params.method != "nearest":
            plan_factors(params.scale, params.method)
        for index in range(len(job.seeds)):
            job.step(index, len(job.seeds))
            made, wraps = self._scale(params, picture)
            job.step(index + 1, len(job.seeds), made)
            yield Artifact(made, MediaType.IMAGE, info={"tiling": wraps}, title=source.title)

    def _scale(self, params: PixelArtParams, picture: Image.Image) -> tuple[Image.Image, bool]:
        pixels = to_pixels(picture)
        wraps = is_tiling(pixels, params.tiling)
        if pixels.shape[2] == 4:
            # Nobody sees the colour of what is transparent, but the rules would.
            pixels = pixels * (pixels[..., 3:] > 0)
        if params.method != "learnt":
            return to_image(scale_pixels(pixels, params.scale, params.method, wraps)), wraps
        from studio_upscale.pixelnet import load_choice, scale_learnt
        from studio_upscale.shelf import get_place

        if self._network is None:  # rules need neither weights nor torch
            self._network = load_choice(get_place(self._place, self.id))
        for _ in plan_factors(params.scale, params.method):
            pixels = scale_learnt(self._network, pixels, wraps)
        return to_image(pixels), wraps
