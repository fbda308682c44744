"""`upscale.srgan` and `upscale.material`: pictures and whole materials, larger and sharp."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

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
    InputAsset,
    JobContext,
)
from studio.media import MediaType
from studio.params import Params
from studio_upscale.pictures import Pixels, check_growth, measure_seam, to_pixels
from studio_upscale.progress import Progress
from studio_upscale.shelf import list_shipped, load_enlarger

if TYPE_CHECKING:
    from studio_upscale.upscaler import Upscaler

SHIPPED = list_shipped("quality", "fast", "sharp")


class EnlargeParams(Params):
    """Params of both."""

    checkpoint: str = Field(
        "quality",
        min_length=1,
        max_length=500,
        description="shipped weights by name, or a checkpoint of your own, from upscale.train",
        json_schema_extra={"examples": [item.name for item in SHIPPED]},
    )
    scale: float = Field(
        4, ge=1, le=16, description="times each side grows", json_schema_extra={"unit": "x"}
    )
    tiling: Literal["auto", "yes", "no"] = Field(
        "auto", description="whether the picture repeats without a seam, and shall go on doing so"
    )
    tile: int = Field(
        192,
        ge=16,
        le=1024,
        description="side of the windows worked on at a time; smaller needs less memory",
        json_schema_extra={"unit": "px", "advanced": True},
    )
    ensemble: bool = Field(
        False,
        description="work eight times, turned and mirrored, and take the mean: a little nearer to "
        "the original, eight times as long; nets that turn alike, as those that ship, give the "
        "same either way and do not",
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="bf16 is faster on processors that have it, and slower elsewhere",
        json_schema_extra={"advanced": True},
    )


class SrganParams(EnlargeParams):
    """Params of `upscale.srgan`."""

    columns: int = Field(
        1,
        ge=1,
        le=256,
        description="of a sheet or flipbook, whose cells are then enlarged each on its own",
    )
    rows: int = Field(1, ge=1, le=256, description="the same, downwards")


class Srgan(Generator):
    """A residual net over windows of the picture."""

    id: ClassVar[str] = "upscale.srgan"
    title: ClassVar[str] = "Upscale"
    summary: ClassVar[str] = "A picture, 1 to 16 times larger"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), summary="what to enlarge"),
    )
    Params: ClassVar[type[Params]] = SrganParams
    seeded: ClassVar[bool] = False
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    memory_modes: ClassVar[tuple[str, ...]] = ("tile",)
    testing_params: ClassVar[dict[str, object]] = {"checkpoint": "fast", "scale": 2}

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Windows of the widest net; the pictures themselves are not known here."""
        window = (params.tile + 60) ** 2
        return Footprint(host_bytes=(560 << 20) + window * 4 * 64 * 6)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        self._network = load_enlarger(checkpoint, self.id)

    def generate(self, params: EnlargeParams, job: JobContext) -> Iterator[Artifact]:
        """Yield the enlarged picture or material."""
        source = job.inputs[self.inputs[0].name][0]
        maps = load_maps(source)
        for image in maps.values():
            check_growth(image.width, image.height, params.scale, source.title)
        for index in range(len(job.seeds)):
            yield self._upscale(params, job, maps, index)

    def _upscale(
        self, params: EnlargeParams, job: JobContext, maps: Mapping[str, Image.Image], index: int
    ) -> Artifact:
        from studio_upscale.enlarge import Style, choose_tile
        from studio_upscale.upscaler import Upscaler

        tile = choose_tile(params.tile, job.memory_modes)
        style = Style(tile=tile, half=params.precision == "bf16", ensemble=params.ensemble)
        progress = Progress(job, index)
        upscaler = Upscaler(self._network, params.scale, style, progress.advance)
        payload, shown, wraps = self._enlarge(upscaler, params, maps, progress)
        return Artifact(
            payload,
            self.output,
            metrics={"seam_ratio": measure_seam(shown, params.scale)} if wraps else {},
            info={"tiling": wraps, "tile": tile, "ensemble": params.ensemble},
            title=job.inputs[self.inputs[0].name][0].title,
        )

    def _enlarge(
        self,
        upscaler: "Upscaler",
        params: Any,
        maps: Mapping[str, Image.Image],
        progress: Progress,
    ) -> tuple[Any, Pixels, bool]:
        """Return the payload, what of it is seen, and whether it tiles."""
        from studio_upscale.upscaler import cut_cells

        picture = maps["albedo"]
        cells = (params.columns, params.rows)
        if params.columns * params.rows > 1:
            progress.expect(sum(map(upscaler.count, cut_cells(picture, *cells, params.scale))))
            made, wraps = upscaler.upscale_sheet(picture, *cells)
        else:
            progress.expect(upscaler.count(picture))
            made, wraps = upscaler.upscale_image(picture, params.tiling)
        return made, to_pixels(made), wraps


class MaterialParams(EnlargeParams):
    """Params of `upscale.material`."""

    scale: float = Field(
        2, ge=1, le=16, description="times each side grows", json_schema_extra={"unit": "x"}
    )


class Material(Srgan):
    """The same for every map of a material."""

    id: ClassVar[str] = "upscale.material"
    title: ClassVar[str] = "Upscale material"
    summary: ClassVar[str] = "All maps of a material, 1 to 16 times larger"
    output: ClassVar[MediaType] = MediaType.TEXTURE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("material", (MediaType.TEXTURE,), summary="what to enlarge"),
    )
    Params: ClassVar[type[Params]] = MaterialParams

    def _enlarge(
        self,
        upscaler: "Upscaler",
        params: Any,
        maps: Mapping[str, Image.Image],
        progress: Progress,
    ) -> tuple[Any, Pixels, bool]:
        progress.expect(sum(map(upscaler.count, maps.values())))
        made, wraps = upscaler.upscale_material(maps, params.tiling)
        return made, to_pixels(Image.fromarray(made["albedo"])), wraps


def load_maps(asset: InputAsset) -> dict[str, Image.Image]:
    """Load a picture as "albedo", or every map of a material; 16-bit grey stays 16-bit."""
    files: dict[str, Path] = {"albedo": asset.path}
    if asset.kind is MediaType.TEXTURE:
        files = {name: path for name, path in asset.files.items() if path.suffix != ".json"}
    return {name: load_image(path, deep=True) for name, path in files.items()}
