"""`restore.denoise` and `restore.deblock`: a picture of the same size with the damage taken out."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from studio.codecs import load_image
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
from studio_upscale.pictures import Pixels, bleed, is_tiling, to_image, to_pixels
from studio_upscale.progress import Progress
from studio_upscale.shelf import list_shipped, load_mender


class MendParams(Params):
    """Params of both."""

    strength: float = Field(
        1.0,
        ge=0,
        le=1,
        description="how much of the correction is made: 0 gives the picture as it was",
    )
    tiling: Literal["auto", "yes", "no"] = Field(
        "auto", description="whether the picture repeats without a seam, and shall go on doing so"
    )
    tile: int = Field(
        256,
        ge=32,
        le=1024,
        description="side of the windows worked on at a time; smaller needs less memory",
        json_schema_extra={"unit": "px", "advanced": True},
    )


WEIGHTS = "shipped weights by name, or some of your own, from upscale.train with scale 1"


class DenoiseParams(MendParams):
    """Params of `restore.denoise`."""

    checkpoint: str = Field("denoise", min_length=1, max_length=500, description=WEIGHTS)


class DeblockParams(MendParams):
    """Params of `restore.deblock`."""

    checkpoint: str = Field("deblock", min_length=1, max_length=500, description=WEIGHTS)


class Mend(Generator):
    """A net that keeps the size, over windows of the picture."""

    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="what to mend"),
    )
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    memory_modes: ClassVar[tuple[str, ...]] = ("tile",)

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Windows of the net; the picture itself is not known here."""
        return Footprint(host_bytes=(500 << 20) + (params.tile + 40) ** 2 * 4 * 48 * 5)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._network = load_mender(checkpoint, self.id)

    def generate(self, params: MendParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the mended picture."""
        from studio_upscale.enlarge import Style, choose_tile, count_tiles, enlarge

        source = job.inputs["image"][0]
        pixels = to_pixels(load_image(source.path, deep=True))
        wraps = is_tiling(pixels, params.tiling)
        tile = choose_tile(params.tile, job.memory_modes)
        colour = bleed(pixels, wraps) if pixels.shape[2] == 4 else pixels
        height, width = pixels.shape[:2]
        style = Style(wraps=wraps, tile=tile)
        for index in range(len(job.seeds)):
            progress = Progress(job, index)
            progress.expect(count_tiles(height, width, 1, 1, tile))
            made = enlarge(self._network, colour, 1, style, progress.advance)
            yield Artifact(
                _blend(pixels, made, params.strength),
                MediaType.IMAGE,
                info={"tiling": wraps, "tile": tile},
                title=source.title,
            )


class Denoise(Mend):
    """Noise of unknown strength."""

    id: ClassVar[str] = "restore.denoise"
    title: ClassVar[str] = "Remove noise"
    summary: ClassVar[str] = "Sensor noise and grain out of a picture"
    Params: ClassVar[type[Params]] = DenoiseParams
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("denoise")


class Deblock(Mend):
    """JPEG of unknown quality."""

    id: ClassVar[str] = "restore.deblock"
    title: ClassVar[str] = "Remove JPEG blocks"
    summary: ClassVar[str] = "Blocks and ringing of strong JPEG compression out of a picture"
    Params: ClassVar[type[Params]] = DeblockParams
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("deblock")


def _blend(pixels: Pixels, made: Pixels, strength: float) -> Image.Image:
    """Go part of the way; transparency stays as it was."""
    colours = made.shape[2]
    before = pixels[..., :colours].astype(np.float32)
    mixed = before + np.float32(strength) * (made.astype(np.float32) - before)
    result = pixels.copy()
    result[..., :colours] = np.rint(mixed).astype(pixels.dtype)
    return to_image(result)
