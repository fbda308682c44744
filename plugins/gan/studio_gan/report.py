"""What a generator draws, as a grid; and its card."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image
from studio_training import Card, write_card
from torch import Tensor

from studio_gan.config import GanConfig
from studio_gan.drawing import Wish, draw_pictures, draw_together
from studio_gan.generators import DrawingNet
from studio_gan.pictures import to_image

COLUMNS, ROWS, GAP = 8, 4, 2
SIDE: Final = 64
"""Least side of a picture in a grid, pixels."""
WHAT: Final = {
    "dcgan": "DCGAN (arXiv 1511.06434): transposed convolutions with batch norm.",
    "spatial": "PSGAN (arXiv 1705.06566): convolutions on a torus over noise, conditional on a "
    "global vector and the class; any size, seamless.",
    "latent": "Modulated convolutions on a torus that draw the latents of an autoencoder, from "
    "noise; any size, seamless.",
    "style": "A small StyleGAN2 (arXiv 1912.04958) on a torus: modulated convolutions over noise; "
    "any size, seamless.",
}


def plan_samples(config: GanConfig, count: int, psi: float = 1.0) -> list[Wish]:
    """Plan samples of the size it learnt from, class after class."""
    kinds = max(1, len(config.classes))
    shares = [tuple(float(kind == n % kinds) for kind in range(kinds)) for n in range(count)]
    first = config.first
    return [Wish(n, share, psi, first, first) for n, share in enumerate(shares)]


def draw_samples(net: DrawingNet, config: GanConfig, count: int) -> Tensor:
    """Draw samples (N, C, S, S) in -1..1, all at once."""
    return draw_together(net, config, plan_samples(config, count))


def draw_grid(net: DrawingNet, config: GanConfig) -> Image.Image:
    """Draw a grid of samples, always of the same seeds: what changes is what was learnt."""
    return _lay_out(list(draw_samples(net, config, COLUMNS * ROWS)), COLUMNS)


def draw_sheet(net: DrawingNet, config: GanConfig, each: int, psi: float = 1.0) -> Image.Image:
    """Draw a row of samples for each class."""
    kinds = max(1, len(config.classes))
    wishes = plan_samples(config, each * kinds, psi)
    rows = [wishes[kind::kinds] for kind in range(kinds)]
    return _lay_out([picture for row in rows for picture in draw_pictures(net, config, row)], each)


def _lay_out(pictures: Sequence[Tensor], columns: int) -> Image.Image:
    zoom = max(1, SIDE // pictures[0].shape[-1])
    side = pictures[0].shape[-1] * zoom
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + GAP) - GAP, rows * (side + GAP) - GAP), "grey")
    for number, picture in enumerate(pictures):
        image = to_image(picture).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(image, (number % columns * (side + GAP), number // columns * (side + GAP)))
    return sheet


def build_card(
    config: GanConfig,
    training: Mapping[str, Any],
    figures: Mapping[str, float],
    data: Mapping[str, Any],
) -> str:
    """Build the card of a checkpoint."""
    labels = ", ".join(f"{name or 'unlabelled'} ({n})" for name, n in data["labels"].items())
    return write_card(
        Card(
            title=f"GAN, {config.family}, {config.size} px",
            what=WHAT[config.family],
            data=f"{data['examples']} pictures: {labels}. Sha256 {data['hash']}.",
            licence=f"as the pictures: {data['licence'] or 'not said'}",
            training=training,
            metrics=figures,
            notes="diversity: mean distance between two samples over that between two examples. "
            "novelty: distance to the nearest example over that of held-out pictures. "
            "lost_in_autoencoder: share of the variance of pictures, at half their size, that does "
            "not come back from it.",
        )
    )
