"""Learning to be crisp: a critic of patches, L1, and the distribution of small patches.

After SRGAN (arXiv 1609.04802) with ESRGAN's relativistic loss (arXiv 1809.00219); in place of VGG's
features, which nobody can ship, the sliced Wasserstein distance of patches at three sizes.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
from studio_training import follow, load_state, save_state
from torch import Tensor, nn
from torch.nn.functional import (
    avg_pool2d,
    interpolate,
    leaky_relu,
    pad,
    pixel_unshuffle,
    softplus,
    unfold,
)
from torch.nn.utils.parametrizations import spectral_norm

from studio_upscale.equivariance import keep_symmetric
from studio_upscale.network import EnlargingNet, arrange, make_network
from studio_upscale.trainer import Draw, charbonnier, to_tensor

SLOPE: Final = 0.2
DIRECTIONS: Final = 48
PATCH: Final = 5
LEVELS: Final = 3
PHASE_WINDOW: Final = 8
"""Small pixels over whose square a pattern is looked for."""
GROWN: Final = 1_000_000
"""Steps the running average counts as behind it: its start is good, and is not to be forgotten."""


@dataclass(frozen=True)
class SharpConfig:
    """How to learn.

    Attributes:
        rate: of the net; the critic learns `critic_rate`.
        pixel, texture, critic: weights of the three losses.
        low: weight of staying true when shrunk again.
        phase: weight of no pattern that repeats with every pixel of the small picture.
    """

    steps: int = 1000
    batch: int = 8
    rate: float = 2e-4
    critic_rate: float = 4e-4
    pixel: float = 0.3
    texture: float = 1.0
    critic: float = 5e-3
    low: float = 1.0
    phase: float = 1.0
    ema: float = 0.99
    seed: int = 0


class Critic(nn.Module):
    """Judges every patch of (N, 3, H, W): positive is real."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        sizes = (3, width, 2 * width, 4 * width, 4 * width)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, b, 4 if i < 3 else 3, 2 if i < 3 else 1, 1))
            for i, (a, b) in enumerate(pairwise(sizes))
        )
        self.last = spectral_norm(nn.Conv2d(sizes[-1], 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, 1, H / 8, W / 8)."""
        for layer in self.layers:
            x = leaky_relu(layer(x), SLOPE)
        judged: Tensor = self.last(x)
        return judged


def compare_textures(made: Tensor, true: Tensor, draw: torch.Generator) -> Tensor:
    """Sliced Wasserstein distance of each picture's patches, over halved sizes; () scalar.

    The distribution of patches is compared, not their places: detail of the right kind is right.
    """
    total = made.new_zeros(())
    for level in range(LEVELS):
        if level:
            made, true = avg_pool2d(made, 2), avg_pool2d(true, 2)
        count = made.shape[1] * PATCH**2
        directions = torch.randn(DIRECTIONS, count, generator=draw)
        directions -= directions.mean(1, keepdim=True)
        directions /= directions.norm(dim=1, keepdim=True)
        first, second = (
            (directions @ unfold(picture, PATCH, stride=2)).sort(dim=2).values
            for picture in (made, true)
        )
        total = total + (first - second).abs().mean()
    return total / LEVELS


def compare_phases(made: Tensor, true: Tensor, scale: int) -> Tensor:
    """How differently gradients depend on the place within a small pixel; () scalar.

    Where they depend on it in the made picture alone, edges are dotted lines.
    """
    profiles = []
    for picture in (made, true):
        luma = picture.mean(1, keepdim=True)
        steps = (luma[..., 1:, 1:] - luma[..., :-1, 1:]).abs()
        steps = steps + (luma[..., 1:, 1:] - luma[..., 1:, :-1]).abs()
        whole = pad(steps, (1, 0, 1, 0), mode="replicate")
        phases = avg_pool2d(pixel_unshuffle(whole, scale), PHASE_WINDOW)
        profiles.append(phases - phases.mean(1, keepdim=True))
    return (profiles[0] - profiles[1]).abs().mean()


class SharpTrainer:
    """Trains a net on against a critic, from weights that are good already.

    Attributes:
        step: steps taken.
        average: running average of the net, which is what is kept.
    """

    def __init__(self, network: EnlargingNet, config: SharpConfig, draw: Draw) -> None:
        self.config = config
        self.step = 0
        self.network = network
        self.average = arrange(make_network(network.config))
        self.average.load_state_dict(network.state_dict())
        self.average.requires_grad_(False)
        network.requires_grad_(True).train()
        keep_symmetric(network, network.config.layers)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.critic = arrange(Critic())
        self._draw = draw
        self._optimiser = torch.optim.Adam(network.parameters(), config.rate, (0.9, 0.99))
        self._judge = torch.optim.Adam(self.critic.parameters(), config.critic_rate, (0.5, 0.99))

    def advance(self) -> dict[str, float]:
        """Take one step of both; returns the losses by name."""
        config = self.config
        low_bytes, high_bytes = self._draw(config.seed, self.step, config.batch)
        low, true = to_tensor(low_bytes), to_tensor(high_bytes)
        chance = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        made = self.network(low)
        self.critic.requires_grad_(False)
        real, fake = self.critic(true), self.critic(made)
        losses = {
            "pixel": charbonnier(made, true),
            "texture": compare_textures(made, true, chance),
            "critic": _relate(fake, real),
            "low": charbonnier(_shrink(made, low), low),
            "phase": compare_phases(made, true, self.network.config.scale),
        }
        weighted = [getattr(config, name) * loss for name, loss in losses.items()]
        self._optimiser.zero_grad(set_to_none=True)
        torch.stack(weighted).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        losses["judge"] = self._teach_critic(made.detach(), true)
        self.step += 1
        follow(self.average, self.network, config.ema, GROWN + self.step)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def save(self, path: Path) -> None:
        """Write all that resuming needs, the critic too."""
        save_state(path, self._get_parts(), {"step": self.step, "config": asdict(self.config)})

    def load(self, path: Path) -> None:
        """Go on where `save` left off; with the same config the result is bit-equal.

        Raises:
            CheckpointError: damaged, or of another net.
        """
        self.step = int(load_state(path, self._get_parts())["step"])

    def _get_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        nets = {"network": self.network, "average": self.average, "critic": self.critic}
        return {**nets, "optimiser": self._optimiser, "judge": self._judge}

    def _teach_critic(self, made: Tensor, true: Tensor) -> Tensor:
        self.critic.requires_grad_(True)
        real, fake = self.critic(true), self.critic(made)
        loss = _relate(real, fake)
        self._judge.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._judge.step()
        return loss


def _relate(higher: Tensor, lower: Tensor) -> Tensor:
    """Relativistic loss: each should be on its side of the other's mean."""
    return (softplus(lower.mean() - higher).mean() + softplus(lower - higher.mean()).mean()) / 2


def _shrink(made: Tensor, low: Tensor) -> Tensor:
    return interpolate(made, low.shape[2:], mode="bicubic", antialias=True)
