"""Figures of a flow for its card: samples looked at by a judge."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from studio_training.seams import measure_seams

from studio_flow.assess import Assessor
from studio_flow.draw_sprites import SpriteMaker, SpriteOrder
from studio_flow.model import DISTILLED, Flow
from studio_flow.paint import Order, Painter
from studio_flow.sampling import Style
from studio_flow.sprites import SIZES
from studio_flow.wishes import Wish

SIDE: Final = 128
"""Of a texture looked at, pixels: drawn as it is, not enlarged."""


USUAL: Final = Style()
SHORT: Final = ("accuracy", "of_ceiling", "frechet", "recall", "diversity")
"""Figures that are also taken of the distilled net."""


def measure_textures(flow: Flow, judge: Path, each: int) -> dict[str, float]:
    """Return figures of `each` textures of every class; {} without a judge.

    Those of the distilled net begin with `distilled_`, those of as many steps without it with
    `short_`.
    """
    if not judge.is_dir():
        return {}
    figures = _measure(flow, judge, each, Style())
    if flow.distilled is not None:
        for name, part in (("distilled", flow), ("short", replace(flow, distilled=None))):
            found = _measure(part, judge, each, Style(steps=DISTILLED))
            figures |= {f"{name}_{key}": found[key] for key in SHORT}
    return _round(figures)


def _measure(flow: Flow, judge: Path, each: int, style: Style) -> dict[str, float]:
    images, names = draw_textures(flow, each, style)
    assessor = Assessor(judge)
    figures = assessor.compare(assessor.look(images), names)
    seams = [measure_seams(np.asarray(image))["seam_ratio"] for image in images]
    return {**figures, "seam_ratio": float(np.median(seams)), "pictures": len(images)}


def draw_textures(
    flow: Flow, each: int, style: Style = USUAL
) -> tuple[list[Image.Image], list[str]]:
    """Return `each` textures of every class, and their classes; seeds count from 0."""
    painter = Painter(flow)
    images: list[Image.Image] = []
    names: list[str] = []
    for kind, name in enumerate(flow.classes):
        order = Order(kind, Wish(), SIDE, SIDE, "small", style)
        most = painter.count_together(order)
        for first in range(0, each, most):
            seeds = range(first, min(first + most, each))
            images += painter.paint_new(order, seeds, lambda preview, pictures: None)
        names += [name] * each
    return images, names


def measure_sprites(flow: Flow, judge: Path, each: int) -> dict[str, float]:
    """Return figures of `each` sprites of every kind; {} without a judge."""
    if not judge.is_dir():
        return {}
    images, names = draw_sheet(flow, each)
    assessor = Assessor(judge)
    figures = assessor.compare(assessor.look(images), names)
    return _round({**figures, "pictures": len(images)})


def draw_sheet(flow: Flow, each: int) -> tuple[list[Image.Image], list[str]]:
    """Return `each` sprites of every kind, at the size that most of the kind have."""
    maker = SpriteMaker(flow)
    images: list[Image.Image] = []
    names: list[str] = []
    for kind, name in enumerate(flow.classes):
        counts = [int((flow.book.kinds == kind * 2 + index).sum()) for index in range(2)]
        side = SIZES[int(counts[1] >= counts[0])]
        order = SpriteOrder(kind, side, cells=each)
        ((sheet, _),) = maker.draw(order, [0], None, lambda preview, cells: None)
        images += sheet
        names += [name] * each
    return images, names


def _round(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
