"""What the autoencoder learns from: what comes back must be near, and look as grainy.

The mean error alone makes everything smooth; the distance of patches lets grain come back as other
grain of the same kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from studio_training.autoencoder import Autoencoder
from studio_training.colours import from_spread_fact
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.describe import SPREAD, get_overall, normalise, restore
from studio_flow.patches import compare_bands, compare_patches
from studio_flow.tiles import Augment, Drawer, Tiles

SMALL: Final = 0.25
"""Weight of the penalty on large latents, per hundred."""
BLUR: Final = 0.15
"""Noise put on latents, as a share of their spread: the decoder forgives a flow's errors."""
SMALL_SHARE: Final = 0.25
"""Of the steps see tiles at half size, four times as many."""


@dataclass(frozen=True)
class Weights:
    """What counts how much.

    Attributes:
        error: of the pixels.
        coarse: of pixels at half size.
        grain: distance of patches.
        bands: distance of patches, band by band.
    """

    error: float = 0.5
    coarse: float = 1.0
    grain: float = 1.0
    bands: float = 0.0


ALL: Final = Weights()
FINISH: Final = Weights(error=0.15, bands=0.3)
"""For a decoder that learns on: grain need not come back pixel by pixel, but of the same kind."""


class AutoencoderLesson:
    """Draws a batch, sends it through, and compares; callable as `Trainer` wants it."""

    def __init__(
        self, tiles: Tiles, batch: int, augment: Augment = "auto", weights: Weights = ALL
    ) -> None:
        self._large = Drawer(tiles, augment=augment)
        self._small = Drawer(tiles.reduce(tiles.side // 2), augment=augment)
        self._batch = batch
        self._weights = weights

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        is_small = float(torch.rand((), generator=rng)) < SMALL_SHARE
        drawer, count = (self._small, 4 * self._batch) if is_small else (self._large, self._batch)
        pictures, _ = drawer.draw(count, rng)
        assert isinstance(network, Autoencoder)
        return compute_loss(network, pictures, rng, self._weights)


def compute_loss(
    network: Autoencoder, pictures: Tensor, rng: torch.Generator, weights: Weights = ALL
) -> Mapping[str, Tensor]:
    """Return the loss and its parts for textures (B, 3, S, S), -1..1."""
    device = next(network.parameters()).device
    plain, facts = (part.to(device) for part in normalise(pictures))
    raw = network.encode_raw(plain)
    spread = raw.detach().std((0, 2, 3), keepdim=True)
    noise = torch.randn(raw.shape, generator=rng).to(device)
    back = network.decode_raw(raw + BLUR * spread * noise)
    # Differences of colour count as much as they are seen, not as `normalise` made them.
    seen = from_spread_fact(facts[:, SPREAD])
    seen = (seen / get_overall(seen)[:, None])[:, :, None, None]
    made, real = back * seen, plain * seen
    error = (made - real).abs().mean()
    coarse = (functional.avg_pool2d(made, 2) - functional.avg_pool2d(real, 2)).abs().mean()
    grain, size = compare_patches(made, real, rng), raw.square().mean()
    loss = weights.error * error + weights.coarse * coarse + weights.grain * grain
    loss = loss + SMALL / 100 * size
    figures = {"error": error.detach(), "grain": grain.detach(), "size": size.detach()}
    if weights.bands:
        bands = compare_bands(made, real, rng)
        loss, figures["bands"] = loss + weights.bands * bands, bands.detach()
    return {"loss": loss, **figures}


@torch.no_grad()
def settle(network: Autoencoder, tiles: Tiles) -> None:
    """Set mean and spread of the latents, and `glimpse`, from pictures.

    `encode` gives latents of mean 0 and spread 1 from then on.
    """
    network.eval()
    device = next(network.parameters()).device
    raws, smalls = [], []
    for rows in torch.split(torch.arange(len(tiles.names)), 32):
        plain = normalise(tiles.get_floats(rows))[0]
        raws.append(network.encode_raw(plain.to(device)).cpu())
        smalls.append(functional.avg_pool2d(plain, network.config.factor))
    raw, small = torch.cat(raws), torch.cat(smalls)
    network.mean.copy_(raw.mean((0, 2, 3)))
    network.spread.copy_(raw.std((0, 2, 3)))
    latents = (raw - network.mean.cpu()[:, None, None]) / network.spread.cpu()[:, None, None]
    flat = latents.transpose(0, 1).flatten(1).T
    found = torch.linalg.lstsq(flat, small.transpose(0, 1).flatten(1).T).solution
    network.glimpse.copy_(found.T)


@torch.inference_mode()
def send_through(network: Autoencoder, pictures: Tensor) -> Tensor:
    """Return pictures (B, 3, H, W), -1..1, as they come back."""
    device = next(network.parameters()).device
    plain, facts = normalise(pictures)
    return restore(network.decode_raw(network.encode_raw(plain.to(device))).cpu(), facts)


@torch.inference_mode()
def measure_autoencoder(network: Autoencoder, tiles: Tiles) -> dict[str, float]:
    """Return the parts of the loss on tiles, with the same noise every time."""
    rng = torch.Generator().manual_seed(1)
    pictures, _ = Drawer(tiles).draw(32, rng)
    losses = compute_loss(network, pictures, rng, FINISH)
    return {f"held_out_{name}": float(losses[name]) for name in ("error", "grain", "bands")}
