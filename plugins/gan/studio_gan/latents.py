"""Pictures as latents, made once: what the family "latent" learns from."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from studio_training.autoencoder import Autoencoder
from studio_training.joints import find_joints
from studio_training.laying import find_calm, is_laid
from studio_training.likeness import Likeness, measure_likeness
from studio_training.sizes import AutoencoderConfig
from studio_training.state import take_average
from studio_training.torus import arrange
from studio_training.weights import WEIGHTS
from torch import Tensor
from torch.nn import functional

from studio.errors import CheckpointError
from studio_gan.augment import roll
from studio_gan.cells import build_plan, encode_cells, normalise
from studio_gan.painter import Examples
from studio_gan.pictures import Changes, Pictures, change, find_freedoms, to_unit
from studio_gan.statistics import measure_cells

PREFIX: Final = "autoencoder."
"""Of its tensors in the checkpoint of a net that draws by way of it."""
AUTOENCODER: Final = "autoencoder.safetensors"
"""In the folder of a run."""
BATCH: Final = 32
ENOUGH: Final = 320
"""Examples from which mean and spread of the latents are taken."""
BLIND: Final = 0.15
"""Share of laid examples (bricks, tiles, planks) whose joints are not told."""
MARKS: Final = 127
"""What a whole line is in the bytes that joints are kept as."""
CHANGES: Final = Changes(is_torus=True, mirrored=True, turned="auto")
"""What examples are encoded with: rolled, mirrored, and turned where their class allows it."""


class Variants(NamedTuple):
    """Examples as they are learnt from, each `count` times.

    Attributes:
        latents: fp16 (count, N, C, h, w).
        joints: bytes (count, N, H, W), -MARKS..MARKS, as `find_joints` finds them.
    """

    latents: Tensor
    joints: Tensor


def load_autoencoder(path: Path, config: AutoencoderConfig) -> Autoencoder:
    """Read the running average of a training's state, plain weights, or what a checkpoint has.

    Args:
        path: a file, or the folder of a checkpoint with an autoencoder in it.
        config: of the autoencoder.

    Raises:
        CheckpointError: another net, or damaged.
    """
    net = Autoencoder(config)
    try:
        tensors = load_file(path / WEIGHTS if path.is_dir() else path)
        own = {name: value for name, value in tensors.items() if name.startswith(PREFIX)}
        tensors = {name.removeprefix(PREFIX): value for name, value in own.items()} or tensors
        # A glimpse serves previews of the flow; a training from before there were any has none.
        net.load_state_dict({"glimpse": net.glimpse, **(take_average(tensors) or tensors)})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            "{path}: no weights of this autoencoder; take the state of its training", path=path
        ) from error
    return arrange(net.eval().requires_grad_(False))


def keep_autoencoder(found: Path, folder: Path) -> Path:
    """Copy an autoencoder to the folder of a run, if there is none yet; returns its place."""
    kept = folder / AUTOENCODER
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found / WEIGHTS if found.is_dir() else found, kept)
    return kept


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
def encode_variants(
    net: Autoencoder, pictures: Pictures, count: int, seed: int, changes: Changes = CHANGES
) -> Variants:
    """Encode each example, moved and mirrored, `count` times.

    A roll by whole cells costs nothing later; those by parts of a cell are made here.
    """
    made, joints = [], []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(count):
            parts = zip(
                torch.split(pictures.pixels, BATCH), torch.split(pictures.kinds, BATCH), strict=True
            )
            varied = [
                change(to_unit(pixels), changes, find_freedoms(pictures, kinds, changes))
                for pixels, kinds in parts
            ]
            made.append(torch.cat([encode_cells(net, some)[0] for some in varied]).half())
            found = [find_joints(normalise(some)[0])[:, 0] for some in varied]
            joints.append((torch.cat(found) * MARKS).round().to(torch.int8))
    return Variants(torch.stack(made).contiguous(), torch.stack(joints).contiguous())


def load_variants(
    folder: Path, net: Autoencoder, pictures: Pictures, count: int, changes: Changes = CHANGES
) -> Variants:
    """Read what an earlier run of the same training encoded, or encode."""
    path = folder / "latents.safetensors"
    found = load_file(path) if path.exists() else {}
    if set(found) == set(Variants._fields):
        return Variants(**found)
    variants = encode_variants(net, pictures, count, 0, changes)
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    save_file(variants._asdict(), draft)
    draft.replace(path)
    return variants


def build_latent_draw(
    variants: Variants,
    colours: Tensor,
    kinds: Tensor,
    laid: Tensor | None = None,
    balance: float = 0.5,
) -> Any:
    """Build the learner's source: rare classes more often than their share.

    Behind the latents lie, as planes, the colours, statistics of the latents, and plans of joints.

    Args:
        variants: of the examples.
        colours: of the examples (N, COLOURS).
        kinds: of the examples (N,).
        laid: of the examples (N,), whether they have joints to be told of; None leaves plans out.
        balance: 0 draws every example as often, 1 every class.
    """
    weights = torch.bincount(kinds).clamp_min(1)[kinds].float() ** -balance
    sides = variants.latents.shape[3:]

    def draw(rng: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        rows = torch.multinomial(weights, count, replacement=True, generator=rng)
        chosen = torch.randint(len(variants.latents), (count,), generator=rng)
        cells = variants.latents[chosen, rows].float()
        facts = torch.cat([colours[rows], measure_cells(cells)], 1)
        parts = [cells, facts[:, :, None, None].expand(-1, -1, *sides)]
        if laid is not None:
            told = laid[rows] & (torch.rand(count, generator=rng) >= BLIND)
            joints = variants.joints[chosen, rows, None].float() / MARKS
            parts.append(build_plan(joints, sides[1]) * told[:, None, None, None])
        return roll(torch.cat(parts, 1)), kinds[rows]

    return draw


def find_laid(classes: Sequence[str], kinds: Tensor) -> Tensor:
    """Tell which examples (N,) are of a class that has joints as a rule."""
    return torch.tensor([is_laid(name) for name in classes])[kinds]


def get_colours(pictures: Pictures) -> Tensor:
    """Return the colours of examples (N, COLOURS)."""
    return torch.cat([normalise(to_unit(some))[1] for some in torch.split(pictures.pixels, BATCH)])


def get_examples(pictures: Pictures, facts: Tensor, variants: Variants) -> Examples:
    """Return what is kept of the examples that new pictures may take after."""
    found = [
        measure_likeness(normalise(to_unit(some))[0])
        for some in torch.split(pictures.pixels, BATCH)
    ]
    tones, octaves = (torch.cat(parts) for parts in zip(*found, strict=True))
    clear = variants.joints[0].float().abs().mean((1, 2))
    kept = find_calm(pictures.classes, pictures.kinds, clear, facts[:, 3])
    return Examples(facts[kept], Likeness(tones, octaves).select(kept), pictures.kinds[kept])


def get_facts(pictures: Pictures, latents: Tensor) -> Tensor:
    """Return colours and statistics of examples (N, facts); latents are (N, C, h, w)."""
    return torch.cat([get_colours(pictures), measure_cells(latents.float())], 1)
