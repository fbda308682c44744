"""What a texture flow learns from, step by step: latents of tiles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from studio_training import mix_seed
from studio_training.autoencoder import Autoencoder
from studio_training.joints import find_joints
from studio_training.laying import is_laid
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.describe import normalise
from studio_flow.network import FlowNet, Wanted, tell_joints
from studio_flow.tiles import Augment, Drawer, Tiles

BLIND_CLASS, BLIND_FACTS = 0.1, 0.15
"""Shares of a batch that are not told the class, and the facts: guidance needs both."""
BLIND_JOINTS, BLIND_UNLAID = 0.15, 0.6
"""Shares that are not told the joints: of laid materials (bricks, tiles, planks), and of others."""
TIME_MEAN, TIME_SPREAD = -0.3, 1.3
"""Of the logit of time (logit-normal, arXiv 2403.03206): a little to the noisy side."""
SCALES: Final = (2, 4, 8)
"""Cells of latents over which errors are compared as well."""
VARIANTS: Final = 6
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
        self._kept: dict[tuple[int, int], Example] = {}
        self._is_laid = torch.tensor([is_laid(name) for name in tiles.classes])

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        assert isinstance(network, FlowNet)
        lot = self._draw(rng)
        plan = self._hide(lot.plan, lot.kinds, rng) if network.config.joints else None
        return {"loss": compute_loss(network, lot.latents, lot.facts, lot.kinds, rng, plan)}

    def draw(self, rng: torch.Generator) -> "Lot":
        """Draw a batch, told as `flow.texture` tells: joints of what is laid, and no others."""
        lot = self._draw(rng)
        return replace(lot, plan=lot.plan * self._is_laid[lot.kinds].float().view(-1, 1, 1, 1))

    def _draw(self, rng: torch.Generator) -> "Lot":
        rows = self._drawer.choose(self._batch, rng)
        which = torch.randint(self._variants, (self._batch,), generator=rng).tolist()
        found = [
            self._encode(row, number) for row, number in zip(rows.tolist(), which, strict=True)
        ]
        latents, joints = self._roll(found, rng)
        facts = torch.stack([example.facts for example in found])
        plan = tell_joints(joints, (len(rows), *joints.shape[-2:]))
        return Lot(latents, facts, self._drawer.tiles.kinds[rows], plan)

    def _roll(self, found: list["Example"], rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return latents and joints, each example moved by whole cells."""
        side = found[0].latents.shape[-1]
        factor = found[0].joints.shape[-1] // side
        shifts = torch.randint(side, (len(found), 2), generator=rng).tolist()
        latents, joints = [], []
        for example, (down, across) in zip(found, shifts, strict=True):
            latents.append(example.latents.float().roll((down, across), (1, 2)))
            moved = example.joints.roll((factor * down, factor * across), (1, 2))
            joints.append(moved.float() / 127)
        return torch.stack(latents), torch.stack(joints)

    def _hide(self, plan: Tensor, kinds: Tensor, rng: torch.Generator) -> Tensor:
        """Return the plan that the net is told, (B, 2, H, W): some of a batch see none."""
        coins = torch.rand(len(kinds), generator=rng)
        shares = torch.where(self._is_laid[kinds], BLIND_JOINTS, BLIND_UNLAID)
        return plan * (coins >= shares).float().view(-1, 1, 1, 1)

    @torch.no_grad()
    def _encode(self, row: int, number: int) -> "Example":
        """Return a variant of a tile."""
        if (row, number) not in self._kept:
            # Its own seed: a training that goes on after a pause sees the same variants.
            rng = torch.Generator().manual_seed(mix_seed(row, number))
            picture = self._drawer.vary(torch.tensor([row]), rng)
            plain, facts = normalise(picture)
            device = next(self._autoencoder.parameters()).device
            latents = self._autoencoder.encode(plain.to(device)).cpu()
            joints = (find_joints(plain) * 127).round().to(torch.int8)
            self._kept[row, number] = Example(latents[0].half(), facts[0], joints[0])
        return self._kept[row, number]


@dataclass(frozen=True)
class Lot:
    """A batch.

    Attributes:
        latents: (B, L, h, w).
        facts: (B, F).
        kinds: class numbers (B,).
        plan: (B, 2, H, W), as `tell_joints` gives it.
    """

    latents: Tensor
    facts: Tensor
    kinds: Tensor
    plan: Tensor


@dataclass(frozen=True)
class Example:
    """A variant of a tile, kept small.

    Attributes:
        latents: float16 (L, h, w).
        facts: (F,).
        joints: int8 (1, H, W), in 127ths.
    """

    latents: Tensor
    facts: Tensor
    joints: Tensor


def compute_loss(
    network: FlowNet,
    latents: Tensor,
    facts: Tensor,
    kinds: Tensor,
    rng: torch.Generator,
    plan: Tensor | None = None,
) -> Tensor:
    """Return the mean squared error of v, for latents (B, L, h, w), facts (B, F) and a plan."""
    count = len(kinds)
    coins = torch.rand((2, count), generator=rng)
    wanted = Wanted(
        kind=torch.where(coins[0] < BLIND_CLASS, network.config.classes, kinds),
        facts=facts,
        known=(coins[1] >= BLIND_FACTS).float(),
        size=torch.zeros(count),
        joints=plan,
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
