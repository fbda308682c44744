"""The cells that a GAN draws: 2 x 2 latents of the autoencoder, and what a picture was like."""

from collections.abc import Callable
from typing import Final

import torch
from studio_training.autoencoder import Autoencoder
from studio_training.colours import from_spread_fact, to_spread_fact, turn, turn_back
from torch import Tensor
from torch.nn import functional

NEAR: Final = 1 << 13
"""Latents of pictures that are decoded at once. Fewer would fit the cache of a core, but threads
that draw side by side wait for each other in Python before each step: a quarter of the steps, and
64 pictures of 128 x 128 take two thirds of the time."""


def normalise(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Turn RGB in -1..1 into pictures of mean 0 and spread 1, and facts (N, COLOURS)."""
    plain, mean, spread = turn(pictures)
    return plain, torch.cat([mean, to_spread_fact(spread)], 1)


def restore(plain: Tensor, facts: Tensor) -> Tensor:
    """Put mean and spread back, as RGB: the opposite of `normalise`."""
    return turn_back(plain, facts[:, :3], from_spread_fact(facts[:, 3:6]))


def encode_cells(net: Autoencoder, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Turn RGB (N, 3, H, W) in -1..1 into cells (N, planes, h, w) and facts (N, COLOURS)."""
    plain, facts = normalise(pictures)
    return functional.pixel_unshuffle(net.encode(plain), 2), facts


@torch.no_grad()
def measure_loss(net: Autoencoder, pictures: Tensor) -> float:
    """Return the share of the variance of pictures at half their size that does not come back."""
    back = decode_cells(net, *encode_cells(net, pictures))
    small, other = functional.avg_pool2d(pictures, 2), functional.avg_pool2d(back, 2)
    around = small - small.mean((2, 3), keepdim=True)
    return float((small - other).square().mean() / around.square().mean().clamp_min(1e-6))


def build_plan(joints: Tensor, cells: int) -> Tensor:
    """Turn joints (N, 1, H, W) into a plan for a field `cells` wide: (N, plan, h, w).

    Behind the pixels of each cell stands a 1: these joints are known.
    """
    folded = functional.pixel_unshuffle(joints, joints.shape[-1] // cells)
    return torch.cat([folded, torch.ones_like(folded[:, :1])], 1)


def decode_cells(
    net: Autoencoder,
    cells: Tensor,
    facts: Tensor,
    change: Callable[[Tensor, slice], Tensor] | None = None,
) -> Tensor:
    """Turn cells and facts into RGB (N, 3, H, W) in -1..1 or a little beyond.

    A picture comes out alone as among others, to the bit.

    Args:
        net: that made the cells.
        cells: (N, planes, h, w).
        facts: (N, COLOURS).
        change: of pictures whose colours are not put back yet, and their rows.
    """
    folded = functional.pixel_shuffle(cells, 2)

    def finish(rows: slice) -> Tensor:
        plain = net.decode(folded[rows])
        plain = plain if change is None else change(plain, rows)
        return restore(plain, facts[rows])

    size = max(1, NEAR // folded[0, 0].numel())
    return torch.cat([finish(slice(n, n + size)) for n in range(0, len(cells), size)])
