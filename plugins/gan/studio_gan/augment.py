"""Changes that both real and drawn pictures go through, so that few examples last longer.

DiffAugment (Zhao et al., arXiv 2006.10738): all differentiable, all drawn anew for each picture. On
a torus the shift is a roll, which loses nothing.
"""

from typing import Literal

import torch
from torch import Tensor

Augment = Literal["none", "shift", "full"]


def augment(pictures: Tensor, how: Augment, is_torus: bool) -> Tensor:
    """Change pictures (N, C, H, W) in -1..1; draws from torch's own rng.

    Args:
        pictures: real or drawn.
        how: "shift" moves them; "full" also changes brightness, saturation and contrast, and
            blanks a square.
        is_torus: move by rolling; others move in from a border of nothing.
    """
    if how == "none":
        return pictures
    if how == "full":
        pictures = _cut(_colour(pictures))
    return roll(pictures) if is_torus else _shift(pictures)


def roll(pictures: Tensor) -> Tensor:
    """Roll each picture by any distance."""
    count, _, height, width = pictures.shape
    down = torch.randint(height, (count, 1, 1)) + torch.arange(height)[:, None]
    across = torch.randint(width, (count, 1, 1)) + torch.arange(width)
    rows = torch.arange(count)[:, None, None]
    moved = pictures.permute(0, 2, 3, 1)[rows, down % height, across % width]
    return moved.permute(0, 3, 1, 2)


def _shift(pictures: Tensor) -> Tensor:
    """Move by up to an eighth."""
    count, _, height, width = pictures.shape
    reach = max(1, height // 8)
    padded = torch.nn.functional.pad(pictures, (reach,) * 4)
    down = torch.randint(2 * reach + 1, (count, 1, 1)) + torch.arange(height)[:, None]
    across = torch.randint(2 * reach + 1, (count, 1, 1)) + torch.arange(width)
    moved = padded.permute(0, 2, 3, 1)[torch.arange(count)[:, None, None], down, across]
    return moved.permute(0, 3, 1, 2)


def _colour(pictures: Tensor) -> Tensor:
    count = len(pictures)
    bright, rich, steep = torch.rand(3, count, 1, 1, 1)
    pictures = pictures + (bright - 0.5)
    grey = pictures.mean(1, keepdim=True)
    pictures = grey + (pictures - grey) * (rich * 2)
    level = pictures.mean((1, 2, 3), keepdim=True)
    return torch.as_tensor(level + (pictures - level) * (steep + 0.5))


def _cut(pictures: Tensor) -> Tensor:
    """Blank a square of half the side."""
    count, _, height, width = pictures.shape
    top, left = torch.rand(2, count, 1, 1)
    down = (torch.arange(height)[:, None] / height - top).abs() < 0.25
    across = (torch.arange(width) / width - left).abs() < 0.25
    return torch.as_tensor(pictures * ~(down & across)[:, None])
