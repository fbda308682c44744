"""Is it still making different things, and are they its own?

Pictures are compared by features that a roll does not change where they tile: the mean colour and
the size of each frequency; elsewhere by their pixels at 16x16.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 32
"""Of the picture whose frequencies count, pixels."""
MOST = 512
"""Examples compared with."""


@dataclass(frozen=True)
class Yardstick:
    """What real pictures are like.

    Attributes:
        examples: features (N, F) of pictures learnt from.
        spread: mean distance between two of them.
        gap: mean distance of a held-out picture to its nearest example; 0 if none is held out.
    """

    examples: Tensor
    spread: float
    gap: float
    is_torus: bool


def build_yardstick(train: Tensor, held_out: Tensor, is_torus: bool) -> Yardstick:
    """Measure real pictures (N, C, S, S) in -1..1."""
    examples = get_features(train[:: max(1, len(train) // MOST)][:MOST], is_torus)
    gap = 0.0
    if len(held_out):
        gap = _nearest(get_features(held_out[:MOST], is_torus), examples)
    return Yardstick(examples, _spread(examples), gap, is_torus)


def judge_samples(samples: Tensor, yardstick: Yardstick) -> dict[str, float]:
    """Compare drawn pictures (N, C, S, S) with real ones.

    Returns:
        diversity: mean distance between two, over that between two real ones; near 0 is mode
            collapse.
        novelty: distance to the nearest example, over that of held-out pictures; well below 1 is
            learning by heart. Only where something is held out.
    """
    features = get_features(samples, yardstick.is_torus)
    figures = {"diversity": _spread(features) / max(yardstick.spread, 1e-6)}
    if yardstick.gap:
        figures["novelty"] = _nearest(features, yardstick.examples) / yardstick.gap
    return figures


def get_features(pictures: Tensor, is_torus: bool) -> Tensor:
    """Return (N, F) whose Euclidean distances say how different pictures look."""
    if not is_torus:
        return functional.adaptive_avg_pool2d(pictures, 16).flatten(1) / 16
    small = functional.adaptive_avg_pool2d(pictures, SIDE)
    means = small.mean((2, 3))
    sizes = torch.fft.rfft2(small - means[:, :, None, None], norm="ortho").abs()
    return torch.cat([2 * means, torch.log1p(sizes).mean(1).flatten(1) / 8], 1)


def _spread(features: Tensor) -> float:
    count = len(features)
    return float(torch.cdist(features, features).sum() / max(1, count * (count - 1)))


def _nearest(features: Tensor, examples: Tensor) -> float:
    return float(torch.cdist(features, examples).min(1).values.mean())
