"""Training of the judge: real pictures at several scales, in other colours, classes balanced."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.sprites import SIZES, SpriteDrawer, Sprites
from studio_flow.tiles import Drawer, Tiles

SMALL_SHARE: Final = 0.3
"""Of the steps see tiles at half size."""
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


class TileDraw:
    """Draws tiles, whole or reduced to half."""

    def __init__(self, tiles: Tiles) -> None:
        self._large = Drawer(tiles, balance=0.7)
        self._small = Drawer(tiles.reduce(tiles.side // 2), balance=0.7)

    def __call__(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pictures (B, 3, S, S), all of one size, and classes (B,)."""
        is_small = float(torch.rand((), generator=rng)) < SMALL_SHARE
        pictures, kinds = (self._small if is_small else self._large).draw(count, rng)
        grain = torch.rand((count, 1, 1, 1), generator=rng) * 0.02
        return pictures + grain * torch.randn(pictures.shape, generator=rng), kinds


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
