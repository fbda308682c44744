"""`music.gan`: two bars of melody from an adversarial net, honest about its limits."""

from collections.abc import Iterator
from typing import Any, ClassVar, get_args

from pydantic import Field

from studio.generator import (
    Artifact,
    BundledCheckpoint,
    Checkpoint,
    Footprint,
    Generator,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_music.shelf import get_path, list_shipped
from studio_music.vae import Tonic


class GanParams(Params):
    """Params of `music.gan`."""

    checkpoint: str = Field(
        "gan",
        max_length=500,
        description="shipped weights, or ones made by music.train with model 'gan'",
    )
    key: Tonic = Field("C", description="tonic")
    count: int = Field(4, ge=1, le=16, description="clips of two bars, one after the other")
    psi: float = Field(
        0.8, ge=0, le=1.5, description="length of the noise: short is tame, long is wild"
    )
    bpm: float = Field(
        110, ge=20, le=300, description="tempo", json_schema_extra={"unit": "quarters a minute"}
    )


class Gan(Generator):
    """Noise in, two bars out; no memory, no form: for comparison with the other models."""

    id: ClassVar[str] = "music.gan"
    title: ClassVar[str] = "Bars by a GAN"
    summary: ClassVar[str] = "Two bars of melody from noise; the weakest of the models, for play"
    output: ClassVar[MediaType] = MediaType.SCORE
    Params: ClassVar[type[Params]] = GanParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = list_shipped("gan")

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """A small net."""
        return Footprint(host_bytes=420 << 20)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        from studio_training import load_weights

        from studio_music.model_gan import build_net

        super().__init__(checkpoint, device)
        self._net = build_net(*load_weights(get_path(checkpoint, self.id)))

    def generate(self, params: GanParams, job: JobContext) -> Iterator[Artifact]:
        """Yield a score for each seed."""
        import numpy as np
        import torch

        from studio_music.melodies import MelodyWish, to_melody_piece
        from studio_music.midi import build_midi
        from studio_music.model_gan import paint_tokens

        tonic = get_args(Tonic).index(params.key)
        for index, seed in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            size = (params.count, self._net.config.n_latent)
            noise = np.random.default_rng(seed).standard_normal(size).astype(np.float32)
            tokens = paint_tokens(self._net, torch.from_numpy(noise * params.psi))
            rows = [row.numpy().astype(np.int16) for row in tokens]
            wish = MelodyWish(0, 2, tonic)
            piece = to_melody_piece(rows, wish, params.bpm, f"{params.count} clips by a GAN")
            yield Artifact(build_midi(piece), MediaType.SCORE, title=piece.title)
            job.step(index + 1, len(job.seeds))
