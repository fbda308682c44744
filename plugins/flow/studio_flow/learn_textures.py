"""What a texture flow learns from, step by step; used by `flow.train` and `python -m ...fit`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from studio_flow.describe import normalise
from studio_flow.network import FlowNet, Wanted
from studio_flow.tiles import Augment, Drawer, Tiles

BLIND_CLASS, BLIND_FACTS = 0.1, 0.15
"""Shares of a batch that are not told the class, and the facts: guidance needs both."""
TIME_MEAN, TIME_SPREAD = -0.3, 1.3
"""Of the logit of time (logit-normal, arXiv 2403.03206): a little to the noisy side."""
SMALL_LAST: Final = 0.25
"""Share of the steps that see tiles at half size, in the end."""


@dataclass(frozen=True)
class Pace:
    """How many pixels a step sees, and at which size.

    Attributes:
        batch: tiles of full size in a step; four times as many at half size.
        small_steps: first steps, which see tiles at half size only; in as many steps again the
            share of these falls to `SMALL_LAST`. 0 never shows them.
    """

    batch: int
    small_steps: int = 0


class TextureLesson:
    """Draws a batch, noises it, and compares; callable as `Trainer` wants it."""

    def __init__(
        self, tiles: Tiles, pace: Pace, get_step: Callable[[], int], augment: Augment = "auto"
    ) -> None:
        small = tiles.reduce(tiles.side // 2) if pace.small_steps else tiles
        self._large = Drawer(tiles, augment=augment)
        self._small = Drawer(small, augment=augment)
        self._pace = pace
        self._get_step = get_step

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        is_small = float(torch.rand((), generator=rng)) < self.get_share()
        drawer, count = (
            (self._small, 4 * self._pace.batch) if is_small else (self._large, self._pace.batch)
        )
        pictures, kinds = drawer.draw(count, rng)
        assert isinstance(network, FlowNet)
        loss = compute_loss(network, pictures, kinds, rng)
        return {"loss": loss, "small" if is_small else "large": loss.detach()}

    def get_share(self) -> float:
        """Return the share of steps at half size, now."""
        if not self._pace.small_steps:
            return 0.0
        gone = self._get_step() / self._pace.small_steps - 1
        return 1 - (1 - SMALL_LAST) * min(1.0, max(0.0, gone))


def compute_loss(network: FlowNet, pictures: Tensor, kinds: Tensor, rng: torch.Generator) -> Tensor:
    """Return the mean squared error of v, for textures (B, 3, S, S), -1..1."""
    plain, facts = normalise(pictures)
    count = len(kinds)
    coins = torch.rand((2, count), generator=rng)
    wanted = Wanted(
        kind=torch.where(coins[0] < BLIND_CLASS, network.config.classes, kinds),
        facts=facts,
        known=(coins[1] >= BLIND_FACTS).float(),
        fineness=torch.full((count,), get_fineness(pictures.shape[-1])),
    )
    time = torch.sigmoid(torch.randn(count, generator=rng) * TIME_SPREAD + TIME_MEAN)
    noise = torch.randn(plain.shape, generator=rng)
    device = next(network.parameters()).device
    return compare(network, plain.to(device), time.to(device), wanted.to(device), noise.to(device))


def compare(network: FlowNet, clean: Tensor, time: Tensor, wanted: Wanted, noise: Tensor) -> Tensor:
    """Return the mean squared error of v at given times (B,)."""
    t = time.view(-1, 1, 1, 1)
    norm = torch.sqrt(t**2 + (1 - t) ** 2)
    target = ((1 - t) * clean - t * noise) / norm
    guess = network.predict(t * clean + (1 - t) * noise, time, wanted)
    return (guess - target).square().mean()


def get_fineness(side: int) -> float:
    """Return log2 of a tile's side against 128 px."""
    return float(torch.log2(torch.tensor(side / 128.0)))
