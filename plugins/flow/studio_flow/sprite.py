"""`flow.sprite`: pixel-art sprites by kind, variations of one, and frames that loop."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from PIL import Image
from pydantic import Field, JsonValue
from studio_training.budget import MOST

from studio.codecs import load_image
from studio.codecs.zips import write_zip
from studio.errors import InvalidParamsError
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
from studio_flow.sheet import Cells, lay_cells, save_sheet
from studio_flow.shelf import get_place, list_shipped

if TYPE_CHECKING:
    from studio_flow.draw_sprites import SpriteOrder
    from studio_flow.model import Flow

SHIPPED = list_shipped("sprite")
ADVANCED: dict[str, JsonValue] = {"advanced": True}


class SpriteParams(Params):
    """Params of `flow.sprite`."""

    checkpoint: str = Field(
        "sprite",
        min_length=1,
        max_length=500,
        description="shipped weights by name, or a checkpoint of your own, from flow.train",
    )
    kind: str = Field(
        "monster",
        min_length=1,
        max_length=100,
        description="what it shows: monster, weapon, potion, armour, book, wall, floor, item, ...",
    )
    size: Literal[16, 32] = Field(
        32, description="side of a sprite", json_schema_extra={"unit": "px"}
    )
    sprites: int = Field(
        16, ge=1, le=256, description="different sprites on the sheet, each with all its frames"
    )
    columns: int = Field(0, ge=0, le=256, description="of the sheet; 0 chooses")
    colours: int = Field(
        12, ge=0, le=64, description="at most so many in a sprite; 0 does not count them"
    )
    palette: str = Field(
        "",
        max_length=600,
        description="the only colours allowed, as #rrggbb with commas",
    )
    outline: bool = Field(False, description="draw a dark line around")
    symmetric: bool = Field(False, description="left and right alike")
    frames: int = Field(
        1, ge=1, le=32, description="of a looping animation: small steps through the noise"
    )
    motion: float = Field(
        0.2, ge=0, le=1, description="how far frames go from each other", json_schema_extra=ADVANCED
    )
    fps: int = Field(
        8, ge=1, le=60, description="frames a second, told to engines", json_schema_extra=ADVANCED
    )
    strength: float = Field(
        0.5, ge=0.05, le=1, description="with a sprite given: how much of it is drawn anew"
    )
    zoom: int = Field(1, ge=1, le=16, description="times the sheet is enlarged, pixel by pixel")
    num_inference_steps: int = Field(
        12, ge=1, le=50, description="steps from noise; more is finer and slower"
    )
    guidance_scale: float = Field(
        2.0,
        ge=1,
        le=8,
        description="how strictly the kind is kept to; 1 is faster",
        json_schema_extra=ADVANCED,
    )


class Sprite(Generator):
    """A rectified flow with alpha; a sheet and the files engines cut it by."""

    id: ClassVar[str] = "flow.sprite"
    title: ClassVar[str] = "Pixel-art sprites"
    summary: ClassVar[str] = "A sheet of sprites of a kind, with slices for Aseprite, Godot, Unity"
    output: ClassVar[MediaType] = MediaType.IMAGE
    inputs: ClassVar[tuple[Input, ...]] = (
        Input("image", (MediaType.IMAGE,), optional=True, summary="a sprite to make others like"),
    )
    Params: ClassVar[type[Params]] = SpriteParams
    checkpoint_from: ClassVar[tuple[str, ...]] = ("checkpoint",)
    checkpoints: ClassVar[tuple[BundledCheckpoint, ...]] = SHIPPED
    testing_params: ClassVar[dict[str, object]] = {
        "kind": "any",
        "size": 16,
        "sprites": 2,
        "num_inference_steps": 2,
    }

    @classmethod
    def footprint(cls, params: Any) -> Footprint:
        """Frames of some sprites at a time."""
        rows = max(MOST, params.frames)
        return Footprint(host_bytes=(500 << 20) + rows * params.size**2 * 4000)

    def __init__(self, checkpoint: Checkpoint | None, device: str) -> None:
        super().__init__(checkpoint, device)
        from studio_flow.draw_sprites import SpriteMaker
        from studio_flow.model import SPRITE, load_flow

        self._flow: Flow = load_flow(get_place(checkpoint, self.id), SPRITE, device)
        self._maker = SpriteMaker(self._flow, device)

    def generate(self, params: SpriteParams, job: JobContext) -> Iterator[list[Artifact]]:
        """Yield a sheet and an archive with its slices per seed."""
        order = build_order(params, self._flow)
        side = self._maker.choose_side(order.kind, order.side)
        source = load_given(job, side)
        steps = params.sprites * params.num_inference_steps
        total, done = steps * len(job.seeds), 0

        def tell(preview: Image.Image, cells: int) -> None:
            nonlocal done
            job.step(done, total, preview)
            done += cells

        drawn = self._maker.draw(order, job.seeds, source, tell)
        for seed, (made, seconds) in zip(job.seeds, drawn, strict=True):
            sheet, cells = lay(made, params)
            job.step(done, total, sheet)
            info = {"kind": params.kind, "drawn_at": side, "cells": len(made)}
            yield [
                Artifact(
                    sheet, MediaType.IMAGE, metrics=measure(made), info=info,
                    title=f"{params.kind} {seed}", seconds=seconds,
                ),
                self._pack(sheet, cells, job, seed),
            ]  # fmt: skip

    @staticmethod
    def _pack(sheet: Image.Image, cells: Cells, job: JobContext, seed: int) -> Artifact:
        folder = job.scratch / f"sheet{seed}"
        folder.mkdir(exist_ok=True)
        files = save_sheet(folder, sheet, cells)
        path = job.scratch / f"sheet{seed}.zip"
        write_zip(path, {file.name: file for file in files})
        return Artifact(path, MediaType.ARCHIVE, title=f"{cells.name} slices {seed}")


def build_order(params: SpriteParams, flow: "Flow") -> "SpriteOrder":
    """Read the params.

    Raises:
        InvalidParamsError: the kind is not known, or the palette is none.
    """
    import numpy as np

    from studio_flow.draw_sprites import SpriteOrder
    from studio_flow.sampling import Style
    from studio_flow.wishes import read_palette

    name = params.kind.strip().lower()
    if name not in (*flow.classes, "any"):
        raise InvalidParamsError(
            "kind: '{name}' was not learnt by these weights; they know {known}",
            name=params.kind,
            known=", ".join(flow.classes),
        )
    colours = read_palette(params.palette, most=64)
    palette = None
    if colours:
        palette = np.rint((np.array(colours) + 1) * 127.5).astype(np.uint8)
    return SpriteOrder(
        kind=flow.get_class(name),
        side=params.size,
        cells=params.sprites,
        frames=params.frames,
        motion=params.motion,
        symmetric=params.symmetric,
        outline=params.outline,
        colours=params.colours,
        palette=palette,
        strength=params.strength,
        style=Style(params.num_inference_steps, params.guidance_scale),
    )


def load_given(job: JobContext, side: int) -> Any:
    """Load the sprite to vary, at the side drawn; None if there is none."""
    from studio_flow.draw_sprites import prepare_source

    given = job.inputs.get("image", [])
    return prepare_source(load_image(given[0].path), side) if given else None


def lay(made: list[Image.Image], params: SpriteParams) -> tuple[Image.Image, Cells]:
    """Return the sheet, enlarged, and where its cells are."""
    columns = params.columns or choose_columns(params.sprites, params.frames)
    side = params.size * params.zoom
    cells = Cells(side, columns, len(made), params.frames, params.kind, params.fps)
    nearest = Image.Resampling.NEAREST
    return lay_cells([sprite.resize((side, side), nearest) for sprite in made], cells), cells


def choose_columns(sprites: int, frames: int) -> int:
    """Animations are rows; still sprites make a square."""
    if frames > 1:
        return frames
    return next(n for n in range(1, sprites + 1) if n * n >= sprites)


def measure(made: list[Image.Image]) -> dict[str, float]:
    """Return the mean number of colours, and the mean share that is opaque."""
    import numpy as np

    counts, shares = [], []
    for sprite in made:
        pixels = np.asarray(sprite)
        opaque = pixels[..., 3] > 0
        counts.append(len(np.unique(pixels[opaque][:, :3], axis=0)))
        shares.append(float(opaque.mean()))
    return {"colours": float(np.mean(counts)), "coverage": float(np.mean(shares))}
