"""Distillation: one step without guidance learns to go where two guided ones went.

Progressive distillation (arXiv 2202.00512) of a guided teacher (arXiv 2210.03142), once: a walk of
eight steps, most of which ask twice, becomes one of four that ask once. The convolutions of the
blocks, three quarters of all weights, stay the teacher's; only what differs has to be shipped.
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio_flow.learn_textures import SCALES, Lot, TextureLesson
from studio_flow.model import DISTILLED
from studio_flow.network import FlowNet, Wanted, list_distilled
from studio_flow.sampling import Course, Style, plan_times, walk

TEACHER: Final = Style(steps=2 * DISTILLED)


class DistilLesson:
    """Steps of a teacher; callable as `Trainer` wants it.

    Args:
        lesson: where pictures come from.
        teacher: in eval mode.
    """

    def __init__(self, lesson: TextureLesson, teacher: FlowNet) -> None:
        self._lesson = lesson
        self._teacher = teacher
        self._times = plan_times(TEACHER)

    def __call__(self, network: nn.Module, rng: torch.Generator) -> Mapping[str, Tensor]:
        """Return the loss of a step."""
        assert isinstance(network, FlowNet)
        lot = self._lesson.draw(rng)
        first = 2 * int(torch.randint(DISTILLED, (), generator=rng))
        return {"loss": self.compare(network, lot, first, rng)}

    def compare(self, network: FlowNet, lot: Lot, first: int, rng: torch.Generator) -> Tensor:
        """Return the squared error of one step beside the teacher's two.

        Args:
            network: that learns.
            lot: what to noise.
            first: number of the teacher's step that it begins with; even.
            rng: of the noise.
        """
        device = next(network.parameters()).device
        now, between, then = self._times[first : first + 3]
        count = len(lot.kinds)
        wanted = Wanted(lot.kinds, lot.facts, torch.ones(count), torch.zeros(count), lot.plan).to(
            device
        )
        clean = lot.latents.to(device)
        noise = torch.randn(clean.shape, generator=rng).to(device)
        field = now * clean + (1 - now) * noise
        ahead = walk(self._teacher, field, wanted, Course(TEACHER, [now, between, then]))
        goal = field + (ahead.clone() - field) * (1 - now) / (then - now)
        guess = network(field, field.new_full((count,), now), wanted)
        # As `predict` is scaled: errors then weigh the same at all times.
        error = (guess - goal) * (now**2 + (1 - now) ** 2) ** 0.5 / (1 - now)
        total: Tensor = error.square().mean()
        for scale in SCALES:
            total = total + (scale * functional.avg_pool2d(error, scale)).square().mean()
        return total / (1 + len(SCALES))


def freeze_blocks(network: FlowNet) -> FlowNet:
    """Let only those learn."""
    learnt = set(list_distilled(network))
    for name, weight in network.named_parameters():
        weight.requires_grad_(name in learnt)
    return network
