"""Learning to translate: pix2pix from pairs, CycleGAN without; seeded and resumable."""

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Final

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

from studio_gan.losses import get_critic_loss, get_generator_loss
from studio_gan.pairs import Draw
from studio_gan.translator import Translator, TranslatorConfig, build_critics, build_translators

AHEAD: Final = 2.0
"""Learning rate of critics over the translators', without pairs: a critic that lags behind leads
its translator past the mark, and back, and past it again (two time scales, arXiv 1706.08500)."""


class TranslateLearner:
    """Translators, their critics, their optimisers, and the running average.

    Attributes:
        step: steps so far.
        average: translates; what is kept.
    """

    def __init__(
        self, config: TranslatorConfig, settings: Settings, likeness: float, draw: Draw
    ) -> None:
        """Build the nets.

        Args:
            config: of the nets.
            settings: how to learn.
            likeness: weight of the plain error: to the target of a pair; without pairs, of a
                picture that was sent there and back.
            draw: source of examples.
        """
        self.config, self.settings, self.likeness = config, settings, likeness
        self.step = 0
        self._draw = draw
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.translators = arrange(build_translators(config).train())
            self.critics = arrange(build_critics(config).train())
        self.average = deepcopy(self.translators).eval().requires_grad_(False)
        self._optimisers = {
            name: torch.optim.Adam(part.parameters(), lr=settings.rate, betas=(0.5, 0.99))
            for name, part in (("translators", self.translators), ("critics", self.critics))
        }

    def settle(self, source: Tensor, target: Tensor) -> None:
        """Begin with the colours of either side, pictures (N, C, H, W) in -1..1."""
        for way, (given, wanted) in self._ways(source, target).items():
            for nets in (self.translators, self.average):
                net = nets[way]
                assert isinstance(net, Translator)
                net.settle(given, wanted)

    def restart(self, translators: nn.Module) -> None:
        """Start anew, at step 0, from other translators of the same sizes."""
        for nets in (self.translators, self.average):
            nets.load_state_dict(translators.state_dict())
        self.step = 0

    def advance(self) -> dict[str, float]:
        """Let the translators take a turn, then the critics, on what was made.

        Raises:
            DivergedError: a loss is not finite; that turn was not taken.
        """
        seed = mix_seed(self.settings.seed, self.step)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            rng = torch.Generator().manual_seed(seed)
            source, target = self._draw(rng, self.settings.batch)
            figures, made = self._teach(source, target)
            figures |= self._teach_critics(source, target, made)
        self.step += 1
        follow(self.average, self.translators, self.settings.ema, self.step)
        return figures

    def save(self, path: Path) -> None:
        """Write all that resuming needs."""
        save_state(path, self._get_parts(), {"step": self.step, "config": asdict(self.config)})

    def load(self, path: Path) -> None:
        """Go on where `save` left off, bit-equal.

        Raises:
            CheckpointError: damaged, or of other nets.
        """
        self.step = int(load_state(path, self._get_parts())["step"])

    def _get_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        nets = {"nets": self.translators, "critics": self.critics, "average": self.average}
        return {**nets, **{f"optimiser-{name}": part for name, part in self._optimisers.items()}}

    def _ways(self, source: Tensor, target: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """Name each way: what goes in, and what shall come out."""
        ways = {"there": (source, target)}
        return ways | ({"back": (target, source)} if self.config.mode == "unpaired" else {})

    def _judge(self, way: str, given: Tensor, picture: Tensor) -> Tensor:
        seen = torch.cat([given, picture], 1) if self.config.mode == "paired" else picture
        scores: Tensor = self.critics[way](seen)
        return scores

    def _teach(self, source: Tensor, target: Tensor) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Let the translators take a turn; return figures, and what came out each way."""
        self.critics.requires_grad_(False)
        play = error = torch.zeros(())
        outcome = {}
        for way, (given, wanted) in self._ways(source, target).items():
            made = self.translators[way](given)
            outcome[way] = made.detach()
            play = play + get_generator_loss("hinge", self._judge(way, given, made))
            if self.config.mode == "unpaired":
                other = "back" if way == "there" else "there"
                made, wanted = self.translators[other](made), given
            error = error + (made - wanted).abs().mean()
        loss = play + self.likeness * error
        self.critics.requires_grad_(True)
        self._take_step("translators", self.translators, loss)
        return {"loss": float(loss.detach()), "error": float(error.detach())}, outcome

    def _teach_critics(
        self, source: Tensor, target: Tensor, made: Mapping[str, Tensor]
    ) -> dict[str, float]:
        loss = torch.zeros(())
        for way, (given, wanted) in self._ways(source, target).items():
            real, fake = self._judge(way, given, wanted), self._judge(way, given, made[way])
            loss = loss + get_critic_loss("hinge", real, fake)
        self._take_step("critics", self.critics, loss)
        return {"critic": float(loss.detach())}

    def _take_step(self, name: str, nets: nn.Module, loss: Tensor) -> None:
        optimiser = self._optimisers[name]
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(nets.parameters(), self.settings.clip or math.inf)
        if not math.isfinite(float(loss.detach())) or not math.isfinite(float(norm)):
            optimiser.zero_grad()
            raise DivergedError(
                "the loss of the {name} was not finite at step {step}; lower the learning rate",
                name=name,
                step=self.step,
            )
        is_ahead = name == "critics" and self.config.mode == "unpaired"
        for group in optimiser.param_groups:
            group["lr"] = get_rate(self.settings, self.step) * (AHEAD if is_ahead else 1.0)
        optimiser.step()
        optimiser.zero_grad()


@torch.no_grad()
def measure_translators(
    nets: nn.ModuleDict, held_out: tuple[Tensor, Tensor], is_paired: bool
) -> Mapping[str, float]:
    """Measure on held-out pictures (N, C, S, S) in -1..1.

    Returns:
        for pairs the mean error, 0..1, and that of answering with the mean target; without pairs
        the error of a source sent there and back.
    """
    source, target = held_out
    if not len(source):
        return {}
    made = nets["there"](source)
    if is_paired:
        flat = target.mean((0, 2, 3), keepdim=True)
        error, plain = (made - target).abs().mean() / 2, (flat - target).abs().mean() / 2
        return {"held_out_error": float(error), "error_of_mean": float(plain)}
    return {"held_out_cycle": float((nets["back"](made) - source).abs().mean() / 2)}
