"""The judge: a small classifier of real pictures, by whose eyes made ones are measured.

It saw no made picture. Its features, before the last layer, are the space in which Fréchet
distance, KID, precision and recall are taken: not Inception's, so the figures compare with each
other only.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from studio_flow.network import Conv, Padding, arrange

FEATURES: Final = 64


@dataclass(frozen=True)
class JudgeConfig:
    """Sizes.

    Attributes:
        channels: of pictures.
        classes: how many.
        widths: channels at each level; a level is half as fine as the one before.
        patch: pixels a side that become one cell of the first level.
        padding: of the convolutions.
    """

    channels: int = 3
    classes: int = 25
    widths: tuple[int, ...] = (32, 64, 112)
    patch: int = 2
    padding: Padding = "circular"


class Judge(nn.Module):
    """Convolutions, then mean and spread of each channel: any size of picture."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        inner, step = config.channels, config.patch
        for width in config.widths:
            layers += [
                nn.Conv2d(inner, width, step, stride=step),
                Conv(width, width, config.padding),
                nn.BatchNorm2d(width),
                nn.SiLU(),
                Conv(width, width, config.padding),
                nn.BatchNorm2d(width),
                nn.SiLU(),
            ]
            inner, step = width, 2
        self.body = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.1)
        self.feature = nn.Linear(2 * (inner + config.channels), FEATURES)
        self.decide = nn.Linear(FEATURES, config.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B, classes) of pictures (B, C, H, W), -1..1."""
        return torch.as_tensor(self.decide(nn.functional.silu(self.find_features(pictures))))

    def find_features(self, pictures: Tensor) -> Tensor:
        """Return (B, FEATURES)."""
        seen = self.body(pictures.contiguous(memory_format=torch.channels_last))
        known = torch.cat([_sum_up(seen), _sum_up(pictures)], 1)
        return torch.as_tensor(self.feature(self.drop(known)))


def _sum_up(values: Tensor) -> Tensor:
    """Return mean and spread of each channel, (B, 2 C)."""
    spread = (values.var((2, 3), unbiased=False) + 1e-5).sqrt()
    return torch.cat([values.mean((2, 3)), spread], 1)


def build_judge(config: JudgeConfig) -> Judge:
    """Build a judge laid out as the processor likes it."""
    return arrange(Judge(config))
