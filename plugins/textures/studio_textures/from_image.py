"""`textures.from_image`: one picture -> any number of new seamless variations of any size."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from studio.generator import Artifact, Footprint, Generator, Input, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.courses import Wall, find_wall
from studio_textures.masonry import fit_wall, lay_wall, render_wall
from studio_textures.pictures import flatten_lighting, has_palette, is_colourless
from studio_textures.pictures_io import load_picture, to_floats, to_image
from studio_textures.quality import measure
from studio_textures.quilting import QuiltSettings, quiet_origin, quilt
from studio_textures.rectify import straighten

Method = Literal["auto", "courses", "quilting", "patch_sw", "quilting+patch_sw"]
Picture = NDArray[np.float32]


class FromImageParams(Params):
    """Params of `textures.from_image`."""

    method: Method = Field(
        "auto",
        description="courses lays whole bricks, pavers or tiles; quilting copies patches: best "
        "for irregular patterns and pixel art; patch_sw optimises from noise: for sand, moss; "
        "both: quilting with dissolved cuts; auto chooses by the picture",
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
    straighten: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="turn a picture of bricks or tiles taken at an angle to the front; auto does "
        "so where that clearly makes its lines straighter",
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
    testing_params: ClassVar[Mapping[str, Any]] = {
        "width": 48,
        "height": 48,
        "method": "quilting",
        "straighten": "no",
    }

    @classmethod
    def footprint(cls, params: FromImageParams) -> Footprint:
        """Guess by the size of the result: canvas, search and optimiser state."""
        return Footprint(host_bytes=(400 << 20) + params.width * params.height * 400)

    def generate(self, params: FromImageParams, job: JobContext) -> Iterator[Artifact]:
        """Yield one albedo per seed."""
        source = job.inputs["image"][0]
        progress = _Progress(job)
        picture = load_picture(source.path)
        grey = is_colourless(picture)
        # One channel is three times faster, and optimising three would invent colour noise.
        plan = build_plan(picture[..., :1] if grey else picture, params, progress)
        for index, seed in enumerate(job.seeds):
            progress.start(index)
            made = _synthesise(plan, params, seed, progress)
            image = to_image(np.repeat(made, 3, axis=-1) if grey else made)
            progress.finish(image)
            # Measured on what is stored, not on the floats before rounding.
            yield Artifact(
                image,
                MediaType.IMAGE,
                metrics=measure(to_floats(image)),
                info={"method": plan.method, "straightened": plan.straightened},
                title=f"{source.title} {seed}".strip(),
            )


@dataclass(frozen=True)
class Plan:
    """What all seeds of a job share."""

    exemplar: Picture
    """(h, w, C), from the front."""
    method: str
    wall: Wall | None
    """Scaled to the result; with method "courses" only."""
    courses: int
    straightened: bool


def build_plan(picture: Picture, params: FromImageParams, progress: "_Progress") -> Plan:
    """Straighten the picture and choose how to go on."""
    palette = has_palette(picture)
    straightened = False
    if params.straighten == "yes" or (params.straighten == "auto" and not palette):
        done = straighten(picture, force=params.straighten == "yes", on_step=progress.pulse)
        picture, straightened = done.image, done.applied
    progress.pulse()
    if params.method in ("auto", "courses") and not palette:
        # Brightness must be even to tell mortar from bricks, and is wanted even in the result.
        wall = find_wall(flatten_lighting(picture, params.flatten))
        fitted = None if wall is None else fit_wall(wall, (params.height, params.width))
        if fitted is not None:
            return Plan(picture, "courses", *fitted, straightened)
    method = params.method
    if method in ("auto", "courses"):
        # Patches only where a palette must be kept, else mend the cuts too.
        method = "quilting" if palette else "quilting+patch_sw"
    return Plan(picture, method, None, 0, straightened)


def _synthesise(plan: Plan, params: FromImageParams, seed: int, progress: "_Progress") -> Picture:
    """One picture (height, width, C)."""
    size, rng = (params.height, params.width), np.random.default_rng(seed)
    if plan.wall is not None:
        note = progress.share(0.0, 1.0)
        canvas = lay_wall(plan.wall, plan.courses, size, rng, note)
        return quiet_origin(render_wall(canvas, plan.wall.upright))
    uses_sw = "patch_sw" in plan.method
    start = None
    if "quilting" in plan.method:
        settings = QuiltSettings(patch=params.patch or None, flatten=params.flatten, fit=params.fit)
        note = progress.share(0.0, 0.5 if uses_sw else 1.0)
        start = quilt(plan.exemplar, size, rng, settings, note)
        if not uses_sw:
            return start
    # Imported here, not in `__init__`: other methods do not pay for torch.
    import torch

    from studio_textures.patch_sw import synthesise

    generator = torch.Generator().manual_seed(seed)
    note = progress.share(0.0 if start is None else 0.5, 1.0)
    return synthesise(plan.exemplar, size, generator, start=start, on_step=note)


STEPS = 100
"""Steps reported per seed."""


class _Progress:
    """Maps the stages of each seed to even steps over all seeds."""

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self._total = STEPS * len(job.seeds)
        self._base = 0
        self._done = 0

    def pulse(self) -> None:
        """Give the job a chance to be cancelled."""
        self._job.step(self._base + self._done, self._total)

    def start(self, index: int) -> None:
        """Begin with a seed."""
        self._base, self._done = STEPS * index, 0
        self.pulse()

    def share(self, begin: float, end: float) -> Callable[[int, int, Picture | None], None]:
        """A callback whose own count covers this share of the seed's steps."""

        def note(done: int, total: int, preview: Picture | None) -> None:
            reached = begin + (end - begin) * done / max(total, 1)
            self._done = min(STEPS - 1, int(STEPS * reached))
            picture = None if preview is None else to_image(preview)
            self._job.step(self._base + self._done, self._total, picture)

        return note

    def finish(self, preview: object) -> None:
        """Report the seed's last step."""
        self._job.step(self._base + STEPS, self._total, preview)
