"""How alike two textures look, wherever things stand in them.

Sliced Wasserstein distance of patches, as in GPDM (arXiv 2203.11862): what random filters see in
both pictures, sorted, and compared.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

FILTERS: Final = 16
"""Random ones, new at every call."""
PATCH: Final = 7
OCTAVES: Final = 2
"""Sizes at which patches are compared: as it is, and halved."""
FAINT: Final = 0.02
"""What a filter sees on average in a picture of spread 1 below which nobody misses it."""


def compare_patches(made: Tensor, real: Tensor, rng: torch.Generator) -> Tensor:
    """Return the sliced Wasserstein distance of patches, mean over octaves."""
    total = made.new_zeros(())
    for octave in range(OCTAVES):
        if octave:
            made, real = functional.avg_pool2d(made, 2), functional.avg_pool2d(real, 2)
        filters = torch.randn((FILTERS, made.shape[1], PATCH, PATCH), generator=rng)
        filters = filters - filters.mean((2, 3), keepdim=True)
        filters = (filters / filters.flatten(1).norm(dim=1)[:, None, None, None]).to(made.device)
        # Every second place is enough of them, and a quarter of the time.
        step = 2 if octave == 0 else 1
        total = total + (_sort(made, filters, step) - _sort(real, filters, step)).abs().mean()
    return total / OCTAVES


def _sort(pictures: Tensor, filters: Tensor, step: int) -> Tensor:
    rim = PATCH // 2
    pictures = functional.pad(pictures, (rim, rim, rim, rim), mode="circular")
    return functional.conv2d(pictures, filters, stride=step).flatten(2).sort(2).values


def compare_bands(made: Tensor, real: Tensor, rng: torch.Generator) -> Tensor:
    """Return the same distance, each filter's relative to what it sees in the real picture.

    The filters are cosines of a patch (a DCT), in colours drawn at random: the faint fine bands
    that make cloth cloth and snow snow count as much as strong coarse ones, which to
    `compare_patches` are nearly all there is.
    """
    total = made.new_zeros(())
    for octave in range(OCTAVES):
        if octave:
            made, real = functional.avg_pool2d(made, 2), functional.avg_pool2d(real, 2)
        which = 1 + torch.randperm(PATCH**2 - 1, generator=rng)[:FILTERS]
        colours = torch.randn((FILTERS, made.shape[1], 1, 1), generator=rng)
        colours = colours / colours.norm(dim=1, keepdim=True)
        filters = (build_cosines(PATCH)[which][:, None] * colours).to(made.device)
        there = _sort(real, filters, 1)
        away = (_sort(made, filters, 1) - there).abs().mean(2)
        total = total + (away / (there.abs().mean(2) + FAINT)).mean()
    return total / OCTAVES


def build_cosines(side: int) -> Tensor:
    """Return the filters of a discrete cosine transform, (side², side, side), unit norm."""
    places = (torch.arange(side) + 0.5) * math.pi / side
    waves = torch.cos(torch.arange(side)[:, None] * places)
    waves = waves / waves.norm(dim=1, keepdim=True)
    return torch.einsum("ay,bx->abyx", waves, waves).flatten(0, 1)
