"""The game: critic and generator take turns; seeded, resumable, the same on every run."""

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from studio_training import (
    DivergedError,
    Settings,
    follow,
    get_rate,
    load_state,
    mix_seed,
    save_state,
)
from studio_training.torus import arrange
from torch import Tensor, nn

from studio_gan.augment import Augment, augment
from studio_gan.config import COLOURS, GanConfig
from studio_gan.critic import Critic
from studio_gan.generators import DrawingNet, build_generator
from studio_gan.losses import (
    Loss,
    get_critic_loss,
    get_generator_loss,
    get_gradient_penalty,
    get_r1,
)
from studio_gan.statistics import compare_patches, measure_cells

Draw = Callable[[torch.Generator, int], tuple[Tensor, Tensor]]
"""(rng, count) -> pictures (N, C, S, S) in -1..1 and their kinds (N,)."""
R1_EVERY = 8
"""Steps between two penalties on slopes, each so many times as heavy (lazy regularisation)."""


@dataclass(frozen=True)
class Rules:
    """Of the game.

    Attributes:
        loss: what either half wants.
        r1: weight of the penalty on slopes at real pictures; not used by "wgan-gp", whose own
            has the weight 10.
        rounds: turns of the critic to one of the generator.
        critic_rate: learning rate of the critic over the generator's.
        augment: what both see pictures through.
        likeness: weight of the difference between the statistics of latents drawn and those
            told, where they are told.
        paired: weight of the difference from the latents whose joints are told, as in pix2pix
            (arXiv 1611.07004): a critic alone takes long to mind where they go.
    """

    loss: Loss = "hinge"
    r1: float = 1.0
    rounds: int = 1
    critic_rate: float = 2.0
    augment: Augment = "full"
    likeness: float = 4.0
    paired: float = 3.0


class GanLearner:
    """Both nets, their optimisers, and the running average of the generator.

    Attributes:
        step: turns of the generator so far.
        average: draws; what is kept.
    """

    def __init__(self, config: GanConfig, settings: Settings, rules: Rules, draw: Draw) -> None:
        self.config, self.settings, self.rules = config, settings, rules
        self.step = 0
        self._draw = draw
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.generator = build_generator(config)
            self.critic = arrange(Critic(config))
        self.generator.train()
        self.critic.train()
        self.average = deepcopy(self.generator)
        self.average.eval().requires_grad_(False)
        self._optimisers = {
            "generator": _build_adam(self.generator, settings.rate),
            "critic": _build_adam(self.critic, settings.rate * rules.critic_rate),
        }

    def restart(self, generator: DrawingNet) -> None:
        """Start anew, at step 0, from another generator of the same sizes."""
        for net in (self.generator, self.average):
            net.load_state_dict(generator.state_dict())
        self.step = 0

    def advance(self) -> dict[str, float]:
        """Let the critic take its turns, then the generator one.

        Returns:
            the losses, and mean scores of real and drawn pictures: a gap that only grows means
            that the critic knows the examples by heart.

        Raises:
            DivergedError: a loss is not finite; that turn was not taken.
        """
        seed = mix_seed(self.settings.seed, self.step)
        rng = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for _ in range(self.rules.rounds):
                figures = self._teach_critic(rng)
            figures |= self._teach_generator(rng)
        self.step += 1
        follow(self.average, self.generator, self.settings.ema, self.step)
        return figures

    def save(self, path: Path) -> None:
        """Write all that resuming needs."""
        facts = {
            "step": self.step,
            "config": asdict(self.config),
            "settings": asdict(self.settings),
            "rules": asdict(self.rules),
        }
        save_state(path, self._get_parts(), facts)

    def load(self, path: Path) -> None:
        """Go on where `save` left off, bit-equal.

        Raises:
            CheckpointError: damaged, or of other nets.
        """
        self.step = int(load_state(path, self._get_parts())["step"])

    def _get_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        nets = {"generator": self.generator, "critic": self.critic, "average": self.average}
        return {**nets, **{f"optimiser-{name}": part for name, part in self._optimisers.items()}}

    def _teach_critic(self, rng: torch.Generator) -> dict[str, float]:
        real, kinds = self._draw(rng, self.settings.batch)
        with torch.no_grad():
            fake = self._make(real, kinds)
        real, fake = self._augment(real), self._augment(fake)
        # One batch of each: the spread over the batch is one of the things it looks at.
        real_score, fake_score = self.critic(real, kinds), self.critic(fake, kinds)
        loss = get_critic_loss(self.rules.loss, real_score, fake_score)
        if self.rules.loss == "wgan-gp":
            shares = torch.rand(len(real))
            loss = loss + 10 * get_gradient_penalty(self.critic, real, fake, kinds, shares)
        elif self.rules.r1 and self.step % R1_EVERY == 0:
            loss = loss + self.rules.r1 * R1_EVERY * get_r1(self.critic, real, kinds)
        self._take_step("critic", self.critic, loss)
        return {
            "critic": float(loss.detach()),
            "real": float(real_score.detach().mean()),
            "drawn": float(fake_score.detach().mean()),
        }

    def _teach_generator(self, rng: torch.Generator) -> dict[str, float]:
        real, kinds = self._draw(rng, self.settings.batch)
        self.critic.requires_grad_(False)
        fake = self._make(real, kinds)
        loss = get_generator_loss(self.rules.loss, self.critic(self._augment(fake), kinds))
        figures = {"loss": float(loss.detach())}
        if self.config.autoencoder:
            error = _compare(fake, real, self.config)
            loss = loss + self.rules.likeness * error
            figures["error"] = float(error.detach())
            if self.config.joints:
                loss = loss + self.rules.paired * _compare_laid(fake, real, self.config.colours)
        self.critic.requires_grad_(True)
        self._take_step("generator", self.generator, loss)
        return figures

    def _make(self, real: Tensor, kinds: Tensor) -> Tensor:
        """Draw with the net that learns; where facts are told, those of real ones."""
        count, first = len(kinds), self.config.first
        weights = nn.functional.one_hot(kinds, max(1, len(self.config.classes))).float()
        stylist = self.generator.get_stylist()
        plan = real[:, self.config.colours + self.config.facts :]
        facts = real[:, self.config.colours : self.config.colours + self.config.facts, 0, 0]
        style = stylist(torch.cat([torch.randn(count, self.config.latent), facts], 1), weights)
        stylist.follow(style.detach(), weights)
        noise = torch.randn(count, self.config.noise, first, first)
        picture: Tensor = self.generator(noise, style, plan)
        return picture

    def _augment(self, pictures: Tensor) -> Tensor:
        return augment(pictures, self.rules.augment, self.config.is_torus)

    def _take_step(self, name: str, net: nn.Module, loss: Tensor) -> None:
        optimiser = self._optimisers[name]
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(net.parameters(), self.settings.clip or math.inf)
        if not math.isfinite(float(loss.detach())) or not math.isfinite(float(norm)):
            optimiser.zero_grad()
            raise DivergedError(
                "the loss of the {name} was not finite at step {step}; lower the learning rate",
                name=name,
                step=self.step,
            )
        share = self.rules.critic_rate if name == "critic" else 1.0
        for group in optimiser.param_groups:
            group["lr"] = get_rate(self.settings, self.step) * share
        optimiser.step()
        optimiser.zero_grad()


def _compare(drawn: Tensor, real: Tensor, config: GanConfig) -> Tensor:
    """Return how far latents are, in their statistics, from the real ones told of."""
    count = config.colours
    told = real[:, count + COLOURS : count + config.facts, 0, 0]
    error = (measure_cells(drawn[:, :count]) - told).abs().mean()
    return error + compare_patches(drawn[:, :count], real[:, :count])


def _compare_laid(drawn: Tensor, real: Tensor, count: int) -> Tensor:
    """Return the mean difference of latents, over pictures whose joints are told."""
    told = (real[:, -1:] > 0).float()
    error = (drawn[:, :count] - real[:, :count]).abs() * told
    return error.sum() / (count * told.sum()).clamp_min(1.0)


def _build_adam(net: nn.Module, rate: float) -> torch.optim.Optimizer:
    # Without momentum, as the papers since WGAN-GP do: the game turns round faster than it knows.
    return torch.optim.Adam(net.parameters(), lr=rate, betas=(0.0, 0.99))
