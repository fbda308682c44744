"""Pictures with their colours taken out: mean 0 and spread 1, brightness apart from colour.

Pictures are float (B, 3, H, W), RGB, -1..1.
"""

from typing import Final

import torch
from torch import Tensor

BASIS: Final = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, 0.0, -(2**-0.5)),
    (6**-0.5, -2 * 6**-0.5, 6**-0.5),
)
"""Brightness and two differences of colours, orthonormal: what a net sees in place of RGB."""
LEAST_SPREAD: Final = 0.03
"""Below this, what varies is compression: 4 levels of 255."""
LEAST_COLOUR: Final = 0.2
"""The same for differences of colours, as a share of brightness: a net's noise in them is not
made louder than this."""


def turn(pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures along BASIS with mean 0 and spread 1; means and spreads, (B, 3) each."""
    mean = pictures.mean((2, 3))
    centred = pictures - mean[:, :, None, None]
    turned = torch.einsum("kc,bchw->bkhw", pictures.new_tensor(BASIS), centred)
    spread = limit_spread(turned.square().mean((2, 3)).sqrt())
    return turned / spread[:, :, None, None], mean, spread


def turn_back(plain: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """Put mean and spread back, as RGB: the opposite of `turn`."""
    back = torch.einsum("kc,bkhw->bchw", plain.new_tensor(BASIS), plain * spread[:, :, None, None])
    return back + mean[:, :, None, None]


def limit_spread(spread: Tensor) -> Tensor:
    """Keep standard deviations along BASIS (..., 3) from being so small that noise is loud."""
    bright = spread[..., :1].clamp_min(LEAST_SPREAD)
    return torch.cat([bright, torch.maximum(spread[..., 1:], LEAST_COLOUR * bright)], -1)


def to_spread_fact(spread: Tensor) -> Tensor:
    """Return the fact of a standard deviation."""
    return (spread.log() + 2) / 0.9


def from_spread_fact(fact: Tensor) -> Tensor:
    """Return the standard deviation of a fact."""
    return torch.exp(fact * 0.9 - 2)
