"""`restore.colorize`: colour for grey pictures, guessed or borrowed."""

from collections.abc import Iterator
from typing import Any, ClassVar

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
from studio_upscale.shelf import get_place, list_shipped


class ColorizeParams(Params):
    """Params of `restore.colorize`."""

    checkpoint: str = Field("colour", min_length=1, max_length=500, description="weights by name")
    saturation: float = Field(
        1.0, ge=0, le=4, description="how strong colours are; 0 is grey, a guess at 1 is pale"
    )


class Colorize(Generator):
    """A small U-Net, or an example's colours by brightness and roughness."""

    id: ClassVar[str] = "restore.colorize"
    title: ClassVar[str] = "Colourise"
    summary: ClassVar[str] = "Colour for a grey picture: a guess, or borrowed from an example"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="the grey picture; colours it has are ignored"),
        Input(
            "example",
            (MediaType.IMAGE,),
            optional=True,
            summary="a picture of the same sort of thing in the colours wanted",
        ),
    )
    Params: ClassVar[type[Params]] = ColorizeParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("colour")

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Guess: colour is computed on a small copy."""
        return Footprint(host_bytes=500 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        from studio_upscale.colour import load_colour

        self._network = load_colour(get_place(checkpoint, self.id))

    def generate(self, params: ColorizeParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the coloured picture."""
        from studio_upscale.colour import borrow_chroma, guess_chroma, paint

        source, examples = job.inputs["image"][0], job.inputs.get("example", [])
        picture = load_image(source.path)
        luma = picture.convert("L")
        for index in range(len(job.seeds)):
            job.step(index, len(job.seeds))
            if examples:
                chroma = borrow_chroma(load_image(examples[0].path), luma)
            else:
                chroma = guess_chroma(self._network, luma)
            made: Image.Image = paint(luma, chroma, params.saturation)
            if picture.mode == "RGBA":
                made.putalpha(picture.getchannel("A"))
            job.step(index + 1, len(job.seeds), made)
            info = {"from": "example" if examples else "guess"}
            yield Artifact(made, MediaType.IMAGE, info=info, title=source.title)
