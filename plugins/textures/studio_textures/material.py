"""`textures.pbr`: albedo -> a material with height, normals, roughness, metal and occlusion."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from studio.errors import InvalidInputError
from studio.generator import Artifact, Generator, Input, InputAsset, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.colouring import colourise, guess_material, is_grey, tint
from studio_textures.pbr import MaterialSettings, build_material
from studio_textures.pictures import luma
from studio_textures.pictures_io import Picture, load_picture, to_payload
from studio_textures.quality import measure

Material = Literal[
    "auto",
    "generic",
    "brick",
    "wood",
    "metal",
    "fabric",
    "ground",
    "stone",
    "plastic",
    "concrete",
    "gravel",
    "grass",
    "leather",
    "ceramic",
]
SEAMLESS = 1.5
"""Seam ratio up to which filters wrap around when the user leaves it to us."""


class PbrParams(Params):
    """Params of `textures.pbr`."""

    material: Material = Field(
        "auto", description="what it is made of: sets all the rest; auto reads the picture's title"
    )
    tint: str = Field(
        "auto",
        pattern="^(auto|none|#[0-9a-fA-F]{6})$",
        description="colour: auto colours grey pictures as their material usually is; none; or a "
        "colour like #8a4b3a for any picture",
    )
    strength: float = Field(1.0, ge=0, le=4, description="depth of the relief; 0 is flat")
    occlusion: float = Field(1.0, ge=0, le=2, description="how dark hollows become")
    delight: float = Field(
        0.0, ge=0, le=1, description="how much uneven light to take out of the albedo"
    )
    invert: bool = Field(False, description="swap high and low")
    wrap: Literal["auto", "yes", "no"] = Field(
        "auto",
        description="filter across the border; auto does so if the picture tiles",
        json_schema_extra={"advanced": True},
    )


class Pbr(Generator):
    """Derives all maps of a material from its albedo."""

    id: ClassVar[str] = "textures.pbr"
    title: ClassVar[str] = "PBR material"
    summary: ClassVar[str] = "Height, normals, roughness, metal and occlusion from one picture"
    output: ClassVar[MediaType] = MediaType.TEXTURE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("albedo", (MediaType.IMAGE,), summary="the colour of the surface"),
        Input("metal_mask", (MediaType.IMAGE,), optional=True, summary="white where metal is"),
    )
    Params: ClassVar[type[Params]] = PbrParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True

    def generate(self, params: PbrParams, job: JobContext) -> Iterator[Artifact]:
        """Yield one material with seven maps."""
        source = job.inputs["albedo"][0]
        albedo = load_picture(source.path)
        mask = _load_mask(job.inputs.get("metal_mask", []), albedo)
        quality = measure(albedo)
        material = guess_material(source.title) if params.material == "auto" else params.material
        wraps = quality["seam_ratio"] <= SEAMLESS if params.wrap == "auto" else params.wrap == "yes"
        albedo, tinted = _colour(albedo, params.tint, material, wraps)
        settings = MaterialSettings(
            material=material,
            strength=params.strength,
            occlusion=params.occlusion,
            delight=params.delight,
            invert=params.invert,
            wrap=wraps,
        )
        for index, _ in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            maps = build_material(albedo, settings, metal_mask=mask)
            job.step(index + 1, len(job.seeds))
            yield Artifact(
                to_payload(maps),
                MediaType.TEXTURE,
                metrics=quality,
                info={"material": material, "wraps": wraps, "tinted": tinted},
                title=source.title,
            )


def _colour(albedo: Picture, wish: str, material: str, wrap: bool) -> tuple[Picture, bool]:
    """Colour an albedo as wished; says whether anything was done."""
    if wish == "none":
        return albedo, False
    if wish != "auto":
        return colourise(albedo, wish), True
    if not is_grey(albedo):
        return albedo, False
    coloured = tint(albedo, material, wrap=wrap)
    return coloured, coloured is not albedo


def _load_mask(given: list[InputAsset], albedo: Picture) -> Picture | None:
    if not given:
        return None
    mask = luma(load_picture(given[0].path))[..., None]
    if mask.shape[:2] != albedo.shape[:2]:
        raise InvalidInputError(
            "{path}: the mask is {width} x {height} and must be as large as the albedo",
            path=given[0].path,
            width=mask.shape[1],
            height=mask.shape[0],
        )
    return mask
