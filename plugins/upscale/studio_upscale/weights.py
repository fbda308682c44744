"""A net as files: `model.safetensors` in half precision, and `config.json`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, get_args

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from studio.errors import CheckpointError
from studio_upscale.equivariance import TURNS, pack, unpack
from studio_upscale.network import (
    Architecture,
    EnlargingNet,
    Net,
    NetworkConfig,
    arrange,
    make_network,
)

WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "config.json"
CARD: Final = "README.md"
MAX_CHANNELS: Final = 512
MAX_BLOCKS: Final = 64
MAX_SCALE: Final = 8
MAX_FOLD: Final = 4


def save_network(network: EnlargingNet, folder: Path, facts: Mapping[str, Any], card: str) -> None:
    """Write weights as fp16 (0.000 dB lost), config with `facts`, and the model card."""
    uses = "upscale.srgan" if network.config.scale > 1 else "restore.denoise,restore.deblock"
    weights = network.state_dict()
    if network.config.equivariant:
        weights = pack(weights, network.config.layers)
    save_weights(weights, folder, {**asdict(network.config), **facts}, card, uses)


def load_network(folder: Path) -> EnlargingNet:
    """Read what `save_network` wrote, as fp32 for inference.

    Raises:
        CheckpointError: another architecture, damaged, or not whole.
    """
    folder = folder if folder.is_dir() else folder.parent
    config = _load_config(folder)
    network = make_network(config)
    try:
        weights = load_file(folder / WEIGHTS)
        if config.equivariant:
            weights = unpack(weights, network.state_dict(), config.layers)
        network.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: the weights do not fit {config}; take the files of one training together",
            path=folder / WEIGHTS,
            config=CONFIG,
        ) from error
    return arrange(network).eval().requires_grad_(False)


def save_files(
    network: nn.Module, folder: Path, config: Mapping[str, Any], card: str, uses: str
) -> None:
    """Write weights as fp16, config and model card; `uses`: ids of generators, with commas."""
    save_weights(network.state_dict(), folder, config, card, uses)


def save_weights(
    weights: Mapping[str, Tensor], folder: Path, config: Mapping[str, Any], card: str, uses: str
) -> None:
    """Do the same with weights that are not all of a net."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {n: v.detach().half().contiguous() for n, v in weights.items()}
    # One entry only: safetensors writes several in any order, and files should be the same.
    save_file(half, folder / WEIGHTS, metadata={"studio.generators": uses})
    (folder / WEIGHTS).chmod(0o644)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")


def load_files(
    folder: Path, architecture: str, build: Callable[[Mapping[str, Any]], Net], generator: str
) -> Net:
    """Read what `save_files` wrote of one architecture, as fp32 for inference.

    Args:
        folder: as given to `save_files`.
        architecture: as it stands in the config.
        build: makes the net from the config.
        generator: whose weights these have to be.

    Raises:
        CheckpointError: another architecture, damaged, or not whole.
    """
    folder = folder if folder.is_dir() else folder.parent
    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if facts["architecture"] != architecture:
            raise ValueError(facts["architecture"])
        channels, blocks = int(facts["channels"]), int(facts.get("blocks", 1))
        if not (1 <= channels <= MAX_CHANNELS and 1 <= blocks <= MAX_BLOCKS):
            raise ValueError(f"{channels} channels, {blocks} blocks")
        network = build(facts)
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(
            "{path}: no weights of {id}, or damaged", path=folder, id=generator
        ) from error
    return arrange(network).eval().requires_grad_(False)


def load_facts(folder: Path) -> dict[str, Any]:
    """Read all of `config.json`; {} if there is none."""
    folder = folder if folder.is_dir() else folder.parent
    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _load_config(folder: Path) -> NetworkConfig:
    facts = load_facts(folder)
    try:
        config = NetworkConfig(
            channels=int(facts["channels"]),
            blocks=int(facts["blocks"]),
            scale=int(facts["scale"]),
            colours=int(facts["colours"]),
            fold=int(facts.get("fold", 1)),
            architecture=facts["architecture"],
            equivariant=facts.get("equivariant") is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "{path}: no checkpoint of upscale.srgan; other architectures run in upscale.community",
            path=folder,
        ) from error
    if config.architecture not in get_args(Architecture):
        raise CheckpointError(
            "{path}: the architecture {name} is not known here; other people's run in "
            "upscale.community",
            path=folder,
            name=config.architecture,
        )
    _check_sizes(config, folder)
    return config


def _check_sizes(config: NetworkConfig, folder: Path) -> None:
    limits = (MAX_CHANNELS, MAX_BLOCKS, MAX_SCALE, MAX_FOLD)
    sizes = (config.channels, config.blocks, config.scale, config.fold)
    fits = all(1 <= size <= most for size, most in zip(sizes, limits, strict=True))
    is_other = config.channels % TURNS or config.architecture != "studio-residual"
    is_odd = config.equivariant and is_other
    if config.colours != 3 or not fits or is_odd or (config.fold > 1 and config.scale > 1):
        raise CheckpointError(
            "{path}: sizes in {config} are out of range; it is damaged", path=folder, config=CONFIG
        )
