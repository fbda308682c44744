"""What a texture flow learns from, step by step: latents of tiles."""

from collections.abc import Mapping
from typing import Final

import torch
from studio_training import mix_seed
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.autoencoder import Autoencoder
from studio_flow.describe import normalise
from studio_flow.network import FlowNet, Wanted
from studio_flow.tiles import Augment, Drawer, Tiles

BLIND_CLASS, BLIND_FACTS = 0.1, 0.15
"""Shares of a batch that are not told the class, and the facts: guidance needs both."""
TIME_MEAN, TIME_SPREAD = -0.3, 1.3
"""Of the logit of time (logit-normal, arXiv 2403.03206): a little to the noisy side."""
SCALES: Final = (2, 4, 8)
"""Cells of latents over which errors are compared as well."""
VARIANTS: Final = 12
"""Of each tile: in other colours, mirrored and turned where its class allows it."""


class TextureLesson:
    """Draws a batch of latents, noises them, and compares; callable as `Trainer` wants it.

    To encode a tile takes as long as to learn from it, so of each tile a few variants are encoded,
    when they are first drawn, and kept; rolling them by whole cells is free.
    """

    def __init__(
        self,
        tiles: Tiles,
        autoencoder: Autoencoder,
        batch: int,
        augment: Augment = "auto",
        variants: int = VARIANTS,
        balance: float = 0.5,
    ) -> None:
        """Keep tiles.

        Args:
            tiles: to learn from.
            autoencoder: whose latents are learnt; it is not changed.
            batch: tiles in a step.
            augment: as for `Drawer`.
            variants: of each tile.
            balance: as for `Drawer`.
        """
        self._drawer = Drawer(tiles, balance=balance, augment=augment)
        self._autoencoder = autoencoder
        self._batch = batch
        self._variants = variants
        self._kept: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        rows = self._drawer.choose(self._batch, rng)
        which = torch.randint(self._variants, (self._batch,), generator=rng).tolist()
        found = [
            self._encode(row, number) for row, number in zip(rows.tolist(), which, strict=True)
        ]
        side = found[0][0].shape[-1]
        shifts = torch.randint(side, (self._batch, 2), generator=rng).tolist()
        latents = torch.stack(
            [
                latent.float().roll(shift, (1, 2))
                for (latent, _), shift in zip(found, shifts, strict=True)
            ]
        )
        facts = torch.stack([fact for _, fact in found])
        assert isinstance(network, FlowNet)
        kinds = self._drawer.tiles.kinds[rows]
        return {"loss": compute_loss(network, latents, facts, kinds, rng)}

    @torch.no_grad()
    def _encode(self, row: int, number: int) -> tuple[Tensor, Tensor]:
        """Return latents, in half precision, and facts of a variant of a tile."""
        if (row, number) not in self._kept:
            # Its own seed: a training that goes on after a pause sees the same variants.
            rng = torch.Generator().manual_seed(mix_seed(row, number))
            picture = self._drawer.vary(torch.tensor([row]), rng)
            latents, facts = encode(self._autoencoder, picture)
            self._kept[row, number] = latents[0].half(), facts[0]
        return self._kept[row, number]


@torch.no_grad()
def encode(autoencoder: Autoencoder, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return latents and facts of pictures (B, 3, H, W), -1..1, both on the CPU."""
    plain, facts = normalise(pictures)
    device = next(autoencoder.parameters()).device
    return autoencoder.encode(plain.to(device)).cpu(), facts


def compute_loss(
    network: FlowNet, latents: Tensor, facts: Tensor, kinds: Tensor, rng: torch.Generator
) -> Tensor:
    """Return the mean squared error of v, for latents (B, L, h, w) and facts (B, F)."""
    count = len(kinds)
    coins = torch.rand((2, count), generator=rng)
    wanted = Wanted(
        kind=torch.where(coins[0] < BLIND_CLASS, network.config.classes, kinds),
        facts=facts,
        known=(coins[1] >= BLIND_FACTS).float(),
        size=torch.zeros(count),
    )
    time = torch.sigmoid(torch.randn(count, generator=rng) * TIME_SPREAD + TIME_MEAN)
    noise = torch.randn(latents.shape, generator=rng)
    device = next(network.parameters()).device
    parts = (latents.to(device), time.to(device), wanted.to(device), noise.to(device))
    return compare(network, *parts, SCALES)


def compare(
    network: FlowNet,
    clean: Tensor,
    time: Tensor,
    wanted: Wanted,
    noise: Tensor,
    scales: tuple[int, ...] = (),
) -> Tensor:
    """Return the squared error of v at given times (B,), mean over scales.

    Errors are compared as they are and as means over squares of cells (the multiscale loss of
    arXiv 2301.11093): grain, which nobody can guess, cancels out in the means, and where things go
    is learnt sooner. The best guess is the same under every such loss.
    """
    t = time.view(-1, 1, 1, 1)
    norm = torch.sqrt(t**2 + (1 - t) ** 2)
    target = ((1 - t) * clean - t * noise) / norm
    error = network.predict(t * clean + (1 - t) * noise, time, wanted) - target
    total = error.square().mean()
    for scale in scales:
        # A mean over s x s independent errors is s times smaller.
        total = total + (scale * functional.avg_pool2d(error, scale)).square().mean()
    return total / (1 + len(scales))
