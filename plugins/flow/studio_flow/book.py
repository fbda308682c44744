"""Which facts the pictures of a class have: learnt facts to draw new ones from.

New facts are those of one tile of the class, partly mixed with those of another and jittered: a
kernel density estimate. The book holds statistics, never pixels.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

JITTER: Final = 0.25
"""Of the class's own standard deviation."""
MIX: Final = 0.35
"""At most so much of a second tile's facts."""


@dataclass(frozen=True)
class FactBook:
    """Facts of what was learnt from.

    Attributes:
        facts: (N, F).
        kinds: class numbers (N,).
    """

    facts: Tensor
    kinds: Tensor

    def draw(self, kind: int, rng: torch.Generator) -> Tensor:
        """Return new facts (F,) for a class; for an unseen one, of any."""
        rows = self.facts[self.kinds == kind]
        if not len(rows):
            rows = self.facts
        first, second = rows[torch.randint(len(rows), (2,), generator=rng)]
        share = MIX * float(torch.rand((), generator=rng))
        spread = rows.std(0) if len(rows) > 1 else self.facts.std(0) * 0.3
        noise = torch.randn(first.shape, generator=rng)
        mixed = first + share * (second - first)
        return torch.as_tensor(mixed + JITTER * spread * noise)
