"""`gan.vae`: textures from a variational autoencoder, from nothing or from pictures."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image as Pictures
from studio_training.budget import ENOUGH, TOGETHER
from studio_training.seams import measure_quiet_seams

from studio.codecs import load_image
from studio.errors import CheckpointError, InvalidInputError
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
from studio_gan.groups import draw_stills
from studio_gan.image import shrink_torus
from studio_gan.params import choose_class
from studio_gan.vae_params import SHIPPED, VaeParams

if TYPE_CHECKING:
    from studio_gan.vae_drawing import Theme

MOST = 1024
"""Pixels a side; larger images are reduced."""
LEAST = 16


class Vae(Generator):
    """Draws themes, or reads them from pictures."""

    id: ClassVar[str] = "gan.vae"
    title: ClassVar[str] = "Texture from a VAE"
    summary: ClassVar[str] = "Seamless textures: from nothing, in a picture's style, between two"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "image",
            (MediaType.IMAGE, MediaType.TEXTURE),
            optional=True,
            summary="a picture to encode and draw again",
        ),
        Input(
            "second",
            (MediaType.IMAGE, MediaType.TEXTURE),
            optional=True,
            summary="another, to go towards",
        ),
    )
    Params: ClassVar[type[Params]] = VaeParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of one picture, there and back."""
        pixels = max(max(params.size, params.height) ** 2, TOGETHER)
        return Footprint(host_bytes=(450 << 20) + pixels * 1200)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        if checkpoint is None:
            raise CheckpointError(
                "{id} needs weights; choose a checkpoint of studio_gan.fit_vae", id=self.id
            )
        from studio_training.together import Together

        from studio_gan.vae_weights import load_painter

        self._together = Together()
        self._painter = load_painter(checkpoint.path)
        self._config = self._painter.config

    def generate(self, params: Any, job: JobContext) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield a picture per seed, or the frames of a loop.

        Raises:
            InvalidParamsError: a class it does not know.
            InvalidInputError: a second image without a first one.
        """
        images = [
            load_image(job.inputs[n][0].path) for n in ("image", "second") if job.inputs.get(n)
        ]
        if job.inputs.get("second") and not job.inputs.get("image"):
            raise InvalidInputError("second: there is no image to go from; give one as image too")
        sides = _get_sides(params, images, self._config.side)
        read = [self._read(image, sides) for image in images]
        yield from (self._walk if params.frames else self._draw)(params, job, read, sides)

    def _draw(
        self, params: Any, job: JobContext, read: Sequence["Theme"], sides: tuple[int, int]
    ) -> Iterator[Artifact]:
        """Yield a picture per seed; small ones are drawn together."""

        def draw(seeds: Sequence[int]) -> list[Artifact]:
            plans = [self._plan(params, seed, read, sides) for seed in seeds]
            themes = [_mix(ends, params.share) for ends, _ in plans]
            pictures = self._render(themes, params, seeds, sides)
            return [
                _describe(picture, label, seed)
                for picture, (_, label), seed in zip(pictures, plans, seeds, strict=True)
            ]

        most = 1
        if len(job.seeds) >= ENOUGH:
            ends, _ = self._plan(params, job.seeds[0], read, sides)
            most = self._count_together(ends[0], sides)
        yield from draw_stills(job, most, sides[0] * sides[1], draw)

    def _walk(
        self, params: Any, job: JobContext, read: Sequence["Theme"], sides: tuple[int, int]
    ) -> Iterator[Sequence[Artifact]]:
        """Yield the frames of a loop per seed."""
        count = params.frames
        total = count * len(job.seeds)
        for index, seed in enumerate(job.seeds):
            ends, label = self._plan(params, seed, read, sides)
            made: list[Pictures.Image] = []
            for frame in range(count):
                job.step(index * count + frame, total, made[-1] if made else None)
                share = (1 - math.cos(2 * math.pi * frame / count)) / 2
                theme = _mix(ends, share if len(ends) > 1 else params.share)
                made += self._render([theme], params, [seed], sides)
            yield [_describe(picture, label, seed) for picture in made]
        job.step(total, total)

    def _count_together(self, theme: "Theme", sides: tuple[int, int]) -> int:
        """Return how many pictures are best drawn at once."""
        from studio_gan.vae_drawing import build_trial

        trial = build_trial(self._painter, theme.sides)
        return self._together.count(theme.sides, sides[0] * sides[1], trial)

    def _read(self, image: Pictures.Image, sides: tuple[int, int]) -> "Theme":
        """Read a picture, brought to a size that the net divides."""
        from studio_gan.pairs import to_pixels
        from studio_gan.pictures import to_unit
        from studio_gan.vae_drawing import read_theme

        step = self._config.step
        size = (-(-sides[0] // step) * step, -(-sides[1] // step) * step)
        # The picture is a torus from here on: around its border as within.
        picture = shrink_torus(image.convert("RGB"), size)
        return read_theme(self._painter, to_unit(to_pixels(picture, 3))[None])

    def _plan(
        self, params: Any, seed: int, read: Sequence["Theme"], sides: tuple[int, int]
    ) -> tuple[list["Theme"], str]:
        """Return one theme, or the two to go between; and the class."""
        import torch

        from studio_gan.vae_drawing import invent, vary

        if read:
            rng = torch.Generator().manual_seed(seed)
            return [vary(theme, params.strength, rng) for theme in read], ""
        classes = self._config.classes
        kind = choose_class(getattr(params, "class"), classes, seed)
        weights = tuple(float(kind == number) for number in range(len(classes)))
        places = (-(-sides[1] // self._config.step), -(-sides[0] // self._config.step))
        seeds = (seed, seed + 1) if params.frames else (seed,)
        rngs = [torch.Generator().manual_seed(number) for number in seeds]
        return [invent(self._painter, weights, places, params.psi, r) for r in rngs], classes[kind]

    def _render(
        self, themes: Sequence["Theme"], params: Any, seeds: Sequence[int], sides: tuple[int, int]
    ) -> list[Pictures.Image]:
        """Draw a theme of each seed, all in one go."""
        import torch

        from studio_gan.pictures import to_image
        from studio_gan.vae_drawing import draw_themes, get_noise

        # Grain of its own seed, the same in all frames: only what is drawn moves.
        rngs = [torch.Generator().manual_seed(seed ^ 0x6772) for seed in seeds]
        noise = torch.cat([get_noise(self._painter, themes[0].sides, rng) for rng in rngs])
        made = [to_image(one) for one in draw_themes(self._painter, themes, params.grain * noise)]
        return [one if one.size == sides else shrink_torus(one, sides) for one in made]


def _get_sides(params: Any, images: Sequence[Pictures.Image], usual: int) -> tuple[int, int]:
    """Return width and height of what is drawn."""
    if not images:
        width = max(params.size or usual, LEAST)
        return width, max(params.height or width, LEAST)
    own = images[0].size
    factor = min(1.0, MOST / max(own)) if not params.size else params.size / own[0]
    width, height = (max(LEAST, min(MOST, round(side * factor))) for side in own)
    return width, params.height or height


def _mix(ends: Sequence["Theme"], share: float) -> "Theme":
    """Return the only theme, or what lies between two."""
    from studio_gan.vae_drawing import mix

    return mix(ends[0], ends[1], share) if len(ends) > 1 else ends[0]


def _describe(picture: Pictures.Image, label: str, seed: int) -> Artifact:
    return Artifact(
        picture,
        MediaType.IMAGE,
        metrics=measure_quiet_seams(np.asarray(picture)),
        info={"class": label} if label else {},
        title=f"{label or 'picture'} {seed}".replace("_", " "),
    )
