"""The net: plain 3x3 convolutions at low resolution, one pixel shuffle, a nearest-neighbour skip.

No batch norm (it costs contrast) and no attention: on a CPU, plain convolutions give the most PSNR
for a millisecond. Built after EDSR (arXiv 1707.02921) and SRResNet (arXiv 1609.04802).
"""

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

RESIDUAL = 0.5
"""Weight of a block's second convolution at the start, against the usual initialisation."""


Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class NetworkConfig:
    """What `config.json` beside the weights says.

    Attributes:
        channels: width of the body.
        blocks: of two convolutions each.
        scale: times each side grows.
        colours: channels of the picture, 3.
    """

    channels: int = 48
    blocks: int = 8
    scale: int = 4
    colours: int = 3

    @property
    def radius(self) -> int:
        """Pixels of the input around a pixel that can change it."""
        return 2 * self.blocks + 2


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.second.weight *= RESIDUAL

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H, W), as it came."""
        out: Tensor = self.second(torch.relu_(self.first(x)))
        return out.add_(x)


class ResidualNet(nn.Module):
    """Pictures (N, 3, H, W) in 0..1 to (N, 3, scale H, scale W), not clipped."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width, fine = config.channels, config.colours * config.scale**2
        self.head = nn.Conv2d(config.colours, width, 3, padding=1)
        self.body = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.tail = nn.Conv2d(width, fine, 3, padding=1)
        with torch.no_grad():
            self.tail.weight *= 0.1

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge; (N, 3, H, W) to (N, 3, scale H, scale W)."""
        fine = self.tail(self.body(self.head(x)))
        # Adding each pixel to all of its sub-pixels is the nearest-neighbour skip.
        fine = fine + x.repeat_interleave(self.config.scale**2, dim=1)
        return nn.functional.pixel_shuffle(fine, self.config.scale)


def arrange(network: Net) -> Net:
    """Lay weights out channels last, which is faster on a CPU."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def build_network(config: NetworkConfig, seed: int) -> ResidualNet:
    """Make a net with random weights; the same seed gives the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return arrange(ResidualNet(config))
