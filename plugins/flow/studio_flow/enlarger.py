"""The enlarger: doubles a texture on its torus, and draws the grain that the larger one lacks.

A residual net after the bilinear picture (as in EDSR, arXiv 1707.02921, without its batch norms and
very small). It sees pictures as `describe.normalise` makes them, (B, 3, H, W).
"""

from dataclasses import dataclass

import torch
from studio_training.torus import Conv, arrange, wrap
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class EnlargerConfig:
    """Sizes: channels of all layers, and how many residual blocks."""

    width: int = 32
    blocks: int = 4


class Enlarger(nn.Module):
    """Doubles width and height."""

    def __init__(self, config: EnlargerConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = Conv(3, config.width)
        self.blocks = nn.ModuleList(
            nn.Sequential(Conv(config.width, config.width), nn.SiLU(),
                          Conv(config.width, config.width))
            for _ in range(config.blocks)
        )  # fmt: skip
        self.leave = Conv(config.width, 12)
        for part in self.leave.parameters():
            nn.init.zeros_(part)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, 3, 2 H, 2 W)."""
        x = self.enter(pictures.contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            x = x + block(x)
        return double(pictures) + functional.pixel_shuffle(self.leave(x), 2)


def double(pictures: Tensor) -> Tensor:
    """Return the bilinear picture twice as large, on the torus."""
    wide = functional.interpolate(wrap(pictures), scale_factor=2, mode="bilinear")
    return wide[..., 2:-2, 2:-2]


def build_enlarger(config: EnlargerConfig) -> Enlarger:
    """Build an enlarger laid out as the processor likes it."""
    return arrange(Enlarger(config))
