"""Ship the weights of a training: `python -m studio_gan.ship DATA/textures RUN [options]`.

RUN is the folder of `studio_gan.fit`. Takes the running average as it is, measures it, and writes
weights, config and card into this package; it may be run again as the training goes on. With the
folder of `studio_gan.lighten`, the decoder behind it is the one that was taught there.
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from studio_training import Card, write_card
from studio_training.state import read_average
from studio_training.story import STATE

from studio_gan.config import GanConfig, read_config
from studio_gan.drawing import draw_together
from studio_gan.fit import VARIANTS, find_dataset
from studio_gan.generators import DrawingNet, build_generator
from studio_gan.indicators import build_yardstick, judge_samples
from studio_gan.latents import get_examples, get_facts, load_autoencoder, load_variants, settle
from studio_gan.lighten import Decoder, find_decoder, judge_decoder
from studio_gan.painter import Painter, build_painter
from studio_gan.params import PLACE
from studio_gan.pictures import Changes, Pictures, load_pictures, to_unit
from studio_gan.report import WHAT, draw_sheet, plan_samples
from studio_gan.weights import save_generator

LOG: Final = logging.getLogger("studio_gan")
EACH: Final = 4
"""Samples of a class that are measured."""
LICENCE: Final = "Apache-2.0. What it learnt from is CC0 and asks for nothing."


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and ship."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--light", type=Path, help="the folder of studio_gan.lighten")
    parser.add_argument("--minutes", type=float, default=0.0, help="of CPU time the training took")
    parser.add_argument("--psi", type=float, default=0.8, help="truncation of what is measured")
    parser.add_argument("--notes", default="", help="for the card")
    parser.add_argument("--sheet", type=Path, help="where to draw a sheet of all classes")
    parser.add_argument("--place", type=Path, default=PLACE / "texture")
    plan = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    ship(plan)


def ship(plan: argparse.Namespace) -> None:
    """Measure and write."""
    facts, weights = read_average(plan.run / STATE)
    config = read_config(facts["config"])
    pictures = load_pictures(find_dataset(plan.data), config.side, Changes(config.is_torus))
    net: DrawingNet = build_generator(config)
    net.load_state_dict(weights)
    figures: dict[str, float] = {}
    decoder = find_decoder(plan.run, plan.light)
    if config.autoencoder:
        config = replace(config, autoencoder=decoder.sizes)
        painter = _add_decoder(net, config, plan.run, decoder, pictures)
        figures, net = judge_decoder(decoder, painter.autoencoder, plan.run, pictures), painter
    net.eval().requires_grad_(False)
    figures = {**measure(net, pictures, plan.psi), **figures}
    training = {**facts["settings"], **facts["rules"], "step": facts["step"]}
    training["cpu_minutes"] = plan.minutes
    text = plan.run / "command.txt"
    words = text.read_text(encoding="utf-8").split() if text.exists() else []
    command = " ".join(["python -m", *("FOLDER" if w.startswith("/") else w for w in words)])
    card = Card(
        title=f"Textures of {len(config.classes)} materials",
        what=f"{WHAT[config.family]} {_count(net) / 1e6:.2f} million weights.",
        data=f"{len(pictures.kinds)} material albedos of ambientCG, CC0, {config.side} px, in "
        f"{len(config.classes)} classes. Sha256 {pictures.info['hash']}.",
        licence=LICENCE,
        training=training,
        metrics=figures,
        command="\n".join(part for part in (command, decoder.command) if part),
        notes=plan.notes,
    )
    kept = {"training": training, "metrics": figures}
    save_generator(net, config, plan.place, kept, write_card(card))
    LOG.info("%s", figures)
    if plan.sheet:
        draw_sheet(net, config, EACH, plan.psi).save(plan.sheet)


@torch.no_grad()
def measure(net: DrawingNet, pictures: Pictures, psi: float) -> Mapping[str, float]:
    """Measure diversity and novelty, over all classes and within them (mean of classes)."""
    config = net.config
    kinds = max(1, len(config.classes))
    samples = torch.cat(
        [draw_together(net, config, [w]) for w in plan_samples(config, EACH * kinds, psi)]
    )
    real = to_unit(pictures.pixels)
    yardstick = build_yardstick(real, to_unit(pictures.held_out), config.is_torus)
    figures = {f"{name}_psi_{psi:g}": v for name, v in judge_samples(samples, yardstick).items()}
    within = []
    for kind in range(kinds):
        rows = real[pictures.kinds == kind]
        if len(rows) > 8:
            own = build_yardstick(rows, rows[:0], config.is_torus)
            within.append(judge_samples(samples[kind::kinds], own)["diversity"])
    return {**figures, "diversity_within_classes": sum(within) / max(1, len(within))}


def _add_decoder(
    net: DrawingNet, config: GanConfig, run: Path, decoder: Decoder, pictures: Pictures
) -> Painter:
    autoencoder = load_autoencoder(decoder.place, decoder.sizes)
    settle(autoencoder, pictures)
    variants = load_variants(run, autoencoder, pictures, VARIANTS)
    facts = get_facts(pictures, variants.latents[0])
    examples = get_examples(pictures, facts, variants)
    painter = build_painter(config, autoencoder, examples)
    painter.weaver = net
    return painter


def _count(net: DrawingNet) -> int:
    return sum(weight.numel() for weight in net.parameters())


if __name__ == "__main__":
    main()
