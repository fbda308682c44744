"""`textures.sheet`: pictures and materials on one sheet: contact, atlas, tiled, lit."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from PIL import Image
from pydantic import Field

from studio.codecs import load_image
from studio.codecs.shading import render_sphere
from studio.errors import InvalidInputError
from studio.generator import Artifact, Generator, Input, InputAsset, JobContext
from studio.media import MediaType
from studio.params import Params
from studio_textures.export_maps import safe_name
from studio_textures.pictures_io import load_maps
from studio_textures.sheet import atlas, contact_sheet, material_board, tiled_preview


class SheetParams(Params):
    """Params of `textures.sheet`."""

    layout: Literal["contact", "atlas", "tiled", "board"] = Field(
        "contact",
        description="contact: all with their names; atlas: packed for a game; tiled: the first "
        "one repeated; board: the first material lit, with its maps",
    )
    columns: int = Field(4, ge=1, le=32, description="of a contact sheet")
    cell: int = Field(
        256, ge=32, le=1024, description="of a contact sheet", json_schema_extra={"unit": "px"}
    )
    tiles: int = Field(3, ge=1, le=8, description="repetitions each way of the tiled layout")
    padding: int = Field(
        4, ge=0, le=64, description="repeated edge pixels of an atlas against bleeding"
    )
    title: str = Field("", max_length=120, description="heading")


class Sheet(Generator):
    """Lays out pictures and materials on one picture."""

    id: ClassVar[str] = "textures.sheet"
    title: ClassVar[str] = "Sheet"
    summary: ClassVar[str] = "Contact sheet, atlas, tiled preview or lit board"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(
            "pictures",
            (MediaType.IMAGE, MediaType.TEXTURE),
            many=True,
            summary="what to lay out, in order",
        ),
    )
    Params: ClassVar[type[Params]] = SheetParams
    seeded: ClassVar[bool] = False
    reads_titles: ClassVar[bool] = True

    def generate(
        self, params: SheetParams, job: JobContext
    ) -> Iterator[Artifact | Sequence[Artifact]]:
        """Yield one picture; an atlas comes with a report that holds its frames."""
        assets = job.inputs["pictures"]
        for index, _ in enumerate(job.seeds):
            job.step(index, len(job.seeds))
            title = params.title or f"{params.layout} of {len(assets)}"
            if params.layout == "atlas":
                image, frames = _pack(assets, params.padding)
                job.step(index + 1, len(job.seeds), image)
                yield [
                    Artifact(image, MediaType.IMAGE, title=title),
                    Artifact(frames, MediaType.REPORT, title=f"{title} frames"),
                ]
            else:
                image = _lay_out(params, assets)
                job.step(index + 1, len(job.seeds), image)
                yield Artifact(image, MediaType.IMAGE, title=title)


def _lay_out(params: SheetParams, assets: list[InputAsset]) -> Image.Image:
    if params.layout == "board":
        return material_board(load_maps(_get_texture(assets)), params.title or assets[0].title)
    if params.layout == "tiled":
        return tiled_preview(load_image(assets[0].path), params.tiles)
    pictures = [_picture(asset, params.cell) for asset in assets]
    labels = [_label(asset) for asset in assets]
    return contact_sheet(pictures, labels, params.columns, params.cell, params.title)


def _pack(assets: list[InputAsset], padding: int) -> tuple[Image.Image, dict[str, Any]]:
    names: dict[str, Image.Image] = {}
    for asset in assets:
        name = safe_name(asset.title or asset.id)
        names[name if name not in names else f"{name}_{asset.id[-6:]}"] = load_image(asset.path)
    return atlas(names, padding)


def _get_texture(assets: list[InputAsset]) -> InputAsset:
    for asset in assets:
        if asset.kind is MediaType.TEXTURE:
            return asset
    raise InvalidInputError("layout 'board' shows a material; give it a texture asset")


def _picture(asset: InputAsset, cell: int) -> Image.Image:
    """A material as a lit sphere, a picture as it is."""
    if asset.kind is MediaType.TEXTURE:
        return render_sphere(load_maps(asset), cell)
    return load_image(asset.path)


def _label(asset: InputAsset) -> str:
    """Name, and beneath it what was measured."""
    ratio = asset.metadata.get("metrics", {}).get("seam_ratio")
    return asset.title + (f"\nseam {ratio:.2f}" if ratio is not None else "")
