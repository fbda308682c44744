"""Facts of a picture, as numbers: what the net is told beside the class.

The net learns pictures of mean 0 and spread 1, brightness apart from colour, and is told these
facts; so a colour that is asked
for is met exactly, a large field does not drift from one colour to another, and the fine grain of a
pale plaster counts as much as a black and white tile.

Pictures are float (B, 3, H, W), RGB, -1..1.
"""

from typing import Final

import torch
from studio_training.colours import from_spread_fact, to_spread_fact, turn, turn_back
from torch import Tensor
from torch.nn import functional

LUMA: Final = (0.299, 0.587, 0.114)
BANDS: Final = 5
"""Octaves of detail, from pixels to 32 pixels."""
SAMPLED: Final = 64
"""Rows of pixels that tones are taken from; sorting all of them costs time."""
MEAN: Final = slice(0, 3)
"""Of red, green and blue."""
SPREAD: Final = slice(3, 6)
"""Logarithms of the standard deviations along BASIS, shifted and scaled."""
TONES: Final = slice(6, 15)
"""Colours of the dark, the middle and the light third, with mean 0 and overall spread 1."""
DETAIL: Final = slice(15, 15 + BANDS)
"""Share of each octave in the variance of brightness, logarithmic: fine to coarse."""
GRAIN: Final = slice(15 + BANDS, 17 + BANDS)
"""-1: lines run along the rows; 1: along the columns. Of pixels, and of 4 pixels."""
FACTS: Final = 17 + BANDS
STEADY: Final = 0.6
"""Spread of a field from which on it is brought to 1; what is nearly flat stays so."""


def normalise(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return pictures along BASIS with mean 0 and spread 1, and the facts (B, FACTS)."""
    plain, mean, spread = turn(pictures)
    shown = (pictures - mean[:, :, None, None]) / get_overall(spread)[:, None, None, None]
    told = [mean, to_spread_fact(spread), find_tones(shown), _find_texture(plain)]
    return plain, torch.cat(told, 1)


def restore(plain: Tensor, facts: Tensor) -> Tensor:
    """Put mean and spread back, as RGB: the opposite of `normalise`."""
    return turn_back(plain, facts[:, MEAN], from_spread_fact(facts[:, SPREAD]))


def level(plain: Tensor) -> Tensor:
    """Take out what is left of mean and spread, so that `restore` meets the facts exactly."""
    plain = plain - plain.mean((2, 3), keepdim=True)
    spread = plain.square().mean((2, 3), keepdim=True).sqrt()
    return plain / torch.where(spread > STEADY, spread, torch.ones_like(spread))


def get_overall(spread: Tensor) -> Tensor:
    """Return the standard deviation of all colours (...,) from those along BASIS (..., 3)."""
    return spread.square().mean(-1).sqrt()


def find_tones(plain: Tensor) -> Tensor:
    """Return the mean colours of the three thirds of brightness, darkest first: (B, 9)."""
    step = max(1, plain.shape[-2] // SAMPLED)
    plain = plain[:, :, ::step, ::step]
    flat = plain.flatten(2)
    order = get_luma(plain).flatten(1).argsort(1)
    third = order.shape[1] // 3
    ranks = (order[:, :third], order[:, third:-third], order[:, -third:])
    tones = [torch.gather(flat, 2, rank[:, None].expand(-1, 3, -1)).mean(2) for rank in ranks]
    return torch.cat(tones, 1)


def get_luma(pictures: Tensor) -> Tensor:
    """Return brightness, (B, H, W)."""
    return torch.einsum("bchw,c->bhw", pictures, pictures.new_tensor(LUMA))


def _find_texture(plain: Tensor) -> Tensor:
    here = plain[:, :1]
    shares, grain = [], []
    for octave in range(BANDS):
        if octave in (0, 2):
            grain.append(_find_grain(here))
        coarse = functional.avg_pool2d(here, 2) if min(here.shape[-2:]) > 1 else here
        fine = here - functional.interpolate(coarse, size=here.shape[-2:], mode="nearest")
        shares.append(fine.square().mean((1, 2, 3)))
        here = coarse
    return torch.cat([(torch.stack(shares, 1) + 1e-3).log() / 2 + 1, torch.stack(grain, 1)], 1)


def _find_grain(luma: Tensor) -> Tensor:
    across = (luma - luma.roll(1, 3)).square().mean((1, 2, 3))
    along = (luma - luma.roll(1, 2)).square().mean((1, 2, 3))
    return (across - along) / (across + along + 1e-4)
