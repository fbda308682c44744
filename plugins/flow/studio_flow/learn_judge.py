"""Training of the judge: real pictures at several scales, in other colours, classes balanced."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from studio_training import mix_seed
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.judge import TextureJudge
from studio_flow.sprites import SIZES, SpriteDrawer, Sprites
from studio_flow.tiles import Drawer, Tiles

VARIANTS: Final = 8
"""Of each tile; every fourth at half size."""
SMOOTH: Final = 0.05
"""Of the labels."""
Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]


class JudgeLesson:
    """Cross-entropy on batches of a drawer; callable as `Trainer` wants it."""

    def __init__(self, draw: Draw, batch: int) -> None:
        self._draw = draw
        self._batch = batch

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        pictures, kinds = self._draw(self._batch, rng)
        logits = network(pictures)
        loss = functional.cross_entropy(logits, kinds, label_smoothing=SMOOTH)
        right = (logits.argmax(1) == kinds).float().mean()
        return {"loss": loss, "accuracy": right.detach()}


class StatisticsLesson:
    """Cross-entropy on statistics of tiles, whole or reduced to half.

    To measure a tile takes far longer than to learn from it, so of each tile a few variants are
    measured, when they are first drawn, and kept.
    """

    def __init__(self, tiles: Tiles, batch: int) -> None:
        self._sizes = [tiles, tiles.reduce(tiles.side // 2)]
        self._drawers = [Drawer(part, balance=0.7) for part in self._sizes]
        self._batch = batch
        self._kept: dict[tuple[int, int], Tensor] = {}

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        assert isinstance(network, TextureJudge)
        rows = self._drawers[0].choose(self._batch, rng)
        which = torch.randint(VARIANTS, (self._batch,), generator=rng).tolist()
        pairs = zip(rows.tolist(), which, strict=True)
        seen = torch.stack([self._measure(network, *pair) for pair in pairs])
        kinds = self._sizes[0].kinds[rows]
        logits = network.judge(seen)
        loss = functional.cross_entropy(logits, kinds, label_smoothing=SMOOTH)
        right = (logits.argmax(1) == kinds).float().mean()
        return {"loss": loss, "accuracy": right.detach()}

    def _measure(self, network: TextureJudge, row: int, number: int) -> Tensor:
        if (row, number) not in self._kept:
            # Its own seed: a training that goes on after a pause sees the same variants.
            rng = torch.Generator().manual_seed(mix_seed(row, number))
            drawer = self._drawers[int(number % 4 == 0)]
            self._kept[row, number] = network.measure(drawer.vary(torch.tensor([row]), rng))[0]
        return self._kept[row, number]


class SpriteDraw:
    """Draws sprites of both sizes, the small ones enlarged."""

    def __init__(self, sprites: Sprites) -> None:
        self._drawer = SpriteDrawer(sprites, balance=0.7)

    def __call__(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return sprites (B, 4, 32, 32) and kinds (B,)."""
        small, small_kinds = self._drawer.draw(SIZES[0], count // 2, rng)
        large, large_kinds = self._drawer.draw(SIZES[1], count - count // 2, rng)
        return torch.cat([enlarge(small), large]), torch.cat([small_kinds, large_kinds])


def enlarge(sprites: Tensor) -> Tensor:
    """Make 16 px sprites 32 px."""
    return (
        sprites.repeat_interleave(2, 2).repeat_interleave(2, 3)
        if sprites.shape[-1] < 32
        else sprites
    )


@torch.no_grad()
def measure_accuracy(network: nn.Module, pictures: Tensor, kinds: Tensor) -> dict[str, float]:
    """Return the share right, over pictures and over classes."""
    network.eval()
    logits = torch.cat([network(part) for part in torch.split(pictures, 64)])
    right = (logits.argmax(1) == kinds).float()
    within = [float(right[kinds == kind].mean()) for kind in sorted(set(kinds.tolist()))]
    top = logits.topk(3, 1).indices.eq(kinds[:, None]).any(1).float()
    return {
        "accuracy": float(right.mean()),
        "class_accuracy": sum(within) / len(within),
        "top3": float(top.mean()),
    }
