"""Weights as files: `model.safetensors`, `config.json` and the card `README.md`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.errors import CheckpointError

WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "config.json"
CARD: Final = "README.md"


def save_weights(
    folder: Path,
    tensors: Mapping[str, Tensor],
    config: Mapping[str, Any],
    card: str,
    generators: Sequence[str],
) -> None:
    """Write a checkpoint folder; floating-point tensors become fp16.

    Args:
        folder: made if it is not there.
        tensors: of the net, usually of the running average.
        config: plain JSON that builds the net again, and facts of its training.
        card: Markdown.
        generators: ids that can use it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    half = {
        name: value.detach()
        .to("cpu", torch.float16 if value.is_floating_point() else None)
        .contiguous()
        .clone()
        for name, value in tensors.items()
    }
    # One entry only: safetensors writes several in any order, and files should be the same.
    save_file(half, folder / WEIGHTS, metadata={"studio.generators": ",".join(generators)})
    (folder / WEIGHTS).chmod(0o644)
    (folder / CONFIG).write_text(json.dumps(dict(config), indent=2) + "\n", encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")


def load_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read a checkpoint folder, or the folder of the file given.

    Returns:
        its config, and its tensors, floating-point ones as fp32.

    Raises:
        CheckpointError: a file is missing or damaged.
    """
    folder = path if path.is_dir() else path.parent
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(
            "{path}: no checkpoint, or a damaged one; take {weights} and {config} of one training "
            "together",
            path=folder,
            weights=WEIGHTS,
            config=CONFIG,
        ) from error
    if not isinstance(config, dict):
        raise CheckpointError("{path}: {config} is damaged", path=folder, config=CONFIG)
    return config, {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }
