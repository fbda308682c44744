"""Pictures to latents a quarter as wide and back, both on a torus (arXiv 2112.10752).

It sees pictures along `BASIS`, with mean 0 and spread 1; what they were is kept as facts.
"""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_gan.config import AutoencoderConfig
from studio_gan.layers import pad_torus

BASIS: Final = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, 0.0, -(2**-0.5)),
    (6**-0.5, -2 * 6**-0.5, 6**-0.5),
)
"""Brightness and two differences of colours, orthonormal."""
LEAST_SPREAD: Final = 0.03
"""Below this, what varies is compression: 4 levels of 255."""
LEAST_COLOUR: Final = 0.2
"""The same for differences of colours, as a share of brightness."""


class Autoencoder(nn.Module):
    """Encoder and decoder; names and order of the weights are those of a training elsewhere.

    Attributes:
        mean: of each channel of the raw latents over the training pictures (latent,).
        spread: their standard deviations.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        cells = 3 * config.patch**2
        layers: list[nn.Module] = [nn.PixelUnshuffle(config.patch), Conv(cells, config.down[0])]
        for inner, outer in pairwise(config.down):
            layers += [Residual(inner), Shrink(inner, outer)]
        layers += [Residual(config.down[-1]), Normal(config.down[-1])]
        self.encoder = nn.Sequential(*layers, Conv(config.down[-1], config.latent))
        layers = [Conv(config.latent, config.up[-1])]
        for level in reversed(range(len(config.up))):
            layers += [Residual(config.up[level]) for _ in range(config.blocks[level])]
            if level:
                layers.append(Grow(config.up[level], config.up[level - 1]))
        layers += [Normal(config.up[0]), Conv(config.up[0], cells), nn.PixelShuffle(config.patch)]
        self.decoder = nn.Sequential(*layers)
        self.register_buffer("mean", torch.zeros(config.latent))
        self.register_buffer("spread", torch.ones(config.latent))

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Turn RGB (N, 3, H, W) in -1..1 into cells (N, planes, h, w) and facts (N, COLOURS)."""
        plain, facts = normalise(pictures)
        raw = self.encoder(plain.contiguous(memory_format=torch.channels_last))
        latents = (raw - self.mean[:, None, None]) / self.spread[:, None, None]
        return functional.pixel_unshuffle(latents, 2), facts

    def decode(self, cells: Tensor, facts: Tensor) -> Tensor:
        """Turn cells and facts into RGB (N, 3, H, W) in -1..1 or a little beyond."""
        raw = (
            functional.pixel_shuffle(cells, 2) * self.spread[:, None, None]
            + self.mean[:, None, None]
        )
        return restore(self.decoder(raw.contiguous(memory_format=torch.channels_last)), facts)


class Conv(nn.Module):
    """3x3 on a torus."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outer, H, W)."""
        return torch.as_tensor(self.conv(pad_torus(x)))


class Residual(nn.Module):
    """Norm, SiLU, convolution, twice."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Sequential(Normal(width), Conv(width, width))
        self.second = nn.Sequential(Normal(width), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W)."""
        return torch.as_tensor(x + self.second(self.first(x)))


class Normal(nn.Module):
    """A norm of groups of channels, then SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        groups = max(1, width // 16)
        while width % groups:
            groups -= 1
        self.normal = nn.GroupNorm(groups, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, width, H, W)."""
        return functional.silu(self.normal(x))


class Shrink(nn.Module):
    """Four pixels become one."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, outer, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outer, H / 2, W / 2)."""
        return torch.as_tensor(self.conv(x))


class Grow(nn.Module):
    """One pixel becomes four (pixel shuffle)."""

    def __init__(self, inner: int, outer: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inner, 4 * outer, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, outer, 2 H, 2 W)."""
        return functional.pixel_shuffle(self.conv(x), 2)


def normalise(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Turn RGB in -1..1 into pictures along `BASIS` of mean 0 and spread 1, and facts."""
    mean = pictures.mean((2, 3))
    centred = pictures - mean[:, :, None, None]
    turned = torch.einsum("kc,bchw->bkhw", pictures.new_tensor(BASIS), centred)
    spread = turned.square().mean((2, 3)).sqrt()
    bright = spread[:, :1].clamp_min(LEAST_SPREAD)
    spread = torch.cat([bright, torch.maximum(spread[:, 1:], LEAST_COLOUR * bright)], 1)
    facts = torch.cat([mean, (spread.log() + 2) / 0.9], 1)
    return turned / spread[:, :, None, None], facts


def restore(plain: Tensor, facts: Tensor) -> Tensor:
    """Put mean and spread back, as RGB: the opposite of `normalise`."""
    mean, spread = facts[:, :3, None, None], torch.exp(facts[:, 3:6, None, None] * 0.9 - 2)
    return torch.einsum("kc,bkhw->bchw", plain.new_tensor(BASIS), plain * spread) + mean
