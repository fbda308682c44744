"""A trained flow as files, and as what generators hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from studio_training import load_weights, save_weights
from studio_training.autoencoder import Autoencoder, build_autoencoder
from studio_training.likeness import LEVELS, OCTAVES, Likeness
from studio_training.sizes import AutoencoderConfig
from studio_training.torus import arrange
from torch import Tensor

from studio.errors import CheckpointError
from studio_flow.book import FactBook
from studio_flow.enlarger import Enlarger, EnlargerConfig, build_enlarger
from studio_flow.judge import (
    Judge,
    JudgeConfig,
    TextureJudge,
    TextureJudgeConfig,
    build_judge,
)
from studio_flow.network import FlowConfig, FlowNet, list_distilled

TEXTURE, SPRITE, JUDGE = "flow-texture", "flow-sprite", "flow-judge"
BOOK: Final = "book."
NET: Final = "net."
CODEC: Final = "autoencoder."
ENLARGER: Final = "enlarger."
SHORT: Final = "distilled."
DISTILLED: Final = 4
"""Steps of a distilled net."""
REAL: Final = "real."
MOST_WIDTH, MOST_BLOCKS, MOST_LEVELS, MOST_PATCH = 1024, 16, 6, 8
MOST_STATISTICS: Final = 10_000


@dataclass(frozen=True)
class Flow:
    """A net with all it needs to draw.

    Attributes:
        network: in eval mode.
        classes: their names.
        book: facts of each class.
        facts: of the checkpoint: how it was trained; `side` is that of the tiles, pixels.
        autoencoder: whose latents the net draws; None where it draws pixels.
        enlarger: doubles a picture, if there is one.
        distilled: the net for walks of `DISTILLED` steps without guidance, if there is one.
    """

    network: FlowNet
    classes: tuple[str, ...]
    book: FactBook
    facts: Mapping[str, Any]
    autoencoder: Autoencoder | None = None
    enlarger: Enlarger | None = None
    distilled: FlowNet | None = None

    @property
    def side(self) -> int:
        """Of the tiles it learnt from, pixels: the size of features it draws."""
        return int(self.facts.get("side", 128))

    def get_name(self, kind: int) -> str:
        """Return the name of a class number; "any" for the one more."""
        return self.classes[kind] if kind < len(self.classes) else "any"

    def get_class(self, name: str) -> int:
        """Return the number of a class; "any" has one too.

        Raises:
            CheckpointError: it was not learnt.
        """
        if name == "any":
            return len(self.classes)
        if name not in self.classes:
            raise CheckpointError(
                "'{name}' is not among the classes of these weights; they know {known}",
                name=name,
                known=", ".join(self.classes),
            )
        return self.classes.index(name)


def save_flow(folder: Path, flow: Flow, architecture: str, card: str, uses: list[str]) -> None:
    """Write a checkpoint folder of a flow."""
    tensors: dict[str, Tensor] = {
        f"{NET}{name}": value.contiguous() for name, value in flow.network.state_dict().items()
    }
    tensors |= {f"{BOOK}facts": flow.book.facts, f"{BOOK}kinds": flow.book.kinds.to(torch.int16)}
    if flow.book.likeness is not None:
        tensors |= {f"{BOOK}{k}": v.half() for k, v in flow.book.likeness._asdict().items()}
    if flow.distilled is not None:
        state = flow.distilled.state_dict()
        tensors |= {f"{SHORT}{name}": state[name] for name in list_distilled(flow.network)}
    config = {
        "architecture": architecture,
        "network": asdict(flow.network.config),
        "classes": list(flow.classes),
        **flow.facts,
    }
    for prefix, name, part in (
        (CODEC, "autoencoder", flow.autoencoder),
        (ENLARGER, "enlarger", flow.enlarger),
    ):
        if part is not None:
            config[name] = asdict(part.config)
            state = part.state_dict()
            tensors |= {f"{prefix}{key}": value.contiguous() for key, value in state.items()}
    save_weights(folder, tensors, config, card, uses)


def load_flow(path: Path, architecture: str, device: str = "cpu") -> Flow:
    """Read a checkpoint folder of a flow.

    Raises:
        CheckpointError: damaged, or of something else.
    """
    config, tensors = load_weights(path)
    _check_architecture(config, architecture, path)
    try:
        sizes = FlowConfig(**read_sizes(config["network"]))
        _check_sizes(sizes)
        with torch.device("meta"):
            network = FlowNet(sizes)
        network.load_state_dict(_cut(tensors, NET), assign=True)
        book = _cut(tensors, BOOK)
        pages = FactBook(book["facts"], book["kinds"].long(), _read_likeness(book))
        classes = tuple(str(name) for name in config["classes"])
        autoencoder, enlarger = load_parts(config, tensors, device)
        if (autoencoder is None) != (architecture == SPRITE):
            raise ValueError(architecture)
        if autoencoder is not None and not _fits(sizes, autoencoder):
            raise ValueError(sizes)
        if len(classes) != sizes.classes or pages.facts.shape != (len(pages.kinds), sizes.facts):
            raise ValueError(classes)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise build_misfit(path) from error
    network = arrange(network.to(device)).eval().requires_grad_(False)
    distilled = _load_distilled(network, _cut(tensors, SHORT), path)
    own = ("architecture", "network", "classes", "autoencoder", "enlarger")
    known = {k: v for k, v in config.items() if k not in own}
    return Flow(network, classes, pages, known, autoencoder, enlarger, distilled)


def _read_likeness(book: Mapping[str, Tensor]) -> Likeness | None:
    """Read what pictures are like; weights from before it was kept have nothing of it."""
    if "tones" not in book:
        return None
    count = len(book["kinds"])
    likeness = Likeness(book["tones"].float(), book["octaves"].float())
    shapes = (count, 3, len(LEVELS)), (count, 3, OCTAVES)
    if tuple(tuple(part.shape) for part in likeness) != shapes:
        raise ValueError(shapes)
    return likeness


def _load_distilled(network: FlowNet, changed: dict[str, Tensor], path: Path) -> FlowNet | None:
    """Return a net with other weights where there are some; the rest is the same memory."""
    if not changed:
        return None
    state = network.state_dict()
    if {n: v.shape for n, v in changed.items()} != {
        name: state[name].shape for name in list_distilled(network)
    }:
        raise build_misfit(path)
    with torch.device("meta"):
        distilled = FlowNet(network.config)
    # In the layout that the net has: else `arrange` would copy all of it.
    moved = {name: torch.empty_like(state[name]).copy_(value) for name, value in changed.items()}
    distilled.load_state_dict({**state, **moved}, assign=True)
    return distilled.eval().requires_grad_(False)


def build_misfit(path: Path) -> CheckpointError:
    """Build what is said of weights that do not fit their config."""
    return CheckpointError(
        "{path}: the weights do not fit their config; take the files of one training together",
        path=path,
    )


def load_parts(
    config: Mapping[str, Any], tensors: Mapping[str, Tensor], device: str
) -> tuple[Autoencoder | None, Enlarger | None]:
    """Build the autoencoder and the enlarger of a checkpoint, as far as they are in it."""
    autoencoder, enlarger = None, None
    if "autoencoder" in config:
        sizes = AutoencoderConfig(**read_sizes(config["autoencoder"]))
        levels = (*sizes.down, *sizes.up, sizes.latent)
        if max(levels) > MOST_WIDTH or len(levels) > 2 * MOST_LEVELS or sizes.patch > MOST_PATCH:
            raise ValueError(sizes)
        autoencoder = build_autoencoder(sizes)
        autoencoder.load_state_dict(_cut(tensors, CODEC))
        autoencoder = autoencoder.to(device).eval().requires_grad_(False)
    if "enlarger" in config:
        doubling = EnlargerConfig(**read_sizes(config["enlarger"]))
        if doubling.width > MOST_WIDTH or doubling.blocks > MOST_BLOCKS:
            raise ValueError(doubling)
        enlarger = build_enlarger(doubling)
        enlarger.load_state_dict(_cut(tensors, ENLARGER))
        enlarger = enlarger.to(device).eval().requires_grad_(False)
    return autoencoder, enlarger


@dataclass(frozen=True)
class Verdicts:
    """A judge with what it saw of the real pictures.

    Attributes:
        judge: the net.
        classes: their names.
        real: "train" and "held_out" -> features (N, F).
        facts: of the checkpoint; `metrics` has `class_accuracy`, on held-out pictures.
    """

    judge: Judge | TextureJudge
    classes: tuple[str, ...]
    real: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def save_judge(folder: Path, verdicts: Verdicts, card: str) -> None:
    """Write a checkpoint folder of a judge."""
    judge, classes, facts = verdicts.judge, verdicts.classes, verdicts.facts
    tensors = {f"{NET}{name}": value.contiguous() for name, value in judge.state_dict().items()}
    tensors |= {f"{REAL}{name}": value for name, value in verdicts.real.items()}
    config = {
        "architecture": JUDGE,
        "network": asdict(judge.config),
        "classes": list(classes),
        **facts,
    }
    save_weights(folder, tensors, config, card, ["eval.images"])


def load_judge(path: Path, device: str = "cpu") -> Verdicts:
    """Read a judge.

    Raises:
        CheckpointError: damaged, or of something else.
    """
    config, tensors = load_weights(path)
    _check_architecture(config, JUDGE, path)
    try:
        judge = build_judge(_read_judge_sizes(config["network"]))
        judge.load_state_dict(_cut(tensors, NET))
        real = _cut(tensors, REAL)
        if not {"train", "held_out"} <= set(real):
            raise KeyError(REAL)
        float(config["metrics"]["class_accuracy"])
        classes = tuple(str(name) for name in config["classes"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise build_misfit(path) from error
    return Verdicts(judge.to(device).eval().requires_grad_(False), classes, real, config)


def _read_judge_sizes(raw: Mapping[str, Any]) -> JudgeConfig | TextureJudgeConfig:
    if "filters" in raw:
        sizes = TextureJudgeConfig(**raw)
        if max(sizes.statistics, sizes.hidden) > MOST_STATISTICS or sizes.octaves > MOST_LEVELS:
            raise ValueError(sizes)
        return sizes
    plain = JudgeConfig(**read_sizes(raw))
    if max(plain.widths) > MOST_WIDTH or len(plain.widths) > MOST_LEVELS:
        raise ValueError(plain)
    return plain


def read_sizes(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a config read from JSON, whose tuples are lists."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()}


def _check_architecture(config: Mapping[str, Any], wanted: str, path: Path) -> None:
    if config.get("architecture") != wanted:
        raise CheckpointError(
            "{path}: these are weights of {found}, not of {wanted}",
            path=path,
            found=config.get("architecture", "another plugin"),
            wanted=wanted,
        )


def _check_sizes(sizes: FlowConfig) -> None:
    """Refuse sizes that no training here makes: a damaged or hostile config."""
    fits = (
        max(sizes.widths) <= MOST_WIDTH
        and max(sizes.blocks) <= MOST_BLOCKS
        and len(sizes.widths) == len(sizes.blocks) <= MOST_LEVELS
        and 1 <= sizes.patch <= MOST_PATCH
        and 0 <= sizes.joints <= MOST_WIDTH
        and sizes.padding in ("circular", "zeros")
        and sizes.channels in (3, 4)
    )
    if not fits:
        raise ValueError(sizes)


def _fits(sizes: FlowConfig, autoencoder: Autoencoder) -> bool:
    """Tell whether a net draws the latents of an autoencoder."""
    own = autoencoder.config
    return own.latent == sizes.channels and sizes.joints in (0, own.factor)


def _cut(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
