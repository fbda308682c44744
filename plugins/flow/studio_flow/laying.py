"""Which joints a texture gets: of the layout asked for, or one that is usual for its material."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from studio_flow.layouts import Sheet, draw_layout

AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class Usual:
    """How a material is mostly laid.

    Attributes:
        layouts: names -> how often.
        stone: heights of a course, pixels of what is drawn: those of the tiles learnt from.
        light: share of those with joints lighter than the stones.
        wobble: how far joints stray, as a share of a stone.
    """

    layouts: Mapping[str, float]
    stone: tuple[float, float]
    light: float = 0.3
    wobble: float = 0.03


USUAL: Final[Mapping[str, Usual]] = {
    "brick": Usual({"bond": 6, "ashlar": 2}, (11, 17), light=0.6),
    "metal_pattern": Usual({"diamonds": 2, "grid": 1}, (12, 20), wobble=0.0),
    "paving": Usual(
        {"cobbles": 3, "bond": 2, "herringbone": 2, "ashlar": 1, "hexagons": 1}, (13, 20), light=0.2
    ),
    "planks": Usual(
        {"boards": 5, "upright": 2, "herringbone": 1, "basket": 1}, (11, 18), light=0.15, wobble=0.0
    ),
    "roof": Usual({"scales": 3, "bond": 2}, (12, 18), light=0.3),
    "tiles": Usual(
        {"grid": 4, "bond": 2, "diamonds": 1, "hexagons": 1, "herringbone": 1},
        (14, 28),
        light=0.5,
        wobble=0.0,
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
        drawing: joints drawn by somebody, (1, 1, H, W), 0..1; in place of a layout.
    """

    layout: str = AUTO
    courses: int = 0
    joints: str = AUTO
    drawing: Tensor | None = None


def lay(laying: Laying, material: str, size: tuple[int, int], seed: int) -> Tensor | None:
    """Return joints (1, 1, H, W), -1..1; None where the net is to decide.

    Args:
        laying: what is asked for.
        material: the class.
        size: height and width of what is drawn, pixels.
        seed: of all that is left open.
    """
    if laying.drawing is None and laying.layout == AUTO and material.lower() not in USUAL:
        return None
    height, width = size
    if laying.layout == NONE and laying.drawing is None:
        return torch.zeros((1, 1, height, width))
    usual = USUAL.get(material.lower(), OTHER)
    rng = np.random.default_rng(seed)
    stone = height / laying.courses if laying.courses else float(rng.uniform(*usual.stone))
    name, is_light = _choose(usual.layouts, rng), bool(rng.random() < usual.light)
    if laying.layout in (AUTO, NONE):
        chosen = name
    else:
        chosen = laying.layout
    if laying.joints != AUTO:
        is_light = laying.joints == "light"
    if laying.drawing is not None:
        drawn = laying.drawing
    else:
        drawn = draw_layout(chosen, Sheet(width, height, stone, rng), usual.wobble * stone)
    return drawn if is_light else -drawn


def _choose(layouts: Mapping[str, float], rng: np.random.Generator) -> str:
    weights = np.array(list(layouts.values()), float)
    return str(rng.choice(list(layouts), p=weights / weights.sum()))
