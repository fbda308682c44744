"""The nets: plain 3x3 convolutions at low resolution, one pixel shuffle, a nearest-neighbour skip.

No batch norm (it costs contrast) and no attention: on a CPU, plain convolutions give the most PSNR
for a millisecond. Built after EDSR (arXiv 1707.02921) and SRResNet (arXiv 1609.04802); what turns
and mirrors alike after group convolutions (`equivariance`).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

import torch
from studio_training.winograd import convolve
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle

from studio_upscale.equivariance import Layer, list_layers, symmetrise

Architecture = Literal["studio-residual", "fsrcnn"]
Net = TypeVar("Net", bound=nn.Module)

LUMA: Final = (0.299, 0.587, 0.114)
FSRCNN_SHRUNK: Final = 12
RESIDUAL: Final = 0.5
"""Weight of a block's second convolution at the start, against the usual initialisation."""


@dataclass(frozen=True)
class NetworkConfig:
    """What `config.json` beside the weights says.

    Attributes:
        channels: width of the body.
        blocks: of two convolutions each.
        scale: times each side grows; 1 where a picture is mended.
        colours: channels of the picture, 3.
        fold: squares of this side are made channels first, which is cheaper and sees further; 1
            or 2, and 1 unless `scale` is 1.
        architecture: "studio-residual", or "fsrcnn", the baseline.
        equivariant: a turned picture gives the turned answer; `channels` are eights then.
    """

    channels: int = 48
    blocks: int = 8
    scale: int = 4
    colours: int = 3
    fold: int = 1
    architecture: Architecture = "studio-residual"
    equivariant: bool = False

    @property
    def layers(self) -> list[Layer]:
        """What is alike over the turns of an equivariant net; empty for others."""
        if not self.equivariant:
            return []
        return list_layers(self.blocks, self.scale, self.fold)

    @property
    def radius(self) -> int:
        """Pixels of the input around a pixel that can change it."""
        if self.architecture == "fsrcnn":
            return self.blocks + 5
        return self.fold * (2 * self.blocks + 2)


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
        return convolve(self.second, torch.relu_(convolve(self.first, x))).add_(x)


class EnlargingNet(nn.Module, ABC):
    """Pictures (N, 3, H, W) in 0..1 to (N, 3, scale H, scale W), not clipped."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Enlarge; H and W are multiples of `fold`."""


class ResidualNet(EnlargingNet):
    """What ships."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        width, folded = config.channels, config.colours * config.fold**2
        self.head = nn.Conv2d(folded, width, 3, padding=1)
        self.body = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.tail = nn.Conv2d(width, folded * config.scale**2, 3, padding=1)
        with torch.no_grad():
            self.tail.weight *= 0.1
        symmetrise(self, config.layers)

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        if self.config.fold > 1:
            x = pixel_unshuffle(x, self.config.fold)
        fine = convolve(self.tail, self.body(convolve(self.head, x))).to(x.dtype)
        # Adding each pixel to all of its sub-pixels is the nearest-neighbour skip; in place, since
        # a tensor of repeated pixels costs a small net a good part of its time.
        torch.unflatten(fine, 1, (x.shape[1], -1)).add_(x.unsqueeze(2))
        return pixel_shuffle(fine, self.config.scale * self.config.fold)


class Fsrcnn(EnlargingNet):
    """FSRCNN (arXiv 1608.00367): the baseline, learnt by the same script from the same pictures.

    As published it enlarges luma; colour is enlarged by bicubic here, as in its evaluation.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        width, shrunk, scale = config.channels, FSRCNN_SHRUNK, config.scale
        maps = [nn.Conv2d(shrunk, shrunk, 3, padding=1) for _ in range(config.blocks)]
        layers = [nn.Conv2d(1, width, 5, padding=2), nn.Conv2d(width, shrunk, 1)]
        layers += [*maps, nn.Conv2d(shrunk, width, 1)]
        self.layers = nn.ModuleList(layers)
        self.slopes = nn.ModuleList(nn.PReLU(layer.out_channels) for layer in layers)
        self.last = nn.ConvTranspose2d(
            width, 1, 9, stride=scale, padding=4, output_padding=scale - 1
        )
        with torch.no_grad():
            self.last.weight *= 0.1

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        luma = (x * x.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
        plain = interpolate(x, scale_factor=float(self.config.scale), mode="bicubic")
        return plain + self.enlarge_luma(luma)

    def enlarge_luma(self, luma: Tensor) -> Tensor:
        """Run the net proper: (N, 1, H, W) to what bicubic lacks of (N, 1, scale H, scale W)."""
        deep = luma
        for layer, slope in zip(self.layers, self.slopes, strict=True):
            deep = slope(layer(deep))
        detail: Tensor = self.last(deep)
        return detail


def arrange(network: Net) -> Net:
    """Lay weights out channels last, which is faster on a CPU."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def deepen(network: EnlargingNet, blocks: int, seed: int = 0) -> EnlargingNet:
    """Return a net with so many blocks that gives the same answers; fewer are left as they are.

    The new ones come last, and add nothing yet; the seed is theirs.
    """
    if not isinstance(network, ResidualNet) or blocks <= network.config.blocks:
        return network
    deep = build_network(replace(network.config, blocks=blocks), seed)
    assert isinstance(deep, ResidualNet)  # as the net was
    deep.load_state_dict({**deep.state_dict(), **network.state_dict()})
    for block in list(deep.body)[network.config.blocks :]:
        assert isinstance(block, Block)
        for part in block.second.parameters():
            nn.init.zeros_(part)
    return deep


def make_network(config: NetworkConfig) -> EnlargingNet:
    """Make a net of the right architecture."""
    return Fsrcnn(config) if config.architecture == "fsrcnn" else ResidualNet(config)


def build_network(config: NetworkConfig, seed: int) -> EnlargingNet:
    """Make a net with random weights; the same seed gives the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return arrange(make_network(config))
