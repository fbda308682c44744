"""Whole assets through the net: pictures with their transparency, materials map by map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from PIL import Image

from studio.errors import InvalidInputError
from studio_upscale.enlarge import Style, count_tiles, enlarge
from studio_upscale.network import EnlargingNet
from studio_upscale.pictures import Pixels, Tiling, bleed, is_tiling, to_image, to_pixels

VECTORS: Final = frozenset(("normal_gl", "normal_dx", "normal"))
"""Maps of directions."""
DEEP: Final = frozenset(("height",))
"""Maps that deserve 16 bits, whatever they come with."""


@dataclass(frozen=True)
class Upscaler:
    """One net and one factor, for any number of pictures.

    Attributes:
        on_tile: called after every window.
    """

    network: EnlargingNet
    factor: float
    style: Style
    on_tile: Callable[[], None] = lambda: None

    def count(self, image: Image.Image) -> int:
        """Return how often `on_tile` will be called for a picture."""
        passes = 2 if is_see_through(image) else 1
        return passes * count_tiles(
            image.height, image.width, self.network.config.scale, self.factor, self.style.tile
        )

    def upscale_image(self, image: Image.Image, tiling: Tiling) -> tuple[Image.Image, bool]:
        """Enlarge L, I;16, RGB or RGBA; returns the same mode, and whether it was taken to tile."""
        pixels = to_pixels(image)
        wraps = is_tiling(pixels, tiling)
        style = replace(self.style, wraps=wraps)
        if image.mode != "RGBA":
            return to_image(self._enlarge(pixels, style)), wraps
        made = np.empty((0,))
        if is_see_through(image):
            colour = self._enlarge(bleed(pixels, wraps), style)
            alpha = self._enlarge(pixels[..., 3:], style)
            made = np.concatenate([colour, alpha], axis=2)
        else:
            colour = self._enlarge(np.ascontiguousarray(pixels[..., :3]), style)
            made = np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8)])
        return to_image(made), wraps

    def upscale_sheet(
        self, image: Image.Image, columns: int, rows: int
    ) -> tuple[Image.Image, bool]:
        """Enlarge every cell of a sheet on its own, so that no frame sees its neighbours.

        Raises:
            InvalidInputError: cells are not of whole pixels, before or after.
        """
        cells = cut_cells(image, columns, rows, self.factor)
        width, height = (round(side * self.factor) for side in cells[0].size)
        sheet: Image.Image | None = None
        for number, cell in enumerate(cells):
            made, _ = self.upscale_image(cell, "no")
            sheet = sheet or Image.new(made.mode, (columns * width, rows * height))
            sheet.paste(made, (number % columns * width, number // columns * height))
        assert sheet is not None
        return sheet, False

    def upscale_material(
        self, maps: Mapping[str, Image.Image], tiling: Tiling
    ) -> tuple[dict[str, Pixels], bool]:
        """Enlarge every map, all wrapping if the albedo does; returns arrays (H, W[, C])."""
        wraps = is_tiling(to_pixels(maps["albedo"]), tiling)
        choice: Tiling = "yes" if wraps else "no"
        made: dict[str, Pixels] = {}
        for name, image in maps.items():
            if name in VECTORS:
                pixels = to_pixels(image.convert("RGB"))
                style = replace(self.style, wraps=wraps, is_vector=True)
                made[name] = self._enlarge(pixels, style)
            elif name in DEEP:
                style = replace(self.style, wraps=wraps)
                made[name] = self._enlarge(to_deep(image), style)[..., 0]
            else:
                made[name] = np.asarray(self.upscale_image(image, choice)[0])
        return made, wraps

    def _enlarge(self, pixels: Pixels, style: Style) -> Pixels:
        return enlarge(self.network, pixels, self.factor, style, self.on_tile)


def cut_cells(image: Image.Image, columns: int, rows: int, factor: float) -> list[Image.Image]:
    """Cut a sheet, row by row.

    Raises:
        InvalidInputError: cells are not of whole pixels, before or after enlarging by `factor`.
    """
    width, height = image.width // columns, image.height // rows
    if width * columns != image.width or height * rows != image.height:
        raise InvalidInputError(
            "{width} x {height} pixels are no sheet of {columns} x {rows} cells",
            width=image.width,
            height=image.height,
            columns=columns,
            rows=rows,
        )
    if (width * factor) % 1 or (height * factor) % 1:
        raise InvalidInputError(
            "cells of {width} x {height} times {factor} are not of whole pixels; choose a whole "
            "scale",
            width=width,
            height=height,
            factor=f"{factor:g}",
        )
    corners = [(x * width, y * height) for y in range(rows) for x in range(columns)]
    return [image.crop((x, y, x + width, y + height)) for x, y in corners]


def is_see_through(image: Image.Image) -> bool:
    """Say whether any pixel lets something through."""
    return image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)


def to_deep(image: Image.Image) -> Pixels:
    """Return one channel of 16 bits (H, W, 1)."""
    if image.mode.startswith("I;16"):
        return to_pixels(image)
    grey: Any = np.asarray(image.convert("L"), np.uint16)
    return np.asarray(grey * np.uint16(257))[..., None]
