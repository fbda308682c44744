"""Pictures of samples while a texture flow learns."""

from typing import Final

import torch
from PIL import Image
from studio_training import mix_seed
from studio_training.autoencoder import Autoencoder
from studio_training.laying import Laying, lay
from torch import Tensor

from studio_flow.describe import level, normalise, restore
from studio_flow.network import FlowNet, Wanted, tell_joints
from studio_flow.sampling import Course, Style, plan_times, walk
from studio_flow.tiles import Tiles

COLUMNS: Final = 10
USUAL: Final = Style()
SEED: Final = 7
"""The same samples every time, so that one sees how they change."""


def draw_trial(
    network: FlowNet,
    autoencoder: Autoencoder,
    tiles: Tiles,
    each: int = 2,
    most: int = 100,
    style: Style = USUAL,
) -> Image.Image:
    """Return a sheet: samples of each class, with facts of tiles of that class.

    Args:
        network: that learns.
        autoencoder: whose latents it learns.
        tiles: whose facts to take; samples have their size.
        each: samples of a class.
        most: in all.
        style: of the walks.
    """
    rng = torch.Generator().manual_seed(SEED)
    kinds = [kind for kind in range(len(tiles.classes)) for _ in range(each)][:most]
    made: list[Tensor] = []
    rows = torch.tensor([pick_row(tiles, kind, rng) for kind in kinds])
    for part in torch.split(rows, COLUMNS):
        _, facts = normalise(tiles.get_floats(part))
        names = [tiles.classes[kind] for kind in tiles.kinds[part].tolist()]
        plan = lay_all(names, tiles.side, len(made)) if network.config.joints else None
        noise = draw_noise(autoencoder, len(part), tiles.side, rng)
        told = (tiles.kinds[part], facts, plan)
        made.append(sample(network, autoencoder, told, noise, style))
    return lay_out(torch.cat(made), COLUMNS)


def lay_all(names: list[str], side: int, seed: int) -> Tensor:
    """Return a plan (B, 2, S, S) with the joints that are usual for each class."""
    plans = []
    for index, name in enumerate(names):
        lines = lay(Laying(), name, (side, side), mix_seed(seed, index), side)
        plans.append(tell_joints(lines.joints if lines else None, (1, side, side)))
    return torch.cat(plans)


def pick_row(tiles: Tiles, kind: int, rng: torch.Generator) -> int:
    """Return a row of a class; any row, where there is none."""
    rows = (tiles.kinds == kind).nonzero().flatten()
    if not len(rows):
        rows = torch.arange(len(tiles.kinds))
    return int(rows[int(torch.randint(len(rows), (1,), generator=rng))])


def draw_noise(autoencoder: Autoencoder, count: int, side: int, rng: torch.Generator) -> Tensor:
    """Return what `count` pictures of a side begin as, (B, L, h, w)."""
    sizes = autoencoder.config
    cells = side // sizes.factor
    return torch.randn((count, sizes.latent, cells, cells), generator=rng)


def sample(
    network: FlowNet,
    autoencoder: Autoencoder,
    told: tuple[Tensor, Tensor, Tensor | None],
    noise: Tensor,
    style: Style = USUAL,
) -> Tensor:
    """Return pictures (B, 3, S, S), -1..1.

    Args:
        network: that draws.
        autoencoder: whose latents it draws.
        told: class numbers (B,), facts (B, F) and plan (B, 2, S, S).
        noise: as `draw_noise` gives it.
        style: of the walk.
    """
    kinds, facts, plan = told
    count = len(kinds)
    device = next(network.parameters()).device
    wanted = Wanted(kinds, facts, torch.ones(count), torch.zeros(count), plan)
    course = Course(style, plan_times(style))
    made = walk(network, noise.to(device), wanted.to(device), course)
    with torch.inference_mode():
        return restore(level(autoencoder.decode(made).cpu()), facts)


def lay_out(pictures: Tensor, columns: int, gap: int = 2) -> Image.Image:
    """Set pictures (N, 3, H, W), -1..1, in rows on white."""
    count, _, height, width = pictures.shape
    lines, columns = -(-count // columns), min(columns, count)
    size = (columns * (width + gap) - gap, lines * (height + gap) - gap)
    sheet = Image.new("RGB", size, "white")
    for index, picture in enumerate(pictures):
        place = (index % columns * (width + gap), index // columns * (height + gap))
        sheet.paste(to_image(picture), place)
    return sheet


def to_image(picture: Tensor) -> Image.Image:
    """Return a picture of (3, H, W), -1..1."""
    pixels = ((picture + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())
