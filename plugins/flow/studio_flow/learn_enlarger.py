"""What the enlarger learns from: tiles at half size are to become whole again."""

from collections.abc import Mapping
from typing import Final

import torch
from studio_training.colours import from_spread_fact
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.describe import SPREAD, get_overall, normalise
from studio_flow.patches import compare_bands, compare_patches
from studio_flow.tiles import Augment, Drawer, Tiles

GRAIN: Final = 0.7
"""Weight of the distance of patches beside the mean error."""
BANDS: Final = 0.3
"""Weight of the same, band by band: without it the finest grain stays away."""


class EnlargerLesson:
    """Tiles at half size are to become whole again; callable as `Trainer` wants it."""

    def __init__(self, tiles: Tiles, batch: int, augment: Augment = "auto") -> None:
        self._drawer = Drawer(tiles, augment=augment)
        self._batch = batch

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        pictures, _ = self._drawer.draw(self._batch, rng)
        return compute_loss(network, pictures, rng)


def compute_loss(network: nn.Module, pictures: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
    """Return the loss and its parts for textures (B, 3, S, S), -1..1."""
    device = next(network.parameters()).device
    plain, facts = (part.to(device) for part in normalise(pictures))
    made = network(functional.avg_pool2d(plain, 2))
    seen = from_spread_fact(facts[:, SPREAD])
    seen = (seen / get_overall(seen)[:, None])[:, :, None, None]
    error = ((made - plain) * seen).abs().mean()
    grain = compare_patches(made * seen, plain * seen, rng)
    bands = compare_bands(made * seen, plain * seen, rng)
    figures = {"error": error.detach(), "grain": grain.detach(), "bands": bands.detach()}
    return {"loss": error + GRAIN * grain + BANDS * bands, **figures}


@torch.inference_mode()
def measure_enlarger(network: nn.Module, tiles: Tiles) -> dict[str, float]:
    """Return the parts of the loss on tiles."""
    rng = torch.Generator().manual_seed(1)
    pictures, _ = Drawer(tiles).draw(32, rng)
    losses = compute_loss(network, pictures, rng)
    return {f"held_out_{name}": float(losses[name]) for name in ("error", "grain", "bands")}
