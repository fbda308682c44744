"""Learning to enlarge: losses and batches, for the trainer of `studio_training`.

A batch depends on the seed and the step alone, so that a training that was stopped goes on
bit-equal to one that was not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from studio_training import Settings, Trainer
from torch import Tensor, nn

from studio_upscale.equivariance import check_symmetric, keep_symmetric
from studio_upscale.network import LUMA, EnlargingNet, NetworkConfig, arrange, make_network
from studio_upscale.optimise import build_muon

Bytes = npt.NDArray[np.uint8]
Draw = Callable[[int, int, int], tuple[Bytes, Bytes]]
"""(seed, step, count) -> low and high patches, uint8 (N, P, P, 3)."""
Compare = Callable[[nn.Module, int], Tensor]
"""(net, step) -> loss, a scalar."""
Loss = Literal["charbonnier", "luma"]
"""Charbonnier for all colours alike; or the squared error of luma with a little of the other."""
COLOUR_SHARE: Final = 0.01
"""Of the Charbonnier loss beside squared luma, whose pull on an error of 0.03 is six times that."""
RIM: Final = 8
"""Of a large patch, not counted in squared luma, pixels."""
SOFT: Final = 1e-3
"""Of the Charbonnier loss: below this an error counts by its square, in 0..1."""
TOLD: Final = ("steps", "batch", "rate", "warmup", "decay", "ema", "precision", "seed")
"""Settings that Muon heeds, and cards name."""


def build_trainer(build: Callable[[], nn.Module], settings: Settings, compare: Compare) -> Trainer:
    """Build a trainer with Muon, whose loss is told the step.

    Args:
        build: makes the net; called under the seed.
        settings: how to learn.
        compare: the loss of a step.
    """

    def compute_loss(network: nn.Module, rng: torch.Generator) -> dict[str, Tensor]:
        return {"loss": compare(network, trainer.step)}

    trainer = Trainer(build, settings, compute_loss, optimise=build_muon)
    return trainer


@dataclass(frozen=True)
class Teaching:
    """Nets whose mean answer stands in for part of the truth (arXiv 1503.02531).

    What several nets agree on is what the small picture tells; the rest each learnt by heart.

    Attributes:
        nets: of the same scale.
        share: of the mean answer in what is to be learnt, 0..1.
    """

    nets: Sequence[EnlargingNet] = ()
    share: float = 0.0

    @torch.no_grad()
    def blend(self, low: Tensor, true: Tensor) -> Tensor:
        """Return what is to be learnt for patches (N, 3, P, P)."""
        if not self.nets:
            return true
        answers = torch.stack([net(low).float() for net in self.nets])
        return torch.lerp(true, answers.mean(0), self.share)


UNTAUGHT: Final = Teaching()


def build_enlarger(
    network: NetworkConfig,
    settings: Settings,
    draw: Draw,
    loss: Loss = "charbonnier",
    teaching: Teaching = UNTAUGHT,
) -> Trainer:
    """Build a trainer of a net that enlarges or mends; `get_net` gives its running average."""
    compare = get_luma_loss if loss == "luma" else charbonnier

    is_checked = False

    def measure(net: nn.Module, step: int) -> Tensor:
        nonlocal is_checked
        if not is_checked:  # with the first step, when what there was to load is loaded
            check_symmetric(net, network.layers)
            is_checked = True
        low, high = draw(settings.seed, step, settings.batch)
        small = to_tensor(low)
        return compare(net(small), teaching.blend(small, to_tensor(high)))

    def build() -> EnlargingNet:
        net = arrange(make_network(network))
        keep_symmetric(net, network.layers)
        return net

    return build_trainer(build, settings, measure)


def get_net(trainer: Trainer) -> EnlargingNet:
    """Return the running average of the net, which is what is kept."""
    assert isinstance(trainer.average, EnlargingNet)
    return trainer.average


def plan_settings(params: Any, seed: int) -> Settings:
    """Turn the params of `upscale.train` into settings."""
    return Settings(
        steps=params.steps,
        batch=params.batch,
        rate=params.rate,
        warmup=min(50, params.steps // 4),
        ema=0.998,
        clip=0,
        seed=seed,
    )


def describe_settings(settings: Settings, **more: Any) -> Mapping[str, Any]:
    """Return what a card says of a training."""
    known = asdict(settings)
    return {**{name: known[name] for name in TOLD}, **more}


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
