"""A trained variational autoencoder as a checkpoint folder."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio_training import load_weights, save_weights
from studio_training.torus import arrange

from studio.errors import CheckpointError
from studio_gan.vae_config import KIND, read_vae_config
from studio_gan.vae_net import VaePainter


def save_painter(painter: VaePainter, folder: Path, facts: Mapping[str, Any], card: str) -> None:
    """Write weights (fp16), config with `facts`, and the card."""
    config = {"kind": KIND, **asdict(painter.config), **facts}
    save_weights(folder, painter.state_dict(), config, card, ["gan.vae"])


def load_painter(path: Path) -> VaePainter:
    """Read what `save_painter` wrote, ready to draw.

    Raises:
        CheckpointError: damaged, tampered with, or another architecture.
    """
    facts, tensors = load_weights(path)
    try:
        painter = VaePainter(read_vae_config(facts))
        painter.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: no checkpoint of a VAE; take one made by studio_gan.fit_vae", path=path
        ) from error
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise CheckpointError("{path}: the weights are not finite; train anew", path=path)
    return arrange(painter.eval().requires_grad_(False))
