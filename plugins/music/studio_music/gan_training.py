"""Learning the GAN: two steps of the critic to one of the painter, resumable bit for bit."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import torch
from studio_training import (
    DivergedError,
    Settings,
    build_optimiser,
    follow,
    get_rate,
    load_state,
    mix_seed,
    save_state,
)
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import InvalidInputError
from studio_music.melody_data import VOCABULARY
from studio_music.model_gan import Critic, GanConfig, Painter
from studio_music.vae_training import MelodyCorpus

CRITIC_STEPS: Final = 2
SLOPE_WEIGHT: Final = 20.0
"""Of the gradient penalty; it is asked for at the first of the steps only, being half the work."""


class GanLearner:
    """Painter and critic; what `studio_training.learn` asks of a learner.

    Attributes:
        step: steps of the painter.
        network, average: the painter, and its running average.
    """

    def __init__(
        self, corpus: MelodyCorpus, config: GanConfig, settings: Settings, device: str = "cpu"
    ) -> None:
        """Build both nets under the seed.

        Raises:
            InvalidInputError: no two bars of 4/4 to learn from.
        """
        windows = [own for metre, bars, own in corpus.groups if (metre, bars) == (0, 2)]
        if not windows:
            raise InvalidInputError(
                "the GAN learns two bars of 4/4, and there are none; give melodies in 4/4 or 2/4"
            )
        self._windows = windows[0]
        self.settings, self.device, self.step = settings, device, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.network = Painter(config).to(device)
            self.average = Painter(config).to(device).eval().requires_grad_(False)
            self.critic = Critic(config).to(device)
        self.average.load_state_dict(self.network.state_dict())
        quick = replace(settings, betas=(0.0, 0.9))
        self._optimisers = {
            "network": build_optimiser(self.network, quick),
            "critic": build_optimiser(self.critic, quick),
        }

    def advance(self) -> Mapping[str, float]:
        """Take a step of the painter, after some of the critic.

        Raises:
            DivergedError: a loss is not finite.
        """
        with torch.random.fork_rng(devices=[]):
            seed = mix_seed(self.settings.seed, self.step)
            torch.manual_seed(seed)
            rng = torch.Generator().manual_seed(seed)
            slope = self._teach_critic(rng, with_slope=True)[1]
            for _ in range(CRITIC_STEPS - 1):
                gap = self._teach_critic(rng, with_slope=False)[0]
            rating = self.critic(self.network.paint(self._draw_noise())).mean()
            self._move("network", -rating)
        self.step += 1
        follow(self.average, self.network, self.settings.ema, self.step)
        return {"loss": gap, "rating": float(rating.detach()), "slope": slope}

    def save(self, path: Path) -> None:
        """Write all that resuming needs."""
        save_state(path, self._get_parts(), {"step": self.step, "settings": asdict(self.settings)})

    def load(self, path: Path) -> None:
        """Go on where `save` left off.

        Raises:
            CheckpointError: damaged, or of another net.
        """
        self.step = int(load_state(path, self._get_parts())["step"])

    def _teach_critic(self, rng: torch.Generator, with_slope: bool) -> tuple[float, float]:
        places = torch.randint(len(self._windows), (self.settings.batch,), generator=rng)
        real = F.one_hot(self._windows[places], VOCABULARY).float().to(self.device)
        with torch.no_grad():
            made = self.network.paint(self._draw_noise())
        gap = self.critic(made).mean() - self.critic(real).mean()
        penalty, slope = self._measure_slope(real, made) if with_slope else (0.0, 0.0)
        self._move("critic", gap + SLOPE_WEIGHT * penalty)
        return float(gap.detach()), slope

    def _measure_slope(self, real: Tensor, made: Tensor) -> tuple[Tensor, float]:
        share = torch.rand(len(real), 1, 1, device=real.device)
        mixed = (share * real + (1 - share) * made).requires_grad_(True)
        (slope,) = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)
        norm = slope.flatten(1).norm(dim=1)
        return (norm - 1).square().mean(), float(norm.mean().detach())

    def _move(self, name: str, loss: Tensor) -> None:
        if not bool(torch.isfinite(loss)):
            raise DivergedError(
                "the loss was not finite at step {step}; lower the learning rate", step=self.step
            )
        optimiser = self._optimisers[name]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = get_rate(self.settings, self.step)
        optimiser.step()
        optimiser.zero_grad()

    def _draw_noise(self) -> Tensor:
        size = (self.settings.batch, self.network.config.n_latent)
        return torch.randn(size, device=self.device)

    def _get_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "network": self.network,
            "average": self.average,
            "critic": self.critic,
            "network_optimiser": self._optimisers["network"],
            "critic_optimiser": self._optimisers["critic"],
        }
