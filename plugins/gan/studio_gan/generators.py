"""The halves that draw: noise and a class in, pictures in -1..1 out.

All take (field, style): the field (N, noise, h, w) says what is where, the style (N, latent) what
the whole looks like. One pixel of the field becomes `2**doublings` of the picture. `DcGan` has one
size and reads the style only. A plan (N, plan, H, W) says where the joints are; only `Weaver`
reads one.
"""

from collections.abc import Callable
from typing import Final

import torch
from studio_training.rows import Linear, Pointwise, multiply
from studio_training.torus import arrange
from torch import Tensor, nn
from torch.nn import functional

from studio_gan.config import GanConfig
from studio_gan.layers import (
    ConditionalNorm,
    DoublingConv,
    ModulatedBlock,
    ModulatedConv,
    double,
    torus_conv,
)

READ: Final = 24
"""Channels in which a plan is read."""


class Stylist(nn.Module):
    """Latent and class to a style vector; follows the mean style of each class."""

    mean: Tensor

    def __init__(self, config: GanConfig, depth: int) -> None:
        super().__init__()
        kinds = max(1, len(config.classes))
        self.config = config
        self.embed = nn.Embedding(kinds, config.latent)
        self.tell = Linear(config.facts, config.latent) if config.facts else None
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [Linear(config.latent, config.latent), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.register_buffer("mean", torch.zeros(kinds, config.latent + config.facts))

    def forward(self, latent: Tensor, weights: Tensor) -> Tensor:
        """Turn latents (N, latent) and shares of classes (N, kinds) into styles (N, latent).

        Where the colours are told, they follow the latents, and the styles: (N, latent + facts).
        """
        latent, facts = torch.split(latent, [self.config.latent, self.config.facts], 1)
        size = (latent.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        mixed = latent * size + multiply(weights, self.embed.weight.T)
        if self.tell is not None:
            mixed = mixed + self.tell(facts)
        return torch.cat([self.layers(mixed), facts], 1)

    def truncate(self, style: Tensor, weights: Tensor, psi: float | Tensor) -> Tensor:
        """Move styles towards the mean of their classes; psi 1 leaves them, 0 is the mean.

        `psi` is one for all, or (N, 1).
        """
        mean = multiply(weights, self.mean.T)
        return mean + psi * (style - mean)

    @torch.no_grad()
    def follow(self, style: Tensor, weights: Tensor, keep: float = 0.99) -> None:
        """Take a batch into the means."""
        counts = weights.sum(0)[:, None]
        fresh = weights.T @ style / counts.clamp(min=1e-6)
        self.mean.copy_(torch.where(counts > 0, keep * self.mean + (1 - keep) * fresh, self.mean))


class DrawingNet(nn.Module):
    """What draws: (field, style) to pictures, or to latents."""

    config: GanConfig
    stylist: Stylist

    def __call__(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Call `forward`."""
        return torch.as_tensor(super().__call__(field, style, plan))

    def get_stylist(self) -> Stylist:
        """Return what makes its styles."""
        return self.stylist


class DcGan(DrawingNet):
    """Transposed convolutions with batch norm (Radford et al., arXiv 1511.06434)."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.stylist = Stylist(config, 0)
        width = config.get_width(0)
        self.start = nn.Linear(config.latent, width * config.first**2)
        layers: list[nn.Module] = [nn.BatchNorm2d(width), nn.ReLU()]
        for level in range(1, config.doublings):
            outer = config.get_width(level)
            layers += [
                nn.ConvTranspose2d(width, outer, 4, 2, 1),
                nn.BatchNorm2d(outer),
                nn.ReLU(),
            ]
            width = outer
        layers += [nn.ConvTranspose2d(width, config.colours, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Draw; the field only says how many."""
        first = self.config.first
        picture: Tensor = self.layers(self.start(style).unflatten(1, (-1, first, first)))
        return picture


class Spatial(DrawingNet):
    """Noise on a torus, doubled and convolved (PSGAN, Bergmann et al., arXiv 1705.06566).

    Where PSGAN lays the global vector beside the local noise, it sets gains and shifts here, so
    that every layer hears of it.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.stylist = Stylist(config, 2)
        width = config.get_width(0)
        self.start = torus_conv(config.noise, width)
        self.norms = nn.ModuleList([ConditionalNorm(width, config.latent)])
        self.convs = nn.ModuleList()
        for level in range(1, config.doublings + 1):
            outer = config.get_width(level)
            self.convs.append(DoublingConv(width, outer))
            self.norms.append(ConditionalNorm(outer, config.latent))
            width = outer
        self.end = torus_conv(width, config.colours)

    def forward(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Draw, `2**doublings` pixels a pixel of the field."""
        x = torch.relu(self.norms[0](self.start(field), style))  # (N, C, h, w)
        for conv, norm in zip(self.convs, self.norms[1:], strict=True):
            x = torch.relu(norm(conv(x), style))
        return torch.tanh(self.end(x))


class Style(DrawingNet):
    """A small StyleGAN2 (Karras et al., arXiv 1912.04958) on a torus.

    The learnt constant it begins with is noise on a torus here, which also stands for its noise
    inputs: what is where comes from the field alone, so that a field makes the same picture again.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.stylist = Stylist(config, 3)
        width = config.get_width(0)
        self.start = torus_conv(config.noise, width)
        self.convs, self.ends = nn.ModuleList(), nn.ModuleList()
        for level in range(config.doublings + 1):
            outer = config.get_width(level)
            self.convs.append(ModulatedConv(width, outer, config.latent))
            self.ends.append(nn.Conv2d(outer, config.colours, 1))
            width = outer
        self.shifts = nn.ParameterList(
            [nn.Parameter(torch.zeros(config.get_width(n), 1, 1)) for n in range(len(self.convs))]
        )

    def forward(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Draw, `2**doublings` pixels a pixel of the field."""
        x = self.start(field)
        picture: Tensor | None = None
        for conv, end, shift in zip(self.convs, self.ends, self.shifts, strict=True):
            x = conv(x, style, doubles=picture is not None)
            x = nn.functional.leaky_relu(x + shift, 0.2) * 2**0.5
            picture = end(x) if picture is None else double(picture) + end(x)
        assert picture is not None  # there is always a first layer
        return torch.tanh(picture)


class Weaver(DrawingNet):
    """Draws the latents of an autoencoder: noise through a U-Net with modulated layers.

    It has no notion of place but noise and joints. Sines of the place (PSGAN's periodic dimensions,
    arXiv 1705.06566) it would read as a map: the same layout for every seed, tile after tile. Noise
    enters twice: fine, four numbers to a cell, and coarse, in the middle, for large shapes.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.stylist = Stylist(config, 2)
        style = config.latent + config.facts
        levels = range(config.doublings, 0, -1)
        inner = config.noise // 4**config.doublings
        self.read: nn.Module | None = None
        if config.joints:
            layers = (torus_conv(config.plan, READ), nn.SiLU(), torus_conv(READ, READ), nn.SiLU())
            self.read = nn.Sequential(*layers)
            inner += READ
        self.enter = ModulatedConv(inner, config.get_width(config.doublings), style)
        self.shrink, self.grow, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level in levels:
            fine, coarse = config.get_width(level), config.get_width(level - 1)
            self.shrink.append(Pointwise(fine, coarse, 2, 2))
            self.grow.append(Pointwise(coarse, fine, 1))
            self.up.append(ModulatedBlock(fine, style, 2))
        self.plant = Pointwise(config.noise, config.get_width(0), 1)
        self.middle = ModulatedBlock(config.get_width(0), style, 2)
        self.end = torus_conv(config.get_width(config.doublings), config.colours)

    def forward(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Draw latents, and what was told behind them, facts and plan: (N, planes, h, w)."""
        noise = functional.pixel_shuffle(field, 2**self.config.doublings)
        parts = [noise]
        if plan is None:
            plan = noise.new_zeros((len(noise), self.config.plan, *noise.shape[2:]))
        if self.read is not None:
            parts.append(self.read(plan.contiguous(memory_format=torch.channels_last)))
        x = torch.cat(parts, 1)
        x = self.enter(x.contiguous(memory_format=torch.channels_last), style)
        kept = []
        for shrink in self.shrink:
            x = functional.leaky_relu(x, 0.2)
            kept.append(x)
            x = shrink(x)
        x = self.middle((x + self.plant(field)) * 0.5**0.5, style)
        ups = zip(reversed(self.up), reversed(self.grow), reversed(kept), strict=True)
        for block, grow, fine in ups:
            x = block((double(grow(x)) + fine) * 0.5**0.5, style)
        facts = style[:, self.config.latent :, None, None].expand(-1, -1, *x.shape[2:])
        return torch.cat([self.end(x), facts, plan], 1)


def build_generator(config: GanConfig) -> DrawingNet:
    """Build the half that draws."""
    families: dict[str, Callable[[GanConfig], DrawingNet]] = {
        "dcgan": DcGan,
        "spatial": Spatial,
        "style": Style,
        "latent": Weaver,
    }
    return arrange(families[config.family](config))
