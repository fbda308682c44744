"""The halves that draw: noise and a class in, pictures in -1..1 out.

All take (field, style): the field (N, FIELD, h, w) says what is where, the style (N, latent) what
the whole looks like. One pixel of the field becomes `2**doublings` of the picture. `DcGan` has one
size and reads the style only.
"""

import torch
from torch import Tensor, nn

from studio_gan.config import GanConfig
from studio_gan.layers import ConditionalNorm, ModulatedConv, double, torus_conv

FIELD = 16
"""Numbers in a pixel of the field."""


class Stylist(nn.Module):
    """Latent and class to a style vector; follows the mean style of each class."""

    mean: Tensor

    def __init__(self, config: GanConfig, depth: int) -> None:
        super().__init__()
        kinds = max(1, len(config.classes))
        self.embed = nn.Embedding(kinds, config.latent)
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(config.latent, config.latent), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.register_buffer("mean", torch.zeros(kinds, config.latent))

    def forward(self, latent: Tensor, weights: Tensor) -> Tensor:
        """Turn latents (N, latent) and shares of classes (N, kinds) into styles (N, latent)."""
        size = (latent.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        style: Tensor = self.layers(latent * size + weights @ self.embed.weight)
        return style

    def truncate(self, style: Tensor, weights: Tensor, psi: float) -> Tensor:
        """Move styles towards the mean of their classes; psi 1 leaves them, 0 is the mean."""
        mean = weights @ self.mean
        return mean + psi * (style - mean)

    @torch.no_grad()
    def follow(self, style: Tensor, weights: Tensor, keep: float = 0.99) -> None:
        """Take a batch into the means."""
        counts = weights.sum(0)[:, None]
        fresh = weights.T @ style / counts.clamp(min=1e-6)
        self.mean.copy_(torch.where(counts > 0, keep * self.mean + (1 - keep) * fresh, self.mean))


class DcGan(nn.Module):
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

    def forward(self, field: Tensor, style: Tensor) -> Tensor:
        """Draw; the field only says how many."""
        first = self.config.first
        picture: Tensor = self.layers(self.start(style).unflatten(1, (-1, first, first)))
        return picture


class Spatial(nn.Module):
    """Noise on a torus, doubled and convolved (PSGAN, Bergmann et al., arXiv 1705.06566).

    Where PSGAN lays the global vector beside the local noise, it sets gains and shifts here, so
    that every layer hears of it.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.stylist = Stylist(config, 2)
        width = config.get_width(0)
        self.start = torus_conv(FIELD, width)
        self.norms = nn.ModuleList([ConditionalNorm(width, config.latent)])
        self.convs = nn.ModuleList()
        for level in range(1, config.doublings + 1):
            outer = config.get_width(level)
            self.convs.append(torus_conv(width, outer))
            self.norms.append(ConditionalNorm(outer, config.latent))
            width = outer
        self.end = torus_conv(width, config.colours)

    def forward(self, field: Tensor, style: Tensor) -> Tensor:
        """Draw, `2**doublings` pixels a pixel of the field."""
        x = torch.relu(self.norms[0](self.start(field), style))  # (N, C, h, w)
        for conv, norm in zip(self.convs, self.norms[1:], strict=True):
            x = torch.relu(norm(conv(double(x)), style))
        return torch.tanh(self.end(x))


class Style(nn.Module):
    """A small StyleGAN2 (Karras et al., arXiv 1912.04958) on a torus.

    The learnt constant it begins with is noise on a torus here, which also stands for its noise
    inputs: what is where comes from the field alone, so that a field makes the same picture again.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.stylist = Stylist(config, 3)
        width = config.get_width(0)
        self.start = torus_conv(FIELD, width)
        self.convs, self.ends = nn.ModuleList(), nn.ModuleList()
        for level in range(config.doublings + 1):
            outer = config.get_width(level)
            self.convs.append(ModulatedConv(width, outer, config.latent))
            self.ends.append(nn.Conv2d(outer, config.colours, 1))
            width = outer
        self.shifts = nn.ParameterList(
            [nn.Parameter(torch.zeros(config.get_width(n), 1, 1)) for n in range(len(self.convs))]
        )

    def forward(self, field: Tensor, style: Tensor) -> Tensor:
        """Draw, `2**doublings` pixels a pixel of the field."""
        x = self.start(field)
        picture: Tensor | None = None
        for conv, end, shift in zip(self.convs, self.ends, self.shifts, strict=True):
            x = x if picture is None else double(x)
            x = nn.functional.leaky_relu(conv(x, style) + shift, 0.2) * 2**0.5
            picture = end(x) if picture is None else double(picture) + end(x)
        assert picture is not None  # there is always a first layer
        return torch.tanh(picture)


def build_generator(config: GanConfig) -> nn.Module:
    """Build the half that draws."""
    families: dict[str, type[nn.Module]] = {"dcgan": DcGan, "spatial": Spatial, "style": Style}
    return families[config.family](config)
