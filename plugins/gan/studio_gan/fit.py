"""Train shipped weights from a command line; cut off, the same command goes on.

python -m studio_gan.fit DATA/textures FOLDER --autoencoder PLACE --steps 12000
python -m studio_gan.fit DATA/textures FOLDER --family spatial --size 64 --steps 12000

DATA is a folder of folders, each a class. With an autoencoder, whose training is another plugin's
(`python -m studio_flow.fit autoencoder`), the family is "latent". PLACE is the state of that
training, or the folder of the checkpoint that ships with `flow.texture`; it is copied to FOLDER.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from studio_training import Run, Settings, fit
from studio_training.dataset import Dataset, Found, check_examples
from studio_training.sizes import AutoencoderConfig

from studio.media import SUFFIXES, MediaType
from studio_gan.command import build_parser, get_settings, read_plan
from studio_gan.config import CELL, COLOURS, GanConfig
from studio_gan.generators import DrawingNet
from studio_gan.indicators import build_yardstick, judge_samples
from studio_gan.latents import (
    build_latent_draw,
    find_laid,
    get_examples,
    get_facts,
    keep_autoencoder,
    load_autoencoder,
    load_variants,
    settle,
)
from studio_gan.learner import GanLearner, Rules
from studio_gan.painter import build_painter
from studio_gan.pictures import Changes, Pictures, build_draw, load_pictures, to_unit
from studio_gan.report import draw_grid, draw_samples

LOG: Final = logging.getLogger("studio_gan")
SKIPPED: Final = ("pbr", "freedoom_flat")
"""Folders of the data that are no class of tiles, or of another licence."""
SIDE: Final = 128
"""Of tiles that are encoded, pixels."""
VARIANTS: Final = 4
"""Of each tile that are encoded."""
HELD_OUT: Final = 0.08


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and train."""
    parser = build_parser(__doc__, steps=12000, batch=16, rate=5e-4, ema=0.998, is_latent=False)
    parser.add_argument("--family", choices=("spatial", "style", "dcgan"), default="spatial")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--latent", type=int, default=64)
    parser.add_argument("--critic-rate", type=float, default=2.0, help="over the generator's")
    parser.add_argument("--loss", choices=("hinge", "non-saturating"), default="hinge")
    parser.add_argument("--augment", choices=("full", "shift", "none"), default="shift")
    parser.add_argument("--r1", type=float, default=0.1)
    parser.add_argument("--decay", type=float, default=0.3)
    plan = read_plan(parser, arguments)
    train(plan)


def train(plan: argparse.Namespace) -> None:
    """Train until the last step."""
    size = SIDE if plan.autoencoder else plan.size
    pictures = load_pictures(find_dataset(plan.data), size, Changes(plan.family != "dcgan"))
    LOG.info("%d pictures, %d held out", len(pictures.pixels), len(pictures.held_out))
    learner, net = build_learner(plan, pictures)
    config = learner.config
    weights = [sum(w.numel() for w in n.parameters()) for n in (learner.generator, learner.critic)]
    LOG.info("%d weights of the generator, %d of the critic", *weights)
    yardstick = build_yardstick(
        to_unit(pictures.pixels), to_unit(pictures.held_out), config.is_torus
    )
    run = Run(
        plan.steps,
        draw=lambda: draw_grid(net, config),
        measure=lambda: judge_samples(draw_samples(net, config, 64), yardstick),
        every=500,
    )
    fit(learner, plan.folder, run)


def find_dataset(folder: Path) -> Dataset:
    """Read the classes of a folder, without those that are skipped."""
    found = [
        Found(str(path.relative_to(folder)), path, path.parent.name)
        for path in sorted(folder.glob("*/*"))
        if SUFFIXES.get(path.suffix.lower()) == MediaType.IMAGE and path.parent.name not in SKIPPED
    ]
    return check_examples(found, MediaType.IMAGE, HELD_OUT)


def build_learner(plan: argparse.Namespace, pictures: Pictures) -> tuple[GanLearner, DrawingNet]:
    """Build the learner, and the net that draws pictures with its running average."""
    settings = replace(get_settings(plan), decay=plan.decay, clip=0.0)
    rules = Rules(plan.loss, plan.r1, 1, plan.critic_rate, plan.augment)
    if not plan.autoencoder:
        sizes = GanConfig(
            plan.family, plan.size, plan.channels, plan.latent, pictures.colours, pictures.classes
        )
        draw = build_draw(pictures, Changes(sizes.is_torus))
        learner = GanLearner(sizes, settings, rules, draw)
        return learner, learner.average
    return _build_latent_learner(plan, pictures, settings, rules)


def _build_latent_learner(
    plan: argparse.Namespace, pictures: Pictures, settings: Settings, rules: Rules
) -> tuple[GanLearner, DrawingNet]:
    sizes = AutoencoderConfig()
    autoencoder = load_autoencoder(keep_autoencoder(plan.autoencoder, plan.folder), sizes)
    settle(autoencoder, pictures)
    variants = load_variants(plan.folder, autoencoder, pictures, VARIANTS)
    config = GanConfig(
        "latent",
        SIDE // (CELL * sizes.factor),
        plan.channels,
        plan.latent,
        CELL**2 * sizes.latent,
        pictures.classes,
        autoencoder=sizes,
        joints=True,
    )
    facts = get_facts(pictures, variants.latents[0])
    laid = find_laid(pictures.classes, pictures.kinds)
    draw = build_latent_draw(variants, facts[:, :COLOURS], pictures.kinds, laid)
    learner = GanLearner(config, settings, rules, draw)
    examples = get_examples(pictures, facts, variants)
    painter = build_painter(config, autoencoder, examples)
    painter.weaver = learner.average
    painter.eval().requires_grad_(False)
    return learner, painter


if __name__ == "__main__":
    main()
