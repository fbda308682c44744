"""Ship the weights of a training: `python -m studio_gan.ship_vae DATA/textures RUN [options]`.

RUN is the folder of `studio_gan.fit_vae`; may be run again as the training goes on. With the folder
of `studio_gan.lighten`, the decoder behind it is the one that was taught there.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from studio_training import Card, write_card
from studio_training.state import read_average
from studio_training.story import STATE

from studio_gan.fit import SIDE, VARIANTS, find_dataset
from studio_gan.fit_vae import build_painter, draw_board, fit_styles, hold_out, measure_painter
from studio_gan.latents import load_variants
from studio_gan.lighten import find_decoder, judge_decoder
from studio_gan.params import PLACE
from studio_gan.pictures import Changes, load_pictures
from studio_gan.ship import LICENCE
from studio_gan.vae_weights import save_painter

LOG: Final = logging.getLogger("studio_gan")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--light", type=Path, help="the folder of studio_gan.lighten")
    parser.add_argument("--minutes", type=float, default=0.0, help="of CPU time the training took")
    parser.add_argument("--notes", default="", help="for the card")
    parser.add_argument("--sheet", type=Path, help="where to draw a sheet of all classes")
    parser.add_argument("--place", type=Path, default=PLACE / "vae")
    plan = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    ship(plan)


def ship(plan: argparse.Namespace) -> None:
    """Measure and write."""
    pictures = load_pictures(find_dataset(plan.data), SIDE, Changes(True))
    decoder = find_decoder(plan.run, plan.light)
    painter = build_painter(decoder.place, pictures, decoder.sizes)
    facts, weights = read_average(plan.run / STATE)
    painter.vae.load_state_dict(weights)
    painter.eval().requires_grad_(False)
    latents = load_variants(plan.run, painter.autoencoder, pictures, VARIANTS).latents
    fit_styles(painter, latents[0], pictures)
    held_out = hold_out(pictures)
    figures = measure_painter(painter, held_out)
    figures.update(judge_decoder(decoder, painter.autoencoder, plan.run, pictures))
    training = {**facts["settings"], "step": facts["step"], "cpu_minutes": plan.minutes}
    count = sum(weight.numel() for weight in painter.vae.parameters())
    options = [f"--{n} {facts['settings'][n]:g}" for n in ("steps", "batch", "rate", "seed")]
    command = "python -m studio_gan.fit_vae DATA/textures FOLDER --autoencoder PLACE "
    command += " ".join(options)
    card = Card(
        title=f"Textures of {len(pictures.classes)} materials, there and back",
        what="Variational autoencoder (arXiv 1312.6114) with a learnt spread (sigma-VAE, arXiv "
        "2006.13202) over the latents of an autoencoder, on a torus: a style with a prior of its "
        f"own for each class, and a field of noise; {count / 1e6:.2f} million weights.",
        data=f"{len(pictures.kinds)} material albedos of ambientCG, CC0, {SIDE} px, in "
        f"{len(pictures.classes)} classes, {len(pictures.held_out)} more held out. Sha256 "
        f"{pictures.info['hash']}.",
        licence=LICENCE,
        training=training,
        metrics=figures,
        command="\n".join(part for part in (command, decoder.command) if part),
        notes=plan.notes,
    )
    kept = {"training": training, "metrics": figures}
    save_painter(painter, plan.place, kept, write_card(card))
    LOG.info("%s", figures)
    if plan.sheet:
        draw_board(painter, held_out).save(plan.sheet)


if __name__ == "__main__":
    main()
