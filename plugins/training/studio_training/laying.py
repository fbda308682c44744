"""Which joints a texture gets: of the layout asked for, or one that is usual for its material."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from studio_training.layouts import Sheet, draw_layout

AUTO, NONE, LIGHT = "auto", "none", "light"
CLEAREST, CALMEST = 0.6, 0.75
"""Shares of the tiles of a laid material that are kept by `find_calm`."""
SIDE: Final = 128
"""Of the tiles whose stones USUAL speaks of, pixels."""


@dataclass(frozen=True)
class Usual:
    """How a material is mostly laid.

    Attributes:
        layouts: names -> how often.
        stone: heights of a course, pixels of what is drawn: those of the tiles learnt from.
        light: share of those with joints lighter than the stones.
        wobble: how far joints stray, as a share of a stone.
        variety: by how much stones differ in brightness, as a share of the spread of all.
    """

    layouts: Mapping[str, float]
    stone: tuple[float, float]
    light: float = 0.3
    wobble: float = 0.03
    variety: float = 0.35


USUAL: Final[Mapping[str, Usual]] = {
    "brick": Usual({"bond": 6, "ashlar": 2}, (11, 17), light=0.6, variety=0.5),
    "metal_pattern": Usual({"diamonds": 2, "grid": 1}, (12, 20), wobble=0.0, variety=0.0),
    "paving": Usual(
        {"cobbles": 3, "bond": 2, "herringbone": 2, "ashlar": 1, "hexagons": 1}, (13, 20), light=0.2
    ),
    "planks": Usual(
        {"boards": 5, "upright": 2, "herringbone": 1, "basket": 1},
        (11, 18),
        light=0.15,
        wobble=0.0,
        variety=0.6,
    ),
    "roof": Usual({"scales": 3, "bond": 2}, (12, 18), light=0.3),
    "tiles": Usual(
        {"grid": 4, "bond": 2, "diamonds": 1, "hexagons": 1, "herringbone": 1},
        (14, 28),
        light=0.5,
        wobble=0.0,
        variety=0.2,
    ),
}
OTHER: Final = Usual({"bond": 1}, (12, 18))
"""Of materials that are not laid as a rule, where a layout is asked for."""


@dataclass(frozen=True)
class Laying:
    """What is asked for.

    Attributes:
        layout: of LAYOUTS; "auto" is usual for the material, "none" has no joints.
        courses: from top to bottom; 0 leaves it to the material.
        joints: "light", "dark" or "auto".
        variety: factor of how much stones differ in brightness.
        drawing: joints drawn by somebody, (1, 1, H, W), 0..1; in place of a layout.
    """

    layout: str = AUTO
    courses: int = 0
    joints: str = AUTO
    variety: float = 1.0
    drawing: Tensor | None = None


@dataclass(frozen=True)
class Lines:
    """What is laid.

    Attributes:
        joints: (1, 1, H, W), -1..1.
        shades: (1, 1, H, W), to be added to brightness of spread 1.
    """

    joints: Tensor
    shades: Tensor


def find_calm(classes: Sequence[str], kinds: Tensor, clear: Tensor, contrast: Tensor) -> Tensor:
    """Tell whose colours (N,) fit drawn joints: of a chequerboard they fit none.

    Of each laid material those with the clearest joints, and of these the ones of least contrast;
    of other materials all.

    Args:
        classes: their names.
        kinds: class numbers (N,).
        clear: how much of a picture is joints (N,).
        contrast: of its brightness (N,).
    """
    kept = torch.ones(len(kinds), dtype=torch.bool)
    for kind, name in enumerate(classes):
        mine = kinds == kind
        if is_laid(name) and bool(mine.any()):
            mine_clear = mine & (clear >= torch.quantile(clear[mine], 1 - CLEAREST))
            most = torch.quantile(contrast[mine_clear], CALMEST)
            kept &= ~mine | (mine_clear & (contrast <= most))
    return kept


def is_laid(material: str) -> bool:
    """Tell whether a material has joints as a rule."""
    return material.lower() in USUAL


def lay(
    laying: Laying, material: str, size: tuple[int, int], seed: int, side: int = SIDE
) -> Lines | None:
    """Lay a field; None where the net is to decide.

    Args:
        laying: what is asked for.
        material: the class.
        size: height and width of what is drawn, pixels.
        seed: of all that is left open.
        side: of the tiles learnt from, pixels: the smaller, the smaller are their stones.
    """
    if laying.drawing is None and laying.layout == AUTO and not is_laid(material):
        return None
    height, width = size
    blank = torch.zeros((1, 1, height, width))
    if laying.layout == NONE and laying.drawing is None:
        return Lines(blank, blank)
    usual = USUAL.get(material.lower(), OTHER)
    rng = np.random.default_rng(seed)
    stone = float(rng.uniform(*usual.stone)) * side / SIDE
    stone = height / laying.courses if laying.courses else stone
    name, is_light = _choose(usual.layouts, rng), bool(rng.random() < usual.light)
    name = name if laying.layout in (AUTO, NONE) else laying.layout
    sign = 1.0 if (laying.joints == LIGHT if laying.joints != AUTO else is_light) else -1.0
    if laying.drawing is not None:
        return Lines(sign * laying.drawing, blank)
    laid = draw_layout(name, Sheet(width, height, stone, rng), usual.wobble * stone)
    return Lines(sign * laid.joints, laying.variety * usual.variety * laid.shades)


def _choose(layouts: Mapping[str, float], rng: np.random.Generator) -> str:
    weights = np.array(list(layouts.values()), float)
    return str(rng.choice(list(layouts), p=weights / weights.sum()))
