"""Learning with one net: seeded, resumable, and the same on every run of one machine."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.errors import StudioError
from studio_training.settings import Settings, get_rate
from studio_training.state import load_state, save_state

LossFunction = Callable[[nn.Module, torch.Generator], Mapping[str, Tensor]]
"""(net, rng on the CPU) -> {"loss": scalar, and more figures}; draws its own batch from `rng`."""
BuildOptimiser = Callable[[nn.Module, Settings], torch.optim.Optimizer]
"""(net, settings) -> optimiser; its rate is set before every step."""


class DivergedError(StudioError):
    """A loss was not finite; the weights are those before that step."""


class Trainer:
    """A net, its optimiser (AdamW unless another is named), and the running average of its weights.

    Every step seeds torch with (seed, step): a training that was interrupted goes on bit-equal on
    the CPU, dropout and all, and there is no state of a random generator to keep.

    Attributes:
        step: steps taken.
        network: as it learns.
        average: running average of its weights; the net itself if `settings.ema` is 0.
    """

    def __init__(
        self,
        build: Callable[[], nn.Module],
        settings: Settings,
        compute_loss: LossFunction,
        device: str = "cpu",
        optimise: BuildOptimiser | None = None,
    ) -> None:
        """Build the net.

        Args:
            build: makes the net; called under the seed.
            settings: how to learn.
            compute_loss: of one step.
            device: where.
            optimise: builds another optimiser than AdamW.
        """
        self.settings = settings
        self.device = device
        self.step = 0
        self._compute_loss = compute_loss
        self._optimise = optimise or build_optimiser
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = build().to(device).train()
            self.average = build().to(device).eval() if settings.ema else self.network
        self.restart(self.network.state_dict())

    def restart(self, weights: Mapping[str, Tensor]) -> None:
        """Start anew, at step 0, from given weights of the same net."""
        self.network.load_state_dict(dict(weights))
        if self.average is not self.network:
            self.average.load_state_dict(dict(weights))
            self.average.requires_grad_(False)
        self._optimiser = self._optimise(self.network, self.settings)
        self.step = 0

    def adopt(self, weights: Mapping[str, Tensor]) -> int:
        """Start anew from what fits of other weights, by name and shape; returns how many do."""
        own = self.network.state_dict()
        taken = {n: v for n, v in weights.items() if n in own and v.shape == own[n].shape}
        self.restart({**own, **taken})
        return len(taken)

    def advance(self) -> dict[str, float]:
        """Take one step; returns the figures of `compute_loss`.

        Raises:
            DivergedError: the loss or its gradient is not finite; nothing was changed.
        """
        seed = mix_seed(self.settings.seed, self.step)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            with self._cast():
                losses = self._compute_loss(self.network, torch.Generator().manual_seed(seed))
            loss = losses["loss"]
            loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(
            self.network.parameters(), self.settings.clip or float("inf")
        )
        figures = {name: float(value.detach()) for name, value in losses.items()}
        if not math.isfinite(figures["loss"]) or not math.isfinite(float(norm)):
            self._optimiser.zero_grad()
            raise DivergedError(
                "the loss was not finite at step {step}; lower the learning rate", step=self.step
            )
        for group in self._optimiser.param_groups:
            group["lr"] = get_rate(self.settings, self.step)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.step += 1
        self._follow()
        return figures

    def save(self, path: Path) -> None:
        """Write all that resuming needs; the file is there whole or not at all."""
        save_state(path, self._get_parts(), {"step": self.step, "settings": asdict(self.settings)})

    def load(self, path: Path) -> None:
        """Go on where `save` left off; with the same settings the result is bit-equal.

        Raises:
            CheckpointError: damaged, or of another net.
        """
        self.step = int(load_state(path, self._get_parts())["step"])

    def _get_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        own: dict[str, nn.Module | torch.optim.Optimizer] = {
            "network": self.network,
            "optimiser": self._optimiser,
        }
        return own if self.average is self.network else {**own, "average": self.average}

    def _cast(self) -> AbstractContextManager[object]:
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, torch.bfloat16)

    def _follow(self) -> None:
        if self.average is not self.network:
            follow(self.average, self.network, self.settings.ema, self.step)


def build_optimiser(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Build AdamW; biases, gains and embeddings of one dimension do not decay."""
    wide = [weight for weight in network.parameters() if weight.ndim >= 2]
    flat = [weight for weight in network.parameters() if weight.ndim < 2]
    groups = [
        {"params": wide, "weight_decay": settings.weight_decay},
        {"params": flat, "weight_decay": 0.0},
    ]
    # Not fused: its sums may come in another order, and a resumed training would differ.
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=settings.rate, betas=settings.betas
    )


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, ema: float, step: int) -> None:
    """Move the running average towards the net; counters and the like are copied.

    Args:
        average: changed in place.
        network: of the same shape.
        ema: weight of the past.
        step: steps taken; a young average remembers little, or it would keep the random start.
    """
    keep = min(ema, step / (step + 10))
    new = network.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(new[name].to(value.dtype), 1 - keep)
        else:
            value.copy_(new[name])


def mix_seed(seed: int, step: int) -> int:
    """Mix two numbers into a seed of 63 bits (the finaliser of SplitMix64)."""
    mask = (1 << 64) - 1
    value = (seed * 0x9E3779B97F4A7C15 + step + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return (value ^ (value >> 31)) & ((1 << 63) - 1)
