"""A variational autoencoder of textures (Kingma and Welling, arXiv 1312.6114), on a torus.

It reads cells, 2 x 2 latents of the autoencoder that the GAN and the flow draw with, and the six
colours of a picture. What it makes of them is in two parts: a style (N, style), for which each
class has a prior of its own, and a field (N, field, h, w), which says what is where and whose
prior is noise; so any size can be drawn, and it tiles.

How far cells may be from what is drawn is learnt too (sigma-VAE, arXiv 2006.13202): that rest is
what blurs the pictures of a VAE, and `Drawn.spread` says how strong it was.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from studio_training.autoencoder import Autoencoder
from studio_training.rows import Linear, Pointwise
from studio_training.torus import Conv, Normal, Residual, Shrink
from torch import Tensor, nn

from studio_gan.cells import decode_cells, encode_cells
from studio_gan.config import COLOURS
from studio_gan.layers import ModulatedBlock, ModulatedConv, double
from studio_gan.vae_config import VaeConfig

NARROWEST, WIDEST = -4.0, 2.0
"""Logarithms of standard deviations stay between them."""
TOLD: Final = 16.0
"""Weight of the six colours, which would drown among thousands of numbers of the cells."""
BETA: Final = 0.5
"""Weight of the divergences (beta-VAE, Higgins et al., 2017): below 1, what comes back is truer."""


@dataclass(frozen=True)
class Bell:
    """A normal distribution, each number for itself.

    Attributes:
        mean: (N, ...).
        log: of the standard deviation, of a shape that fits.
    """

    mean: Tensor
    log: Tensor

    def draw(self) -> Tensor:
        """Draw one of each, from torch's own rng."""
        return self.mean + torch.randn_like(self.mean) * self.log.exp()

    def get_loss(self, values: Tensor) -> Tensor:
        """Return the negative log-likelihood of values, in nats, summed over each of N: (N,)."""
        far = (values - self.mean) * (-self.log).exp()
        return (far.square() / 2 + self.log + HALF_LOG_TAU).flatten(1).sum(1)

    def get_distance(self, prior: "Bell") -> Tensor:
        """Return the Kullback-Leibler divergence from a prior, nats (N,)."""
        share = (2 * (self.log - prior.log)).exp()
        far = ((self.mean - prior.mean) * (-prior.log).exp()).square()
        return (prior.log - self.log + (share + far - 1) / 2).flatten(1).sum(1)


HALF_LOG_TAU: Final = math.log(2 * math.pi) / 2


class Vae(nn.Module):
    """Encoder, prior and decoder; the autoencoder lies around them.

    Attributes:
        prior: of each class (classes, 2 * style): means, then logarithms of deviations.
    """

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        fine, coarse, told = config.fine, config.coarse, config.style
        self.read = nn.Sequential(
            Conv(config.planes + COLOURS, fine),
            Residual(fine),
            Shrink(fine, coarse),
            Residual(coarse),
            Normal(coarse),
        )
        self.to_field = Conv(coarse, 2 * config.places)
        self.to_style = nn.Linear(2 * coarse + COLOURS, 2 * told)
        self.prior = nn.Parameter(torch.zeros(len(config.classes), 2 * told))
        self.to_colours = nn.Sequential(
            Linear(told, 2 * told), nn.SiLU(), Linear(2 * told, 2 * COLOURS)
        )
        self.enter = ModulatedConv(config.places, coarse, told)
        self.lay = ModulatedBlock(coarse, told, 2)
        self.grow = Pointwise(coarse, fine, 1)
        self.weave = ModulatedBlock(fine, told, 2)
        self.end = Conv(fine, config.planes)
        self.rest = Linear(told, config.planes)

    def encode(self, cells: Tensor, colours: Tensor) -> tuple[Bell, Bell]:
        """Turn cells (N, planes, h, w), even, and colours (N, COLOURS) into style and field."""
        planes = colours[:, :, None, None].expand(-1, -1, *cells.shape[2:])
        seen = self.read(torch.cat([cells, planes], 1))
        spread = seen.std((2, 3), unbiased=False)
        whole = torch.cat([seen.mean((2, 3)), spread, colours], 1)
        return _to_bell(self.to_style(whole)), _to_bell(self.to_field(seen))

    def get_prior(self, weights: Tensor) -> Bell:
        """Return the prior of styles that is learnt by the way, for shares of classes."""
        return _to_bell(weights @ self.prior)

    def decode(self, style: Tensor, field: Tensor) -> tuple[Bell, Bell]:
        """Turn styles (N, style) and fields (N, field, h, w) into cells and colours."""
        x = self.lay(self.enter(field, style), style)
        x = self.weave(double(self.grow(x)), style)
        log = self.rest(style).clamp(NARROWEST, WIDEST)[:, :, None, None]
        return Bell(self.end(x), log), _to_bell(self.to_colours(style))


