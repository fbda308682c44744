"""A generator of latents, the decoder behind it, and the colours that its examples had."""

from typing import Final

import torch
from torch import Tensor, nn

from studio_gan.autoencoder import Autoencoder
from studio_gan.config import FACTS, GanConfig
from studio_gan.generators import Stylist, Weaver

JITTER: Final = 0.25
"""Of new colours, as a share of the class's own standard deviation."""
MIX: Final = 0.35
"""At most so much of a second example's colours."""


class Painter(nn.Module):
    """Draws pictures as the other families do, by way of latents.

    Attributes:
        facts: colours of the examples (M, FACTS): statistics, never pixels.
        kinds: of the examples (M,).
    """

    facts: Tensor
    kinds: Tensor

    def __init__(self, config: GanConfig, count: int) -> None:
        super().__init__()
        if config.autoencoder is None:
            raise ValueError("a painter needs an autoencoder")
        self.config = config
        self.weaver = Weaver(config)
        self.autoencoder = Autoencoder(config.autoencoder)
        self.autoencoder.encoder = nn.Sequential()  # drawing needs the decoder only
        self.register_buffer("facts", torch.zeros(count, FACTS))
        self.register_buffer("kinds", torch.zeros(count, dtype=torch.long))

    @property
    def stylist(self) -> Stylist:
        """Of the generator."""
        return self.weaver.stylist

    def forward(self, field: Tensor, style: Tensor) -> Tensor:
        """Draw pictures (N, 3, H, W) in -1..1 or a little beyond."""
        drawn = self.weaver(field, style)
        latents, facts = drawn.split([self.config.colours, FACTS], 1)
        return self.autoencoder.decode(latents, facts.mean((2, 3)))

    def choose_facts(self, weights: Tensor, rng: torch.Generator) -> Tensor:
        """Choose colours (N, FACTS) for shares of classes (N, kinds).

        Those of one example of the class, partly mixed with another's and jittered.
        """
        return torch.stack([self._mix_facts(row, rng) for row in weights])

    def _mix_facts(self, weights: Tensor, rng: torch.Generator) -> Tensor:
        total = torch.zeros(FACTS)
        for kind, weight in enumerate(weights.tolist()):
            if weight > 0:
                rows = self.facts[self.kinds == kind]
                rows = rows if len(rows) else self.facts
                first, second = rows[torch.randint(len(rows), (2,), generator=rng)]
                share = MIX * float(torch.rand((), generator=rng))
                noise = torch.randn(FACTS, generator=rng) * rows.std(0, unbiased=False)
                total += weight * (first + share * (second - first) + JITTER * noise)
        return total
