"""Tones and octaves: what a picture is like wherever one looks, and making another like it.

Nets get where things go right sooner than how strong each octave is, or how rare the darkest spots
are. Both are easily measured in a picture learnt from and given to one drawn: a round of the
synthesis of Heeger and Bergen ("Pyramid-based texture analysis/synthesis", SIGGRAPH 1995) on a
torus, with a Laplacian pyramid in place of their steerable one.

Pictures are as `colours.turn` makes them: (B, 3, H, W) of mean 0 and spread 1 along BASIS.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from studio_training.ranking import sort_stably

LEVELS: Final = (
    0.0, 0.004, 0.015, 0.04, 0.08, 0.15, 0.25, 0.37, 0.5, 0.63, 0.75, 0.85, 0.92, 0.96, 0.985,
    0.996, 1.0,
)  # fmt: skip
"""Quantiles that stand for all tones: the rare ones count as much as the usual."""
OCTAVES: Final = 5
LEAST_SIDE: Final = 4
"""No octave is taken from less, pixels."""
GAIN: Final = (0.4, 2.5)
"""Of an octave: what is not there at all cannot be made louder."""
QUIET: Final = 1e-3
SMALL: Final = 1 << 18
"""Pixels of which the ranks are kept, 3 MB; of more they would be much, and are soon worked out."""
LAID: Final = 0.4
"""Share for what is laid in courses: how much of it is joints is the plan's to say."""


class Likeness(NamedTuple):
    """What pictures are like.

    Attributes:
        tones: quantiles at LEVELS, of each channel (B, 3, T).
        octaves: standard deviations of each channel, fine to coarse (B, 3, OCTAVES); 0 where
            there is no such octave.
    """

    tones: Tensor
    octaves: Tensor

    def mix(self, other: "Likeness", share: float) -> "Likeness":
        """Return what lies `share` of the way to another."""
        low, high = (one.octaves.float().clamp_min(QUIET).log() for one in (self, other))
        tones = torch.lerp(self.tones.float(), other.tones.float(), share)
        is_known = (self.octaves > 0) & (other.octaves > 0)
        return Likeness(tones, torch.lerp(low, high, share).exp() * is_known)

    def select(self, rows: Tensor | Sequence[int] | slice) -> "Likeness":
        """Return those of some pictures."""
        return Likeness(self.tones[rows], self.octaves[rows])


def measure_likeness(plain: Tensor) -> Likeness:
    """Return what pictures are like."""
    levels = plain.new_tensor(LEVELS)
    tones = torch.quantile(plain.flatten(2), levels, dim=2).permute(1, 2, 0).contiguous()
    bands, _ = _split(plain, OCTAVES)
    octaves = torch.stack([band.square().mean((2, 3)).sqrt() for band in bands], 2)
    missing = OCTAVES - len(bands)
    return Likeness(tones, functional.pad(octaves, (0, missing)))


def make_alike(
    plain: Tensor, goal: Likeness, share: float | Tensor = 1.0, channels: int = 3
) -> Tensor:
    """Return pictures with the octaves and the tones of others.

    Colours are only made rarer: the loudest specks of a compressed picture are none to be had
    again.

    Args:
        plain: (B, 3, H, W).
        goal: of as many, or of one.
        share: how far brightness goes towards the tones of the goal, 0..1; or (B, 1, 1, 1).
        channels: that are changed: 3, or 1 for brightness alone.
    """
    if channels == 1:
        first = Likeness(goal.tones[:, :1], goal.octaves[:, :1])
        return torch.cat([make_alike(plain[:, :1], first, share), plain[:, 1:]], 1)
    bands, coarse = _split(plain, OCTAVES)
    for octave, band in enumerate(bands):
        wanted = goal.octaves[:, :, octave].float()
        gain = wanted / (band.square().mean((2, 3)).sqrt() + QUIET)
        gain = torch.where(wanted > 0, gain.clamp(*GAIN), torch.ones_like(gain))
        bands[octave] = band * gain[:, :, None, None]
    changed = _level(_join(bands, coarse))
    toned = _set_tones(changed, goal.tones.float())
    colours = torch.where(toned[:, 1:].abs() < changed[:, 1:].abs(), toned[:, 1:], changed[:, 1:])
    return torch.cat([torch.lerp(changed[:, :1], toned[:, :1], share), colours], 1)


