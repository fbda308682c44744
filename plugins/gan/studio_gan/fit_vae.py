"""Train the variational autoencoder from a command line; cut off, the same command goes on.

python -m studio_gan.fit_vae DATA/textures FOLDER --autoencoder PLACE --steps 6000

DATA and the autoencoder are those of `studio_gan.fit`.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import torch
from PIL import Image
from studio_training import Run, Trainer, fit
from studio_training.sizes import AutoencoderConfig
from studio_training.torus import arrange
from torch import Tensor, nn

from studio_gan.cells import decode_cells, encode_cells
from studio_gan.command import build_parser, get_settings, read_plan
from studio_gan.config import COLOURS
from studio_gan.fit import SIDE, VARIANTS, find_dataset
from studio_gan.latents import (
    build_latent_draw,
    get_colours,
    keep_autoencoder,
    load_autoencoder,
    load_variants,
    settle,
)
from studio_gan.pictures import Changes, Pictures, load_pictures, to_image, to_unit
from studio_gan.vae_config import VaeConfig
from studio_gan.vae_drawing import draw_themes, get_noise, invent, read_theme
from studio_gan.vae_net import Bell, Vae, VaePainter, get_loss

LOG: Final = logging.getLogger("studio_gan")
SHOWN: Final = 8


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = build_parser(__doc__, steps=6000, batch=16, rate=1e-3, ema=0.998)
    plan = read_plan(parser, arguments)
    train(plan)


def train(plan: argparse.Namespace) -> None:
    """Train until the last step."""
    pictures = load_pictures(find_dataset(plan.data), SIDE, Changes(True))
    painter = build_painter(keep_autoencoder(plan.autoencoder, plan.folder), pictures)
    variants = load_variants(plan.folder, painter.autoencoder, pictures, VARIANTS)
    draw = build_latent_draw(variants, get_colours(pictures), pictures.kinds)
    settings = get_settings(plan)
    loss = build_loss(draw, painter.config, plan.batch)
    trainer = Trainer(lambda: build_vae(painter.config), settings, loss)
    assert isinstance(trainer.average, Vae)
    painter.vae = trainer.average
    LOG.info("%d weights", sum(weight.numel() for weight in trainer.average.parameters()))
    held_out = hold_out(pictures)

    def draw_samples() -> Image.Image:
        fit_styles(painter, variants.latents[0], pictures)
        return draw_board(painter, held_out)

    run = Run(
        plan.steps,
        draw=draw_samples,
        measure=lambda: measure_painter(painter, held_out),
        every=500,
    )
    fit(trainer, plan.folder, run)


def hold_out(pictures: Pictures) -> Pictures:
    """Return those that were not learnt from."""
    none = torch.zeros(len(pictures.held_out), dtype=torch.long)
    return Pictures(pictures.held_out, none, pictures.classes, pictures.held_out)


def build_vae(config: VaeConfig) -> Vae:
    """Build the net, laid out as the processor likes it."""
    return arrange(Vae(config))


def build_painter(
    place: Path, pictures: Pictures, sizes: AutoencoderConfig | None = None
) -> VaePainter:
    """Build a painter around an autoencoder, of a training's state or a run's own."""
    config = VaeConfig(pictures.classes, side=SIDE, autoencoder=sizes or AutoencoderConfig())
    painter = VaePainter(config)
    painter.autoencoder = load_autoencoder(place, config.autoencoder)
    settle(painter.autoencoder, pictures)
    return painter.eval().requires_grad_(False)


def build_loss(
    draw: Callable[[torch.Generator, int], tuple[Tensor, Tensor]], config: VaeConfig, batch: int
) -> Callable[[nn.Module, torch.Generator], dict[str, Tensor]]:
    """Build the trainer's loss of batches that `build_latent_draw` draws."""

    def compute(net: nn.Module, rng: torch.Generator) -> dict[str, Tensor]:
        assert isinstance(net, Vae)
        rows, kinds = draw(rng, batch)
        cells, facts = rows[:, : config.planes], rows[:, config.planes :, 0, 0]
        weights = nn.functional.one_hot(kinds, len(config.classes)).float()
        return get_loss(net, cells, facts[:, :COLOURS], weights)

    return compute


@torch.no_grad()
def fit_styles(painter: VaePainter, latents: Tensor, pictures: Pictures) -> None:
    """Find the styles of each class from examples as latents (N, planes, h, w)."""
    colours = get_colours(pictures)
    parts = zip(torch.split(latents, 32), torch.split(colours, 32), strict=True)
    styles = [painter.vae.encode(cells.float(), facts)[0] for cells, facts in parts]
    means, logs = (torch.cat([getattr(some, n) for some in styles]) for n in ("mean", "log"))
    painter.fit_styles(Bell(means, logs), pictures.kinds)


@torch.no_grad()
def measure_painter(painter: VaePainter, pictures: Pictures) -> dict[str, float]:
    """Measure pictures that were not learnt from.

    Returns:
        error: of pictures that went through, mean of 0..1; autoencoder_error: of those that went
        through the autoencoder alone.
    """
    errors = []
    for pixels in torch.split(pictures.pixels, 16):
        real = to_unit(pixels)
        style, field = painter.read(real)
        none = torch.zeros(len(real), painter.config.planes, *(2 * n for n in field.mean.shape[2:]))
        made = painter.draw(style.mean, field.mean, none)
        alone = decode_cells(painter.autoencoder, *encode_cells(painter.autoencoder, real))
        errors += [torch.stack([(made - real).abs(), (alone - real).abs()]).mean((2, 3, 4)).T / 2]
    mine, other = torch.cat(errors).mean(0).tolist()
    return {"held_out_error": mine, "autoencoder_error": other}


@torch.no_grad()
def draw_board(painter: VaePainter, pictures: Pictures) -> Image.Image:
    """Draw rows: held-out pictures, the same come back, and one of each class from nothing."""
    side = painter.config.side
    real = [to_unit(pixels) for pixels in pictures.pixels[:: max(1, len(pictures.pixels) // SHOWN)]]
    real = real[:SHOWN]
    rng = torch.Generator().manual_seed(0)
    made: list[Tensor] = []
    for picture in real:
        theme = read_theme(painter, picture[None])
        made += draw_themes(painter, [theme], get_noise(painter, theme.sides, rng))
    places = (side // painter.config.step,) * 2
    for kind in range(len(painter.config.classes)):
        weights = tuple(float(kind == n) for n in range(len(painter.config.classes)))
        theme = invent(painter, weights, places, 1.0, rng)
        made += draw_themes(painter, [theme], get_noise(painter, places, rng))
    shown = [*real, *made]
    sheet = Image.new("RGB", (SHOWN * side, -(-len(shown) // SHOWN) * side), "grey")
    for number, picture in enumerate(shown):
        sheet.paste(to_image(picture), (number % SHOWN * side, number // SHOWN * side))
    return sheet


if __name__ == "__main__":
    main()
