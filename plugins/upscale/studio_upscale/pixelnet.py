"""Pixel art twice as large by choice: each new pixel copies one of the nine old ones around it.

A net says which. So there is no colour that was not there, as with EPX, but the rule is learnt.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from studio_upscale.network import Block
from studio_upscale.pictures import take_around
from studio_upscale.weights import load_files, save_files

Pixels = npt.NDArray[np.uint8]

AROUND: Final = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
TILE: Final = 256
"""Side of a window, pixels of the small picture."""


@dataclass(frozen=True)
class ChoiceConfig:
    """Sizes of the net."""

    channels: int = 24
    blocks: int = 4

    @property
    def radius(self) -> int:
        """Pixels around a pixel that can change it."""
        return 2 * self.blocks + 3


class ChoiceNet(nn.Module):
    """RGBA (N, 4, H, W), colour times alpha, to scores (N, 9, 4, H, W): neighbour, corner."""

    def __init__(self, config: ChoiceConfig) -> None:
        super().__init__()
        self.config = config
        self.head = nn.Conv2d(4, config.channels, 3, padding=1)
        self.body = nn.Sequential(*(Block(config.channels) for _ in range(config.blocks)))
        self.tail = nn.Conv2d(config.channels, len(AROUND) * 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Score."""
        scores: Tensor = self.tail(self.body(self.head(x)))
        return torch.unflatten(scores, 1, (len(AROUND), 4))


def save_choice(network: ChoiceNet, folder: Path, facts: Mapping[str, Any], card: str) -> None:
    """Write weights as fp16, config with `facts`, and the model card."""
    config = {"architecture": "studio-choice", **asdict(network.config), **facts}
    save_files(network, folder, config, card, "upscale.pixelart")


def load_choice(folder: Path) -> ChoiceNet:
    """Read what `save_choice` wrote.

    Raises:
        CheckpointError: another architecture, damaged, or not whole.
    """

    def build(facts: Mapping[str, Any]) -> ChoiceNet:
        return ChoiceNet(ChoiceConfig(int(facts["channels"]), int(facts["blocks"])))

    return load_files(folder, "studio-choice", build, "upscale.pixelart")


def scale_learnt(network: ChoiceNet, picture: Pixels, wraps: bool) -> Pixels:
    """Enlarge (H, W, 1|3|4) twice."""
    height, width, channels = picture.shape
    made = np.empty((2 * height, 2 * width, channels), np.uint8)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(top + TILE, height), min(left + TILE, width)
            part = _scale_part(network, picture, (top, bottom), (left, right), wraps)
            made[2 * top : 2 * bottom, 2 * left : 2 * right] = part
    return made


def _scale_part(
    network: ChoiceNet,
    picture: Pixels,
    rows: tuple[int, int],
    columns: tuple[int, int],
    wraps: bool,
) -> Pixels:
    reach = network.config.radius
    wide = take_around(
        picture,
        (rows[0] - reach, rows[1] + reach),
        (columns[0] - reach, columns[1] + reach),
        wraps,
    )
    with torch.inference_mode():
        best = network(to_planes(wide)[None])[0].argmax(0).numpy()
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    top, left = np.mgrid[reach : reach + height, reach : reach + width]
    steps = np.array(AROUND)
    made = np.empty((2 * height, 2 * width, wide.shape[2]), np.uint8)
    for corner in range(4):
        step = steps[best[corner][reach : reach + height, reach : reach + width]]
        part = wide[top + step[..., 0], left + step[..., 1]]
        made[corner // 2 :: 2, corner % 2 :: 2] = part
    return made


def to_planes(picture: Pixels) -> Tensor:
    """Turn (H, W, 1|3|4) into RGBA (4, H, W) in 0..1, colour times alpha."""
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    if values.shape[0] == 4:
        return torch.cat([values[:3] * values[3:], values[3:]])
    return torch.cat([values.expand(3, -1, -1), torch.ones_like(values[:1])])
