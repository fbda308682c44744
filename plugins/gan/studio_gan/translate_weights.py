"""Trained translators as a checkpoint folder."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio_training import load_weights, save_weights
from torch import nn

from studio.errors import CheckpointError
from studio_gan.translator import TranslatorConfig, build_translators, read_translator_config


def save_translators(
    nets: nn.Module, config: TranslatorConfig, folder: Path, facts: Mapping[str, Any], card: str
) -> None:
    """Write weights (fp16), config with `facts`, and the card."""
    uses = ["gan.translate", "gan.translate_train"]
    save_weights(folder, nets.state_dict(), {**asdict(config), **facts}, card, uses)


def load_translators(path: Path) -> tuple[nn.ModuleDict, TranslatorConfig]:
    """Read what `save_translators` wrote, ready to translate.

    Raises:
        CheckpointError: damaged, tampered with, or another architecture.
    """
    facts, tensors = load_weights(path)
    try:
        config = read_translator_config(facts)
        nets = build_translators(config)
        nets.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: no checkpoint of translations; take one made by gan.translate_train",
            path=path,
        ) from error
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise CheckpointError("{path}: the weights are not finite; train anew", path=path)
    nets.eval().requires_grad_(False)
    return nets, config
