"""What `gan.train` teaches: a generator of pictures, or one of latents with a decoder behind it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from studio_training import Settings
from studio_training.autoencoder import Autoencoder
from studio_training.laying import is_laid

from studio_gan.cells import measure_loss
from studio_gan.config import CELL, COLOURS, GanConfig
from studio_gan.generators import DrawingNet
from studio_gan.latents import (
    build_latent_draw,
    find_laid,
    get_examples,
    get_facts,
    load_variants,
    settle,
)
from studio_gan.learner import GanLearner, Rules
from studio_gan.painter import Painter, build_painter
from studio_gan.params import PLACE
from studio_gan.pictures import Changes, Pictures, build_draw, to_unit
from studio_gan.vae_weights import load_painter

VARIANTS: Final = 4
"""Of each picture that are encoded."""
ENOUGH: Final = 64
"""Pictures on which the autoencoder is measured."""


@dataclass(frozen=True)
class Pupil:
    """What learns, and what draws with its running average.

    Attributes:
        learner: plays the game.
        net: draws pictures.
        lost: share of the variance of pictures at half their size that does not come back from
            the autoencoder; 0 without one.
    """

    learner: GanLearner
    net: DrawingNet
    lost: float = 0.0


def get_autoencoder() -> Autoencoder:
    """Load the autoencoder that ships: that of `gan.vae`, whose encoder is kept."""
    return load_painter(PLACE / "vae").autoencoder


def plan_latents(size: int, channels: int, latent: int, pictures: Pictures) -> GanConfig:
    """Plan a generator of latents of the autoencoder that ships, for pictures of a side."""
    autoencoder = get_autoencoder().config
    return GanConfig(
        family="latent",
        size=size // (CELL * autoencoder.factor),
        channels=channels,
        latent=latent,
        colours=CELL**2 * autoencoder.latent,
        classes=pictures.classes,
        autoencoder=autoencoder,
        joints=any(is_laid(name) for name in pictures.classes),
    )


def build_pupil(
    config: GanConfig,
    plan: tuple[Settings, Rules],
    pictures: Pictures,
    changes: Changes,
    kept: Path,
) -> Pupil:
    """Build what learns from pictures.

    Args:
        config: of the nets.
        plan: how to learn.
        pictures: to learn from; of latents, RGB.
        changes: that they may go through.
        kept: a folder for latents, so that they are encoded once.
    """
    if config.autoencoder is None:
        learner = GanLearner(config, *plan, build_draw(pictures, changes))
        return Pupil(learner, learner.average)
    autoencoder = get_autoencoder()
    settle(autoencoder, pictures)
    variants = load_variants(kept, autoencoder, pictures, VARIANTS, changes)
    lost = measure_loss(
        autoencoder, to_unit(pictures.pixels[:: len(pictures.pixels) // ENOUGH + 1])
    )
    facts = get_facts(pictures, variants.latents[0])
    laid = find_laid(config.classes, pictures.kinds) if config.joints else None
    draw = build_latent_draw(variants, facts[:, :COLOURS], pictures.kinds, laid)
    settings, rules = plan
    if rules.augment == "full":  # its colours are those of pictures
        rules = replace(rules, augment="shift")
    learner = GanLearner(config, settings, rules, draw)
    examples = get_examples(pictures, facts, variants)
    painter = build_painter(config, autoencoder, examples)
    painter.weaver = learner.average
    return Pupil(learner, painter.eval().requires_grad_(False), lost)


def restart(learner: GanLearner, net: DrawingNet) -> None:
    """Start anew from what `load_generator` gave."""
    learner.restart(net.weaver if isinstance(net, Painter) else net)
