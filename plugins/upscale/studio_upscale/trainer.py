"""Learning: seeded, resumable, and the same on every run of one machine."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio_upscale.network import NetworkConfig, ResidualNet, build_network
from studio_upscale.optimise import Muon

Bytes = npt.NDArray[np.uint8]
Draw = Callable[[int, int, int], tuple[Bytes, Bytes]]
"""(seed, step, count) -> low and high patches, uint8 (N, P, P, 3)."""
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
    """

    steps: int = 2000
    batch: int = 16
    rate: float = 2e-3
    warmup: int = 50
    decay: float = 0.6
    ema: float = 0.995
    seed: int = 0


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
        self._optimiser = Muon(self.network.parameters(), lr=config.rate)

    def load_weights(self, network: ResidualNet) -> None:
        """Start from the weights of another net of the same config."""
        self.network.load_state_dict(network.state_dict())
        self.average.load_state_dict(network.state_dict())

    def advance(self) -> float:
        """Take one step; returns the loss."""
        low, high = self._draw(self.config.seed, self.step, self.config.batch)
        for group in self._optimiser.param_groups:
            group["lr"] = get_rate(self.config, self.step)
        self._optimiser.zero_grad(set_to_none=True)
        loss = charbonnier(self.network(to_tensor(low)), to_tensor(high))
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Write all that resuming needs; the file is there whole or not at all."""
        state = {
            "step": self.step,
            "config": asdict(self.config),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        draft = path.with_name(f"{path.name}.part")
        torch.save(state, draft)
        draft.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` left off; with the same config the result is bit-equal."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])

    def _follow(self) -> None:
        # A young average would remember the random start.
        keep = min(self.config.ema, self.step / (self.step + 10))
        new = self.network.state_dict()
        for name, value in self.average.state_dict().items():
            value.lerp_(new[name], 1 - keep)


def get_rate(config: TrainConfig, step: int) -> float:
    """Return the learning rate of a step: a ramp, a plateau, and a cosine down."""
    ramp = min(1.0, (step + 1) / max(1, config.warmup))
    first = config.steps * (1 - config.decay)
    fall = min(1.0, max(0.0, (step - first) / max(1.0, config.steps - first)))
    return config.rate * ramp * max(0.01, (1 + math.cos(math.pi * fall)) / 2)


def charbonnier(made: Tensor, true: Tensor) -> Tensor:
    """Mean absolute error, smooth at zero."""
    return torch.sqrt((made - true).square() + SOFT**2).mean()


def to_tensor(pictures: Bytes) -> Tensor:
    """Turn uint8 (N, H, W, 3) into float (N, 3, H, W) in 0..1, channels last in memory."""
    values = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2)
    return values.to(torch.float32).div_(255)
