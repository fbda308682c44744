"""The judge: a small classifier of real pictures, by whose eyes made ones are measured.

It saw no made picture. Its features, before the last layer, are the space in which Fréchet
distance, KID, precision and recall are taken: not Inception's, so the figures compare with each
other only.
"""

from dataclasses import dataclass
from typing import Final

import torch
from studio_training.torus import Conv, Padding, arrange
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.describe import FACTS, normalise

FEATURES: Final = 64
SETTLED: Final = 200
"""Tiles whose patches the filters are taken from."""


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
        return torch.as_tensor(self.decide(functional.silu(self.find_features(pictures))))

    def find_features(self, pictures: Tensor) -> Tensor:
        """Return (B, FEATURES)."""
        seen = self.body(pictures.contiguous(memory_format=torch.channels_last))
        known = torch.cat([_sum_up(seen), _sum_up(pictures)], 1)
        return torch.as_tensor(self.feature(self.drop(known)))


def _sum_up(values: Tensor) -> Tensor:
    """Return mean and spread of each channel, (B, 2 C)."""
    spread = (values.var((2, 3), unbiased=False) + 1e-5).sqrt()
    return torch.cat([values.mean((2, 3)), spread], 1)


@dataclass(frozen=True)
class TextureJudgeConfig:
    """Sizes.

    Attributes:
        classes: how many.
        filters: principal components of patches.
        patch: side of a patch, pixels.
        octaves: at which the filters look.
        hidden: width of the layer between statistics and features.
    """

    classes: int = 25
    filters: int = 24
    patch: int = 7
    octaves: int = 4
    hidden: int = 192

    @property
    def statistics(self) -> int:
        """Numbers that describe a picture."""
        return FACTS + 4 * self.filters * self.octaves


class TextureJudge(nn.Module):
    """Statistics of fixed filters, then two layers.

    With some fifty tiles a class, filters that are learnt end up worse.

    Attributes:
        bank: the filters (filters, 1, patch, patch).
        mean: of the statistics over real tiles.
        spread: their standard deviations.
    """

    bank: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, config: TextureJudgeConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("bank", torch.zeros(config.filters, 1, config.patch, config.patch))
        self.register_buffer("mean", torch.zeros(config.statistics))
        self.register_buffer("spread", torch.ones(config.statistics))
        self.hidden = nn.Linear(config.statistics, config.hidden)
        self.drop = nn.Dropout(0.4)
        self.feature = nn.Linear(config.hidden, FEATURES)
        self.decide = nn.Linear(FEATURES, config.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B, classes) of pictures (B, 3, H, W), -1..1."""
        return torch.as_tensor(self.decide(functional.silu(self.find_features(pictures))))

    def find_features(self, pictures: Tensor) -> Tensor:
        """Return (B, FEATURES)."""
        return self._find(self.measure(pictures))

    def judge(self, statistics: Tensor) -> Tensor:
        """Return logits (B, classes) of what `measure` gives."""
        return torch.as_tensor(self.decide(functional.silu(self._find(statistics))))

    def _find(self, statistics: Tensor) -> Tensor:
        known = (statistics - self.mean) / self.spread
        return torch.as_tensor(self.feature(self.drop(functional.silu(self.hidden(known)))))

    @torch.no_grad()
    def measure(self, pictures: Tensor) -> Tensor:
        """Return what the filters see, however things are rolled: (B, statistics)."""
        plain, facts = normalise(pictures)
        here, found, rim = plain[:, :1], [facts], self.config.patch // 2
        for _ in range(self.config.octaves):
            wide = functional.pad(here, (rim, rim, rim, rim), mode="circular")
            seen = functional.conv2d(wide, self.bank)
            size = seen.abs()
            found += [
                size.mean((2, 3)).clamp_min(1e-3).log(),
                seen.square().mean((2, 3)).clamp_min(1e-6).log(),
                seen.pow(3).mean((2, 3)).clamp(-3, 3),
                functional.avg_pool2d(size, 4).std((2, 3)).clamp_min(1e-3).log(),
            ]
            here = functional.avg_pool2d(here, 2)
        return torch.cat(found, 1)

    @torch.no_grad()
    def settle(self, pictures: Tensor) -> None:
        """Take filters, and the scale of what they see, from real tiles (N, 3, S, S)."""
        plain, _ = normalise(pictures[:: max(1, len(pictures) // SETTLED)])
        side = self.config.patch
        patches = functional.unfold(plain[:, :1], side, stride=side).transpose(1, 2).flatten(0, 1)
        patches = patches - patches.mean(1, keepdim=True)
        parts = torch.linalg.eigh(patches.T @ patches).eigenvectors.flip(1)
        # The sign of a component is free; this one is the same on every machine.
        parts = parts * parts[parts.abs().argmax(0), torch.arange(parts.shape[1])].sign()
        self.bank.copy_(parts[:, : self.config.filters].T.reshape(self.bank.shape))
        seen = torch.cat([self.measure(part) for part in torch.split(pictures, 64)])
        self.mean.copy_(seen.mean(0))
        self.spread.copy_(seen.std(0).clamp_min(1e-3))


def build_judge(config: JudgeConfig | TextureJudgeConfig) -> Judge | TextureJudge:
    """Build a judge laid out as the processor likes it."""
    if isinstance(config, TextureJudgeConfig):
        return TextureJudge(config)
    return arrange(Judge(config))
