"""How to learn: plain data, no torch."""

import math
from dataclasses import dataclass
from typing import Literal

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Settings:
    """How a net learns.

    Attributes:
        steps: in all; the learning rate is planned over them.
        batch: examples in a step.
        rate: learning rate.
        warmup: steps until it is reached.
        decay: share of the steps, at the end, over which it falls to nothing along a cosine.
        ema: weight of the past in the running average of the weights; 0 for none.
        clip: of the gradient's norm; 0 for none.
        weight_decay: of AdamW, for matrices; vectors have none.
        betas: of AdamW.
        precision: "bfloat16" computes the loss under autocast.
        seed: decides the first weights and every draw.
    """

    steps: int
    batch: int = 16
    rate: float = 1e-3
    warmup: int = 50
    decay: float = 0.6
    ema: float = 0.999
    clip: float = 1.0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.99)
    precision: Precision = "float32"
    seed: int = 0


def get_rate(settings: Settings, step: int) -> float:
    """Return the learning rate of a step: a ramp, a plateau, and a cosine down to a hundredth."""
    ramp = min(1.0, (step + 1) / max(1, settings.warmup))
    first = settings.steps * (1 - settings.decay)
    fall = min(1.0, max(0.0, (step - first) / max(1.0, settings.steps - first)))
    return settings.rate * ramp * max(0.01, (1 + math.cos(math.pi * fall)) / 2)
