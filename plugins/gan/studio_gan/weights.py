"""A trained generator as a checkpoint folder."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from studio_training import load_weights, save_weights
from studio_training.torus import arrange
from torch import Tensor

from studio.errors import CheckpointError
from studio_gan.config import GanConfig, read_config
from studio_gan.generators import DrawingNet, build_generator
from studio_gan.painter import Painter

MOST: Final = 100_000
"""Examples whose colours are kept."""

PLANTED: Final = "weaver.plant.weight"
"""Of nets that draw latents: those of before it read their place, and had none."""


def save_generator(
    net: DrawingNet, config: GanConfig, folder: Path, facts: Mapping[str, Any], card: str
) -> None:
    """Write weights (fp16), config with `facts`, and the card."""
    uses = ["gan.image", *(["gan.texture"] if config.is_torus else []), "gan.train"]
    save_weights(folder, net.state_dict(), {**asdict(config), **facts}, card, uses)


def load_generator(path: Path) -> tuple[DrawingNet, GanConfig]:
    """Read what `save_generator` wrote, ready to draw.

    Raises:
        CheckpointError: damaged, tampered with, or another architecture.
    """
    facts, tensors = load_weights(path)
    try:
        config = read_config(facts)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "{path}: no checkpoint of this plugin ({fault}); take one made by gan.train",
            path=path,
            fault=error,
        ) from error
    if config.autoencoder is not None and PLANTED not in tensors:
        raise CheckpointError(
            "{path}: made by an older version, whose nets repeated one layout; train again",
            path=path,
        )
    try:
        net = _build(config, tensors)
        net.load_state_dict(tensors)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: the weights do not fit config.json; take the files of one training together",
            path=path,
        ) from error
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise CheckpointError("{path}: the weights are not finite; train anew", path=path)
    net.eval().requires_grad_(False)
    return net, config


def _build(config: GanConfig, tensors: Mapping[str, Tensor]) -> DrawingNet:
    if config.autoencoder is None:
        return build_generator(config)
    count = min(MOST, len(tensors["facts"]))
    # Weights from before they were kept have no tones.
    return arrange(Painter(config, count, is_alike="tones" in tensors))
