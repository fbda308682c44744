"""What a field of latents is like, in a few numbers: how strong each octave is, which way it runs.

A generator that is told them, and held to them, need not find out by playing how coarse gravel is
(as in texture synthesis by statistics, Portilla and Simoncelli, 2000).
"""

from typing import Final

import torch
from studio_training.torus import wrap
from torch import Tensor
from torch.nn import functional

OCTAVES: Final = 4
GRAINS: Final = 2
"""Octaves whose direction counts."""
FILTERS: Final = 16
PATCH: Final = 5
SIZES: Final = 3
"""At which patches are compared: as they are, halved, and halved again."""


def measure_cells(cells: Tensor) -> Tensor:
    """Measure cells (N, 4 * latent, h, w); returns (N, STATISTICS * latent), mostly in -1..1."""
    x = functional.pixel_shuffle(cells, 2)
    found = []
    for octave in range(OCTAVES):
        if octave < GRAINS:
            across = (x - x.roll(1, 3)).square().mean((2, 3))
            along = (x - x.roll(1, 2)).square().mean((2, 3))
            found.append((across - along) / (across + along + 1e-3))
        coarse = functional.avg_pool2d(x, 2)
        fine = x - functional.interpolate(coarse, scale_factor=2, mode="nearest")
        found.append((fine.square().mean((2, 3)) + 1e-3).log() / 2 + 1)
        x = coarse
    return torch.cat(found, 1)


def compare_patches(made: Tensor, real: Tensor) -> Tensor:
    """Compare what random filters see in cells drawn and in those they are told of.

    Sliced Wasserstein distance of patches (GPDM, arXiv 2203.11862): wherever it stands, what is
    seen must be seen as often. Draws its filters from torch's own rng.
    """
    made, real = functional.pixel_shuffle(made, 2), functional.pixel_shuffle(real, 2)
    total = made.new_zeros(())
    for _ in range(SIZES):
        filters = torch.randn(FILTERS, made.shape[1], PATCH, PATCH)
        filters = filters / filters.flatten(1).norm(dim=1)[:, None, None, None]
        total = total + (_sort(made, filters) - _sort(real, filters)).abs().mean()
        made, real = functional.avg_pool2d(made, 2), functional.avg_pool2d(real, 2)
    return total / SIZES


def _sort(cells: Tensor, filters: Tensor) -> Tensor:
    seen = functional.conv2d(wrap(cells, PATCH // 2), filters)
    return seen.flatten(2).sort(2).values
