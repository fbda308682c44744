"""`textures.from_image`: one picture -> any number of new seamless variations of any size."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.pictures import has_palette
from studio_textures.pictures_io import load_picture, to_floats, to_image
from studio_textures.quality import measure
from studio_textures.quilting import QuiltSettings, quilt

Method = Literal["auto", "quilting", "patch_sw", "quilting+patch_sw"]
Picture = NDArray[np.float32]


class FromImageParams(Params):
    """Params of `textures.from_image`."""

    method: Method = Field(
        "auto",
        description="quilting copies patches: best for bricks, tiles, pixel art; patch_sw "
        "optimises from noise: for sand, moss, noise; both: quilting with dissolved cuts; "
        "auto chooses by the picture",
    )
    width: int = Field(
        512, ge=32, le=4096, description="of the result", json_schema_extra={"unit": "px"}
    )
    height: int = Field(
        512, ge=32, le=4096, description="of the result", json_schema_extra={"unit": "px"}
    )
    patch: int = Field(
        0,
        ge=0,
        le=512,
        description="side of the patches quilted; larger keeps larger structure; 0 chooses",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    flatten: float = Field(
        0.5,
        ge=0,
        le=1,
        description="how much uneven light to take out first; it would repeat with the tile",
        json_schema_extra={"advanced": True},
    )
    fit: bool = Field(
        True,
        description="stretch regular pictures a little so that whole bricks fill the tile",
        json_schema_extra={"advanced": True},
    )


class FromImage(Generator):
    """Texture synthesis from one exemplar; every seed is another variation."""

    id: ClassVar[str] = "textures.from_image"
    title: ClassVar[str] = "Texture from a picture"
    summary: ClassVar[str] = "New seamless textures that look like your picture"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="what it should look like"),
    )
    Params: ClassVar[type[Params]] = FromImageParams

    @classmethod
    def footprint(cls, params: FromImageParams) -> Footprint:
        """Guess by the size of the result: canvas, search and optimiser state."""
        return Footprint(host_bytes=(400 << 20) + params.width * params.height * 400)

    def generate(self, params: FromImageParams, job: JobContext) -> Iterator[Artifact]:
        """Yield one albedo per seed."""
        source = job.inputs["image"][0]
        exemplar = load_picture(source.path)
        method = choose_method(exemplar) if params.method == "auto" else params.method
        progress = _Progress(job, len(job.seeds), uses_sw="patch_sw" in method)
        for index, seed in enumerate(job.seeds):
            progress.start(index)
            picture = self._synthesise(exemplar, params, method, seed, progress)
            image = to_image(picture)
            progress.finish(image)
            # Measured on what is stored, not on the floats before rounding.
            yield Artifact(
                image,
                MediaType.IMAGE,
                metrics=measure(to_floats(image)),
                info={"method": method},
                title=f"{source.title} {seed}".strip(),
            )

    def _synthesise(
        self,
        exemplar: Picture,
        params: FromImageParams,
        method: str,
        seed: int,
        progress: "_Progress",
    ) -> Picture:
        size = (params.height, params.width)
        start = None
        if method != "patch_sw":
            settings = QuiltSettings(
                patch=params.patch or None, flatten=params.flatten, fit=params.fit
            )
            start = quilt(exemplar, size, np.random.default_rng(seed), settings)
            progress.advance(_QUILT_STEPS)
        if "patch_sw" not in method:
            return start if start is not None else exemplar
        # Imported here, not in `__init__`: quilting alone does not pay for torch.
        import torch

        from studio_textures.patch_sw import synthesise

        generator = torch.Generator().manual_seed(seed)
        return synthesise(exemplar, size, generator, start=start, on_step=progress.note)


_QUILT_STEPS = 20
_SW_STEPS = 80


class _Progress:
    """Maps the stages of each seed to even steps over all seeds."""

    def __init__(self, job: JobContext, seeds: int, *, uses_sw: bool) -> None:
        self._job = job
        self._each = _QUILT_STEPS + (_SW_STEPS if uses_sw else 0)
        self._total = self._each * seeds
        self._base = 0
        self._done = 0

    def start(self, index: int) -> None:
        self._base = self._each * index
        self._done = 0
        self._job.step(self._base, self._total)

    def advance(self, steps: int) -> None:
        self._done += steps
        self._job.step(self._base + self._done, self._total)

    def note(self, done: int, total: int, preview: Picture | None) -> None:
        """Take the optimiser's own count."""
        steps = (self._each - self._done) * done // max(total, 1)
        picture = None if preview is None else to_image(preview)
        self._job.step(self._base + self._done + steps, self._total, picture)

    def finish(self, preview: object) -> None:
        self._job.step(self._base + self._each, self._total, preview)


def choose_method(exemplar: Picture) -> str:
    """Choose for a picture: patches only where a palette must be kept, else mend the cuts too."""
    return "quilting" if has_palette(exemplar) else "quilting+patch_sw"
