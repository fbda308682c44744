"""From noise to a picture along the flow: Euler or Heun, with guidance, on one field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import torch
from studio_training.side_by_side import map_side_by_side
from torch import Tensor

from studio_flow.network import FlowNet, Wanted

Method = Literal["euler", "heun"]
GUIDED: Final = (0.1, 0.9)
"""Of the way: guidance outside only costs time (arXiv 2404.07724)."""
SHARED: Final = 2
"""Pictures for each core, from which on every core draws some by itself."""


@dataclass(frozen=True)
class Style:
    """How to walk.

    Attributes:
        steps: of the walk; each asks the net once, with Heun and with guidance twice.
        guidance: 1 is none; above, the class and the facts are followed more strictly.
        method: Heun is of second order.
        shift: above 1, steps are finer where there is still much noise.
    """

    steps: int = 8
    guidance: float = 2.0
    method: Method = "euler"
    shift: float = 1.5


Paint = Callable[[Tensor, float, Tensor], Tensor]
"""(noised field, time, guess) -> guess: changes the clean picture guessed, before each step."""


def plan_times(style: Style, start: float = 0.0) -> list[float]:
    """Return steps + 1 times from `start` to 1."""
    shift = style.shift
    even = [index / style.steps for index in range(style.steps + 1)]
    times = [u / (u + shift * (1 - u)) for u in even]
    return [start + (1 - start) * time for time in times]


@dataclass(frozen=True)
class Course:
    """A walk.

    Attributes:
        style: how.
        times: from `plan_times`.
        change: may put known parts back into each guess.
        on_step: called after every step with the guess; may raise to stop.
        repeats: of each step, from noise put back, so that new parts fit known ones (RePaint,
            arXiv 2201.09865).
        rng: for the noise of repeats.
    """

    style: Style
    times: list[float]
    change: Paint | None = None
    on_step: Callable[[Tensor], None] = lambda guess: None
    repeats: int = 1
    rng: torch.Generator | None = None


@torch.inference_mode()
def walk(network: FlowNet, field: Tensor, wanted: Wanted, course: Course) -> Tensor:
    """Return clean pictures (B, C, H, W) from a field noised as at the first time."""
    for now, then in zip(course.times, course.times[1:], strict=False):
        for repeat in range(course.repeats):
            ahead, clean = _take_step(network, field, (now, then), wanted, course)
            if repeat + 1 < course.repeats and then < 1:
                field = _noise_again(ahead, then, now, course.rng)
        field = ahead
        course.on_step(clean)
    return field


def _take_step(
    network: FlowNet, field: Tensor, times: tuple[float, float], wanted: Wanted, course: Course
) -> tuple[Tensor, Tensor]:
    """Return the field at the later time, and the guess."""
    now, then = times

    def guess(at: Tensor, time: float) -> Tensor:
        clean = _guess(network, at, time, wanted, course.style)
        return course.change(at, time, clean) if course.change else clean

    clean = guess(field, now)
    slope = (clean - field) / (1 - now)
    ahead = field + (then - now) * slope
    if course.style.method == "heun" and then < 1:
        clean = guess(ahead, then)
        slope = (slope + (clean - ahead) / (1 - then)) / 2
        ahead = field + (then - now) * slope
    return ahead, clean


def _noise_again(field: Tensor, then: float, now: float, rng: torch.Generator | None) -> Tensor:
    """Go back from a later time to an earlier one by adding noise."""
    share = now / then
    spread = max(0.0, (1 - now) ** 2 - (share * (1 - then)) ** 2) ** 0.5
    noise = torch.randn(field.shape, generator=rng).to(field.device)
    return torch.as_tensor(share * field + spread * noise)


def ask(network: FlowNet, field: Tensor, moment: Tensor, wanted: Wanted) -> Tensor:
    """Return what the net guesses; of many pictures, a part on each core.

    Few are asked for one by one: among others, on several threads, a picture is not what it is
    alone.
    """
    threads, count = torch.get_num_threads(), len(field)
    if not field.is_cpu or threads == 1 or count == 1:
        return torch.as_tensor(network(field, moment, wanted))

    def guess(rows: slice) -> Tensor:
        return torch.as_tensor(network(field[rows], moment[rows], wanted.select(rows)))

    is_shared = count >= SHARED * threads
    each = -(-count // threads) if is_shared else 1
    parts = [slice(first, first + each) for first in range(0, count, each)]
    return torch.cat(map_side_by_side(guess, parts) if is_shared else list(map(guess, parts)))


def _guess(network: FlowNet, field: Tensor, time: float, wanted: Wanted, style: Style) -> Tensor:
    moment = field.new_full((len(field),), time)
    told = ask(network, field, moment, wanted)
    if style.guidance == 1 or not GUIDED[0] <= time <= GUIDED[1]:
        return torch.as_tensor(told)
    blind = ask(network, field, moment, wanted.forget(network.config.classes))
    return torch.as_tensor(blind + style.guidance * (told - blind))
