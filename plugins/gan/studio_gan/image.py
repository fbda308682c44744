"""`gan.image` and `gan.texture`: pictures from a trained generator."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image as Pictures
from studio_training.budget import ENOUGH, TOGETHER
from studio_training.seams import measure_quiet_seams

from studio.errors import CheckpointError, InvalidParamsError
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
from studio_gan.groups import draw_stills
from studio_gan.params import SHIPPED, DrawParams, choose_class

if TYPE_CHECKING:
    from studio_gan.config import GanConfig
    from studio_gan.drawing import Wish
    from studio_gan.generators import DrawingNet


class Image(Generator):
    """Draws with any checkpoint of `gan.train`."""

    id: ClassVar[str] = "gan.image"
    title: ClassVar[str] = "Picture from a GAN"
    summary: ClassVar[str] = "Pictures like those a GAN was trained on"
    output: ClassVar[MediaType] = MediaType.IMAGE
    Params: ClassVar[type[Params]] = DrawParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    needs_torus: ClassVar[bool] = False

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Activations of one picture, or of small ones drawn together."""
        pixels = max(max(params.size, params.height) ** 2, TOGETHER)
        return Footprint(host_bytes=(450 << 20) + pixels * 1200)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        if checkpoint is None:
            raise CheckpointError(
                "{id} needs weights: make some with gan.train and name them in checkpoint",
                id=self.id,
            )
        from studio_training.together import Together

        from studio_gan.weights import load_generator

        self._together = Together()
        self._net: DrawingNet
        self._config: GanConfig
        self._net, self._config = load_generator(checkpoint.path)
        if self.needs_torus and not self._config.is_torus:
            raise CheckpointError(
                "{path}: its pictures do not tile; use gan.image, or train another family",
                path=checkpoint.path,
            )

    def generate(self, params: Any, job: JobContext) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield a picture per seed, or the frames of a loop.

        Raises:
            InvalidParamsError: a class it does not know, or a size it cannot draw.
        """
        field = self._get_field(params)
        yield from (self._walk if params.frames else self._draw)(params, job, field)

    def _draw(self, params: Any, job: JobContext, field: tuple[int, int]) -> Iterator[Artifact]:
        """Yield a picture per seed; small ones are drawn together."""
        from studio_gan.drawing import draw_together
        from studio_gan.pictures import to_image

        def draw(seeds: Sequence[int]) -> list[Artifact]:
            wishes = [self._build_wish(params, seed, field) for seed in seeds]
            made = draw_together(self._net, self._config, [wish for wish, _ in wishes])
            return [
                self._describe(self._crop(to_image(picture), params), label, wish.seed)
                for picture, (wish, label) in zip(made, wishes, strict=True)
            ]

        most = self._count_together(params, field) if len(job.seeds) >= ENOUGH else 1
        yield from draw_stills(job, most, field[0] * field[1] * self._config.step**2, draw)

    def _walk(
        self, params: Any, job: JobContext, field: tuple[int, int]
    ) -> Iterator[Sequence[Artifact]]:
        """Yield the frames of a loop per seed."""
        from studio_gan.drawing import draw_between
        from studio_gan.pictures import to_image

        count = params.frames
        total = count * len(job.seeds)
        for index, seed in enumerate(job.seeds):
            wish, label = self._build_wish(params, seed, field)
            other = seed + 1 if params.to_seed < 0 else params.to_seed
            made: list[Pictures.Image] = []
            for frame in range(count):
                job.step(index * count + frame, total, made[-1] if made else None)
                share = (1 - math.cos(2 * math.pi * frame / count)) / 2
                picture = draw_between(self._net, self._config, wish, other, share)[0]
                made.append(self._crop(to_image(picture), params))
            yield [self._describe(picture, label, seed) for picture in made]
        job.step(total, total)

    def _count_together(self, params: Any, field: tuple[int, int]) -> int:
        """Return how many pictures are best drawn at once."""
        from studio_gan.drawing import build_trial

        if self._config.autoencoder is None:
            return 1  # only the layers of the latent family go by rows
        wish, _ = self._build_wish(params, 0, field)
        pixels = field[0] * field[1] * self._config.step**2
        is_styled = wish.style_seed is not None
        trial = build_trial(self._net, self._config, wish)
        return self._together.count((field, is_styled), pixels, trial)

    def _get_field(self, params: Any) -> tuple[int, int]:
        width, height = self._get_sides(params)
        if self._config.is_torus:
            step = self._config.step
            return -(-width // step), -(-height // step)
        side = self._config.side
        if (width, height) != (side, side):
            raise InvalidParamsError(
                "size: this checkpoint draws {side} px squares only; leave it at 0", side=side
            )
        return self._config.first, self._config.first

    def _get_sides(self, params: Any) -> tuple[int, int]:
        """Return width and height of the picture wanted."""
        size = params.size or self._config.side
        return size, params.height or size

    def _build_wish(self, params: Any, seed: int, field: tuple[int, int]) -> tuple["Wish", str]:
        from studio_training.laying import Laying

        from studio_gan.drawing import Wish

        classes = self._config.classes
        first = choose_class(getattr(params, "class"), classes, seed)
        weights = [0.0] * max(1, len(classes))
        weights[first] = 1.0
        label = classes[first] if classes else ""
        if params.mix_class:
            second = choose_class(params.mix_class, classes, seed)
            weights[first] -= params.class_share
            weights[second] += params.class_share
            label += f" and {classes[second]}"
        heaviest = weights.index(max(weights))
        self._check_laying(params, classes[heaviest] if classes else "")
        wish = Wish(
            seed=seed,
            weights=tuple(weights),
            psi=params.psi,
            width=field[0],
            height=field[1],
            style_seed=None if params.style_seed < 0 else params.style_seed,
            style_share=params.style_share,
            laying=Laying(params.layout, params.courses, params.joints, params.variety),
        )
        return wish, label

    def _check_laying(self, params: Any, name: str) -> None:
        """Refuse a layout for what has none.

        Raises:
            InvalidParamsError: it was not learnt with joints, or has none.
        """
        from studio_training.laying import is_laid

        if params.layout == "auto" and not params.courses:
            return
        if not self._config.joints:
            raise InvalidParamsError(
                "layout: this checkpoint learnt nothing of joints; leave it at auto, and courses "
                "at 0"
            )
        if not is_laid(name):
            raise InvalidParamsError(
                "layout: {name} has no joints; leave it at auto and courses at 0, or take "
                "flow.texture",
                name=name,
            )

    def _crop(self, picture: Pictures.Image, params: Any) -> Pictures.Image:
        """Bring a field that did not divide the size to it."""
        wanted = self._get_sides(params)
        if picture.size == wanted:
            return picture
        # Shrinking a torus keeps it one; cutting would not. A border of it is its other side.
        return shrink_torus(picture, wanted)

    def _describe(self, picture: Pictures.Image, label: str, seed: int) -> Artifact:
        return Artifact(
            picture,
            MediaType.IMAGE,
            metrics=self._measure(picture),
            info={"class": label} if label else {},
            title=f"{label or 'picture'} {seed}".replace("_", " "),
        )

    def _measure(self, picture: Pictures.Image) -> dict[str, float]:
        """Measure the seam; a torus has none, so that it is taken along a usual line."""
        if not self._config.is_torus:
            return {}
        return measure_quiet_seams(np.asarray(picture.convert("RGB")))


class Texture(Image):
    """Draws what tiles."""

    id: ClassVar[str] = "gan.texture"
    title: ClassVar[str] = "Texture from a GAN"
    summary: ClassVar[str] = "Seamless textures of any size in a moment"
    needs_torus: ClassVar[bool] = True


def shrink_torus(picture: Pictures.Image, size: tuple[int, int]) -> Pictures.Image:
    """Resize a picture that tiles so that it still does."""
    wide = Pictures.new(picture.mode, (3 * picture.width, 3 * picture.height))
    for column in range(3):
        for row in range(3):
            wide.paste(picture, (column * picture.width, row * picture.height))
    box = (picture.width, picture.height, 2 * picture.width, 2 * picture.height)
    return wide.resize(size, Pictures.Resampling.LANCZOS, box=box)
