"""Joints: the thin lines between bricks, tiles and planks, found in a picture.

A net that has to guess where some hundred joints go learns it last of all; a plan of them is easily
drawn (see `layouts`). So the flow is told the joints, as a net that turns sketches into pictures is
told edges (arXiv 1611.07004), and learns what a material makes of them. To learn from a tile, its
joints are found by oriented line filters on a torus.

A map of joints is (B, 1, H, W), -1..1: 1 on a line lighter than what is about it, -1 on a darker
one, 0 elsewhere.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

TURNS: Final = 12
"""Directions of the filters, over half a turn."""
REACH: Final = 6
"""Half the side of a filter, pixels."""
ACROSS, ALONG = 1.1, 3.0
"""Standard deviations of a filter, pixels: lines of about two pixels."""
STRONG: Final = 0.99
"""Quantile of the answers that stands for the strongest lines of a picture."""
SHARE, LEAST = 0.42, 1.8
"""A line begins at this share of the strongest, and not below this: faint grain is no line."""
PEN: Final = ((0.25, 0.5, 0.25), (0.5, 1.0, 0.5), (0.25, 0.5, 0.25))
"""How wide a line of one pixel is drawn."""


def find_joints(plain: Tensor) -> Tensor:
    """Return the joints of pictures as `describe.normalise` makes them, (B, 3, H, W)."""
    filters = _build_filters(plain)
    padded = functional.pad(plain[:, :1], (REACH,) * 4, mode="circular")
    answers = functional.conv2d(padded, filters)
    strength, turn = answers.abs().max(1, keepdim=True)
    signed = torch.gather(answers, 1, turn)
    crest = _find_crest(strength, turn)
    step = max(1, strength.shape[-1] * strength.shape[-2] // 4096)
    strong = torch.quantile(strength.flatten(1)[:, ::step], STRONG, dim=1).view(-1, 1, 1, 1)
    least = (SHARE * strong).clamp_min(LEAST)
    lines = torch.where(crest, (strength / least - 1).clamp(0, 1), torch.zeros_like(strength))
    lines = lines * signed.sign()
    # A filter answers with the other sign beside a line: the stronger sign is the joints'.
    light = lines.clamp_min(0).sum((1, 2, 3)) >= (-lines).clamp_min(0).sum((1, 2, 3))
    lines = torch.where(light.view(-1, 1, 1, 1), lines.clamp_min(0), lines.clamp_max(0))
    return draw_pen(lines)


def draw_pen(lines: Tensor) -> Tensor:
    """Return lines of one pixel (B, 1, H, W) as a map of joints."""
    pen = lines.new_tensor(PEN)[None, None]
    drawn = functional.conv2d(functional.pad(lines, (1, 1, 1, 1), mode="circular"), pen)
    return drawn.clamp(-1, 1)


def _build_filters(like: Tensor) -> Tensor:
    """Return second derivatives of a longish Gaussian, (TURNS, 1, S, S), of sum 0 and norm 1."""
    place = torch.arange(-REACH, REACH + 1, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(place, place, indexing="ij")
    filters = []
    for index in range(TURNS):
        angle = math.pi * index / TURNS
        along = x * math.cos(angle) + y * math.sin(angle)
        across = y * math.cos(angle) - x * math.sin(angle)
        tent = torch.exp(-(along**2) / (2 * ALONG**2))
        line = (1 - across**2 / ACROSS**2) * torch.exp(-(across**2) / (2 * ACROSS**2)) * tent
        around = torch.exp(-(across**2) / (8 * ACROSS**2)) * tent
        line = line - around * (line.sum() / around.sum())
        filters.append(line / line.square().sum().sqrt())
    return torch.stack(filters)[:, None]


def _find_crest(strength: Tensor, turn: Tensor) -> Tensor:
    """Return where the answer is at least that of both neighbours across the line."""
    crest = torch.zeros_like(strength, dtype=torch.bool)
    for index in range(TURNS):
        angle = math.pi * index / TURNS
        step = (round(math.cos(angle)), round(-math.sin(angle)))
        back = (-step[0], -step[1])
        higher = torch.maximum(strength.roll(step, (2, 3)), strength.roll(back, (2, 3)))
        crest |= (turn == index) & (strength >= higher)
    return crest
