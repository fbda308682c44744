"""`gan.translate`: pictures into other pictures, with weights of one's own."""

from collections.abc import Iterator
from typing import Any, ClassVar

from studio.codecs import load_image
from studio.errors import CheckpointError, InvalidParamsError
from studio.generator import Artifact, Checkpoint, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_gan.translate_params import TranslateParams

MOST = 2048
"""Pixels a side; larger pictures are reduced."""


class Translate(Generator):
    """Sends a picture through a translator."""

    id: ClassVar[str] = "gan.translate"
    title: ClassVar[str] = "Translate a picture"
    summary: ClassVar[str] = "Height map to albedo, day to night: with weights you trained"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE, MediaType.TEXTURE), summary="the picture to translate"),
    )
    Params: ClassVar[type[Params]] = TranslateParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of a picture of 1024 px."""
        return Footprint(host_bytes=1200 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        if checkpoint is None:
            raise CheckpointError(
                "{id} needs weights: make some with gan.translate_train and name them in "
                "checkpoint",
                id=self.id,
            )
        from studio_gan.translate_weights import load_translators

        self._nets, self._config = load_translators(checkpoint.path)

    def generate(self, params: TranslateParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the picture translated.

        Raises:
            InvalidParamsError: weights that go one way only, and the other was wanted.
        """
        import torch

        from studio_gan.pairs import to_pixels
        from studio_gan.pictures import to_image, to_unit
        from studio_gan.translator import set_edge

        way = "back" if params.back else "there"
        if way not in self._nets:
            raise InvalidParamsError(
                "back: these weights were learnt from pairs and go one way only; leave it off"
            )
        colours = self._config.target if params.back else self._config.source
        picture = load_image(job.inputs["image"][0].path)
        picture.thumbnail((MOST, MOST))
        set_edge(self._nets, "circular" if self._config.is_torus else "replicate")
        job.step(0, 1)
        with torch.no_grad():
            made = self._nets[way](to_unit(to_pixels(picture, colours))[None])[0]
        artifact = Artifact(to_image(made), MediaType.IMAGE, title="translation")
        job.step(1, 1)
        for _ in job.seeds:
            yield artifact