def _level(plain: Tensor) -> Tensor:
    plain = plain - plain.mean((2, 3), keepdim=True)
    return plain / plain.square().mean((2, 3), keepdim=True).sqrt().clamp_min(QUIET)


def _set_tones(plain: Tensor, tones: Tensor) -> Tensor:
    """Give every pixel the tone that has its rank, (B, C, H, W) and (B, C, T)."""
    flat = plain.flatten(2)
    upper, share = (part.to(plain.device) for part in _rank(flat.shape[2]))
    upper = upper.expand(*flat.shape[:2], -1)
    wanted = torch.lerp(tones.gather(2, upper - 1), tones.gather(2, upper), share)
    # Equal tones are told apart by their place: the same on every machine.
    return torch.empty_like(flat).scatter_(2, sort_stably(flat), wanted).view_as(plain)


def split_octaves(plain: Tensor, most: int) -> list[Tensor]:
    """Return the finest octaves of pictures (B, C, H, W), fine to coarse: a Laplacian pyramid's."""
    return _split(plain, most)[0]


def _rank(count: int) -> tuple[Tensor, Tensor]:
    """Return which of LEVELS is the next above each rank, and how near the rank is to it, 0..1."""
    return _rank_small(count) if count <= SMALL else _rank_all(count)


@lru_cache(4)  # pictures of one job are as large
def _rank_small(count: int) -> tuple[Tensor, Tensor]:
    return _rank_all(count)


def _rank_all(count: int) -> tuple[Tensor, Tensor]:
    with torch.inference_mode(False):  # kept for whoever may learn
        levels, ranks = torch.tensor(LEVELS), torch.linspace(0, 1, count)
        upper = torch.searchsorted(levels, ranks).clamp(1, len(LEVELS) - 1)
        return upper, (ranks - levels[upper - 1]) / (levels[upper] - levels[upper - 1])


def _split(plain: Tensor, most: int) -> tuple[list[Tensor], Tensor]:
    """Return octaves, fine to coarse, and what is left."""
    bands: list[Tensor] = []
    while len(bands) < most and all(
        side % 2 == 0 and side >= 2 * LEAST_SIDE for side in plain.shape[2:]
    ):
        coarse = _halve(plain)
        bands.append(plain - _double(coarse))
        plain = coarse
    return bands, plain


def _join(bands: Sequence[Tensor], coarse: Tensor) -> Tensor:
    for band in reversed(bands):
        coarse = _double(coarse) + band
    return coarse


def _halve(plain: Tensor) -> Tensor:
    """Weigh pixels by (1, 3, 3, 1) each way; sides are even.

    By sums of shifted pictures, as `_double`: a convolution of three channels by themselves takes
    three times as long, and of a large picture twenty times.
    """
    x = functional.pad(plain, (1, 1, 1, 1), mode="circular")
    x = (x[:, :, 1:-1:2] + x[:, :, 2::2]) * 3 + (x[:, :, :-2:2] + x[:, :, 3::2])
    x = (x[..., 1:-1:2] + x[..., 2::2]) * 3 + (x[..., :-2:2] + x[..., 3::2])
    return x / 64


def _double(plain: Tensor) -> Tensor:
    """Bilinear: of each pixel three quarters, and a quarter of what lies on that side of it."""
    x = functional.pad(plain, (1, 1, 1, 1), mode="circular")
    far = x * 0.25
    own = (x - far)[:, :, 1:-1]
    x = torch.stack((own + far[:, :, :-2], own + far[:, :, 2:]), 3).flatten(2, 3)
    far = x * 0.25
    own = (x - far)[..., 1:-1]
    pairs = own.new_empty(*own.shape, 2)
    pairs[..., 0] = own + far[..., :-2]
    pairs[..., 1] = own + far[..., 2:]
    return pairs.flatten(3)
