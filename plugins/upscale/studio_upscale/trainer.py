"""Learning: seeded, resumable, and the same on every run of one machine."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.errors import CheckpointError
from studio_upscale.corpus import Corpus
from studio_upscale.network import LUMA, EnlargingNet, NetworkConfig, build_network
from studio_upscale.optimise import Muon, follow, get_keep

Bytes = npt.NDArray[np.uint8]
Draw = Callable[[int, int, int], tuple[Bytes, Bytes]]
"""(seed, step, count) -> low and high patches, uint8 (N, P, P, 3)."""
COLOUR_SHARE: Final = 0.01
"""Of the Charbonnier loss beside squared luma, whose pull on an error of 0.03 is six times that."""
RIM: Final = 8
"""Of a large patch, not counted in squared luma, pixels."""
SOFT: Final = 1e-3
"""Of the Charbonnier loss: below this an error counts by its square, in 0..1."""


@dataclass(frozen=True)
class TrainConfig:
    """How to learn.

    Attributes:
        batch: patches in a step.
        rate: learning rate.
        warmup: steps until it is reached.
        decay: share of the steps, at the end, over which it falls to nothing along a cosine.
        ema: weight of the past in the running average of the weights, which is what is kept.
        loss: "charbonnier" for all colours alike; "luma", the squared error of luma with a little
            of the other, for a last phase: it is what PSNR of luma measures.
    """

    steps: int = 2000
    batch: int = 16
    rate: float = 2e-3
    warmup: int = 50
    decay: float = 0.6
    ema: float = 0.995
    seed: int = 0
    loss: Literal["charbonnier", "luma"] = "charbonnier"


class Trainer:
    """A net, its optimiser and its running average, and where it stands.

    Attributes:
        step: steps taken.
        network: as it learns.
        average: running average of its weights.
    """

    def __init__(self, network: NetworkConfig, config: TrainConfig, draw: Draw) -> None:
        self.config = config
        self.step = 0
        self.network = build_network(network, config.seed)
        self.average = build_network(network, config.seed).requires_grad_(False)
        self._draw = draw
        self._optimiser = Muon(self.network.parameters())

    def restart(self, network: EnlargingNet) -> None:
        """Start anew from the weights of another net of the same config."""
        self.network.load_state_dict(network.state_dict())
        self.average.load_state_dict(network.state_dict())
        self._optimiser = Muon(self.network.parameters())
        self.step = 0

    def advance(self) -> float:
        """Take one step; returns the loss."""
        low, high = self._draw(self.config.seed, self.step, self.config.batch)
        compare = get_luma_loss if self.config.loss == "luma" else charbonnier
        loss = compare(self.network(to_tensor(low)), to_tensor(high))
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step(get_rate(self.config, self.step))
        self.step += 1
        follow(self.average, self.network, get_keep(self.config.ema, self.step))
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write all that resuming needs; the file is there whole or not at all."""
        draft = path.with_name(f"{path.name}.part")
        tensors = {name: value.contiguous() for name, value in self._collect().items()}
        save_file(tensors, draft, metadata={"step": str(self.step)})
        draft.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` left off; with the same config the result is bit-equal.

        Raises:
            CheckpointError: damaged, or of another net.
        """
        try:
            with safe_open(path, framework="pt") as file:
                step = int(file.metadata()["step"])
            saved = load_file(path)
            with torch.no_grad():
                for name, value in self._collect().items():
                    value.copy_(saved[name])
        except (OSError, SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
            raise CheckpointError(
                "{path}: no training of this net can go on from it; start anew", path=path
            ) from error
        self.step = step
        self._optimiser.set_step(step)

    def _collect(self) -> dict[str, Tensor]:
        """All tensors that change in training, by name."""
        tensors = {f"network.{n}": v for n, v in self.network.state_dict().items()}
        tensors |= {f"average.{n}": v for n, v in self.average.state_dict().items()}
        return tensors | self._optimiser.collect(self.network)


def to_training(
    params: Any, seed: int, corpus: Corpus, network: NetworkConfig | None = None
) -> Trainer:
    """Build a trainer from the params of `upscale.train`.

    Args:
        params: of the generator.
        seed: decides weights and patches.
        corpus: to learn from.
        network: sizes, where they come with the weights to start from.
    """
    sizes = network or NetworkConfig(
        params.channels, params.blocks, params.scale, fold=2 if params.scale == 1 else 1
    )
    config = TrainConfig(
        steps=params.steps,
        batch=params.batch,
        rate=params.rate,
        warmup=min(50, params.steps // 4),
        ema=0.998,
        seed=seed,
    )
    return Trainer(sizes, config, corpus.draw)


def get_rate(config: TrainConfig, step: int) -> float:
    """Return the learning rate of a step: a ramp, a plateau, and a cosine down."""
    ramp = min(1.0, (step + 1) / max(1, config.warmup))
    first = config.steps * (1 - config.decay)
    fall = min(1.0, max(0.0, (step - first) / max(1.0, config.steps - first)))
    return config.rate * ramp * max(0.01, (1 + math.cos(math.pi * fall)) / 2)


def get_luma_loss(made: Tensor, true: Tensor) -> Tensor:
    """Squared error of luma, and a little of every colour's error."""
    weights = made.new_tensor(LUMA)[:, None, None]
    # Near the border of a patch the net guesses what lies beyond; in a picture it need not.
    inner = (..., slice(RIM, -RIM), slice(RIM, -RIM))
    error = ((made - true)[inner] * weights).sum(1).square().mean()
    return error + COLOUR_SHARE * charbonnier(made, true)


def charbonnier(made: Tensor, true: Tensor) -> Tensor:
    """Mean absolute error, smooth at zero."""
    return torch.sqrt((made - true).square() + SOFT**2).mean()


def to_tensor(pictures: Bytes) -> Tensor:
    """Turn uint8 (N, H, W, 3) into float (N, 3, H, W) in 0..1, channels last in memory."""
    values = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
    return values.to(torch.float32).div_(255)
