"""Pictures as latents, made once: what the family "latent" learns from."""

from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from studio_training.autoencoder import Autoencoder
from studio_training.sizes import AutoencoderConfig
from studio_training.torus import arrange
from torch import Tensor
from torch.nn import functional

from studio.errors import CheckpointError
from studio_gan.augment import roll
from studio_gan.cells import encode_cells, normalise
from studio_gan.pictures import Pictures, to_unit, vary
from studio_gan.statistics import measure_cells

BATCH: Final = 32
ENOUGH: Final = 320
"""Examples from which mean and spread of the latents are taken."""


def load_autoencoder(path: Path, config: AutoencoderConfig) -> Autoencoder:
    """Read the running average of a training's state, or plain weights.

    Raises:
        CheckpointError: another net, or damaged.
    """
    net = Autoencoder(config)
    try:
        tensors = load_file(path)
        average = {k.removeprefix("average."): v for k, v in tensors.items() if "average." in k}
        # A glimpse serves previews of the flow; a training from before there were any has none.
        net.load_state_dict({"glimpse": net.glimpse, **(average or tensors)})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            "{path}: no weights of this autoencoder; take the state of its training", path=path
        ) from error
    return arrange(net.eval().requires_grad_(False))


@torch.no_grad()
def settle(net: Autoencoder, pictures: Pictures) -> None:
    """Set mean and spread of the latents: `encode` gives spread 1 from then on."""
    net.mean.zero_()
    net.spread.fill_(1)
    some = pictures.pixels[:: max(1, len(pictures.pixels) // ENOUGH)]
    parts = [encode_cells(net, to_unit(part))[0] for part in torch.split(some, BATCH)]
    raw = functional.pixel_shuffle(torch.cat(parts), 2)
    net.mean.copy_(raw.mean((0, 2, 3)))
    net.spread.copy_(raw.std((0, 2, 3)))


@torch.no_grad()
def encode_variants(net: Autoencoder, pictures: Pictures, count: int, seed: int) -> Tensor:
    """Encode each example, moved and mirrored, `count` times; returns fp16 (count, N, C, h, w).

    A roll by whole cells costs nothing later; those by parts of a cell are made here.
    """
    made = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(count):
            parts = zip(
                torch.split(pictures.pixels, BATCH), torch.split(pictures.kinds, BATCH), strict=True
            )
            rows = [
                encode_cells(net, roll(vary(to_unit(pixels), pictures.get_freedoms(kinds))))[0]
                for pixels, kinds in parts
            ]
            made.append(torch.cat(rows).half())
    return torch.stack(made).contiguous()


def load_variants(folder: Path, net: Autoencoder, pictures: Pictures, count: int) -> Tensor:
    """Read what an earlier run of the same training encoded, or encode."""
    path = folder / "latents.safetensors"
    if path.exists():
        return torch.as_tensor(load_file(path)["latents"])
    latents = encode_variants(net, pictures, count, 0)
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    save_file({"latents": latents}, draft)
    draft.replace(path)
    return latents


def build_latent_draw(latents: Tensor, colours: Tensor, kinds: Tensor, balance: float = 0.5) -> Any:
    """Build the learner's source: rare classes more often than their share.

    Args:
        latents: as `encode_variants` gives them.
        colours: of the examples (N, COLOURS); they lie behind the latents, as planes, and
            statistics of the latents after them.
        kinds: of the examples (N,).
        balance: 0 draws every example as often, 1 every class.
    """
    weights = torch.bincount(kinds).clamp_min(1)[kinds].float() ** -balance
    sides = latents.shape[3:]

    def draw(rng: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        rows = torch.multinomial(weights, count, replacement=True, generator=rng)
        variants = torch.randint(len(latents), (count,), generator=rng)
        cells = roll(latents[variants, rows].float())
        facts = torch.cat([colours[rows], measure_cells(cells)], 1)
        planes = facts[:, :, None, None].expand(-1, -1, *sides)
        return torch.cat([cells, planes], 1), kinds[rows]

    return draw


def get_colours(pictures: Pictures) -> Tensor:
    """Return the colours of examples (N, COLOURS)."""
    return torch.cat([normalise(to_unit(some))[1] for some in torch.split(pictures.pixels, BATCH)])


def get_facts(pictures: Pictures, latents: Tensor) -> Tensor:
    """Return colours and statistics of examples (N, facts); latents are (N, C, h, w)."""
    return torch.cat([get_colours(pictures), measure_cells(latents.float())], 1)
