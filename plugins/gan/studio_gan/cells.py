"""The cells that a GAN draws: 2 x 2 latents of the autoencoder, and what a picture was like."""

import torch
from studio_training.autoencoder import Autoencoder
from studio_training.colours import from_spread_fact, to_spread_fact, turn, turn_back
from torch import Tensor
from torch.nn import functional


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


def decode_cells(net: Autoencoder, cells: Tensor, facts: Tensor) -> Tensor:
    """Turn cells and facts into RGB (N, 3, H, W) in -1..1 or a little beyond."""
    return restore(net.decode(functional.pixel_shuffle(cells, 2)), facts)