class VaePainter(nn.Module):
    """Pictures to styles and fields and back: the VAE, and the autoencoder around it.

    Attributes:
        means: of the styles of each class (classes, style).
        roots: of their covariances (classes, style, style).
    """

    means: Tensor
    roots: Tensor

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        self.vae = Vae(config)
        self.autoencoder = Autoencoder(config.autoencoder)
        count = len(config.classes)
        self.register_buffer("means", torch.zeros(count, config.style))
        self.register_buffer("roots", torch.eye(config.style).repeat(count, 1, 1))

    @torch.no_grad()
    def fit_styles(self, styles: Bell, kinds: Tensor) -> None:
        """Take means and covariances from the styles of examples (N, style) of kinds (N,).

        A prior that was learnt by the way is left behind by what is read; one fitted afterwards is
        not (Ghosh et al., arXiv 1903.12436). Of few examples, covariances count less.
        """
        own = (2 * styles.log).exp()
        for kind in range(len(self.config.classes)):
            rows = styles.mean[kinds == kind]
            if not len(rows):
                continue
            mean = rows.mean(0)
            spread = (rows - mean).T @ (rows - mean) / len(rows)
            trust = len(rows) / (len(rows) + self.config.style)
            plain = torch.diag(spread.diag() + own[kinds == kind].mean(0))
            root = torch.linalg.cholesky(
                trust * spread + (1 - trust) * plain + 1e-5 * torch.eye(len(mean))
            )
            self.means[kind], self.roots[kind] = mean, root

    def read(self, pictures: Tensor) -> tuple[Bell, Bell]:
        """Turn RGB (N, 3, H, W) in -1..1, sides divided by `step`, into style and field."""
        return self.vae.encode(*encode_cells(self.autoencoder, pictures))

    def draw(self, style: Tensor, field: Tensor, noise: Tensor) -> Tensor:
        """Draw RGB (N, 3, H, W), in -1..1 or a little beyond.

        Args:
            style: (N, style).
            field: (N, field, h, w).
            noise: what stands for the rest that it did not learn, (N, planes, 2h, 2w); of
                standard deviation 1 for as much as there was, zeros for none.
        """
        cells, colours = self.vae.decode(style, field)
        return decode_cells(self.autoencoder, cells.mean + noise * cells.log.exp(), colours.mean)


def get_loss(net: Vae, cells: Tensor, colours: Tensor, weights: Tensor) -> dict[str, Tensor]:
    """Return the loss, weighted nats to a number of the cells, and its parts.

    Draws from torch's own rng.

    Args:
        net: that learns.
        cells: (N, planes, h, w).
        colours: (N, COLOURS).
        weights: of classes, one-hot (N, classes).
    """
    style, field = net.encode(cells, colours)
    made, tint = net.decode(style.draw(), field.draw())
    noise = Bell(torch.zeros_like(field.mean), torch.zeros_like(field.log))
    parts = {
        "cells": made.get_loss(cells),
        "colours": TOLD * tint.get_loss(colours),
        "field": BETA * field.get_distance(noise),
        "style": BETA * style.get_distance(net.get_prior(weights)),
    }
    count = cells[0].numel()
    figures = {name: value.mean() / count for name, value in parts.items()}
    error = (made.mean - cells).square().mean().sqrt()
    return {"loss": torch.stack(list(figures.values())).sum(), **figures, "error": error}


def _to_bell(values: Tensor) -> Bell:
    mean, log = values.chunk(2, dim=1)
    return Bell(mean, log.clamp(NARROWEST, WIDEST))
