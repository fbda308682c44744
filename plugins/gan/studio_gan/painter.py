"""A generator of latents, the decoder behind it, and what its examples were like."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from studio_training import mix_seed
from studio_training.autoencoder import Autoencoder
from studio_training.laying import Laying, Lines, is_laid, lay
from studio_training.likeness import LAID, LEVELS, OCTAVES, Likeness, make_alike
from torch import Tensor, nn

from studio_gan.cells import decode_cells
from studio_gan.config import COLOURS, GanConfig
from studio_gan.generators import DrawingNet, Stylist, Weaver

JITTER: Final = 0.06
"""Of new colours, as a share of the class's own standard deviation."""
MIX: Final = 0.25
"""At most so much of a second example's colours."""
LAYING: Final = 2
"""The number of the seed from which joints are laid."""


class Painter(DrawingNet):
    """Draws pictures as the other families do, by way of latents.

    Attributes:
        facts: of the examples (M, facts): their colours, then statistics of their latents.
        kinds: of the examples (M,).
        tones: of the examples (M, 3, LEVELS), as `Likeness` has them.
        octaves: of the examples (M, 3, OCTAVES).
    """

    facts: Tensor
    kinds: Tensor
    tones: Tensor
    octaves: Tensor

    def __init__(self, config: GanConfig, count: int, *, is_alike: bool = True) -> None:
        """Build with random weights.

        Args:
            config: of the generator.
            count: of examples.
            is_alike: pictures get the tones and octaves of examples.
        """
        super().__init__()
        if config.autoencoder is None:
            raise ValueError("a painter needs an autoencoder")
        self.config = config
        self.weaver: DrawingNet = Weaver(config)
        self.autoencoder = Autoencoder(config.autoencoder)
        strip_encoder(self.autoencoder)
        self.register_buffer("facts", torch.zeros(count, config.facts))
        self.register_buffer("kinds", torch.zeros(count, dtype=torch.long))
        self.is_alike = is_alike
        if is_alike:
            self.register_buffer("tones", torch.zeros(count, 3, len(LEVELS)))
            self.register_buffer("octaves", torch.zeros(count, 3, OCTAVES))

    def get_stylist(self) -> Stylist:
        """Return that of the generator of latents."""
        return self.weaver.get_stylist()

    def forward(self, field: Tensor, style: Tensor, plan: Tensor | None = None) -> Tensor:
        """Draw pictures (N, 3, H, W) in -1..1 or a little beyond."""
        return self.paint(field, style, plan)

    def paint(
        self,
        field: Tensor,
        style: Tensor,
        plan: Tensor | None = None,
        shades: Tensor | None = None,
    ) -> Tensor:
        """Draw pictures, and make the brightness of each stone its own by `shades`."""
        drawn = self.weaver(field, style, plan)
        latents = drawn[:, : self.config.colours]
        facts = style[:, self.config.latent :]
        goal = self.find_likeness(facts) if self.is_alike else None
        # A field whose joints are known says so in every cell.
        known = torch.zeros(len(facts))
        if plan is not None and plan.shape[1]:
            known = plan[:, -1].mean((1, 2))
        shares = torch.where(known > 0, LAID, 1.0)[:, None, None, None]

        def change(plain: Tensor, rows: slice) -> Tensor:
            if goal is not None:
                plain = make_alike(plain, goal.select(rows), shares[rows])
            if shades is None:
                return plain
            return torch.cat([plain[:, :1] + shades[rows], plain[:, 1:]], 1)

        return decode_cells(self.autoencoder, latents, facts[:, :COLOURS], change)

    def find_likeness(self, facts: Tensor) -> Likeness:
        """Return what the examples are like whose facts are the nearest to some (N, facts)."""
        spread = self.facts.std(0, unbiased=False) + 1e-3
        # Not by `cdist`, whose sums depend on how many are asked for.
        far = (facts / spread)[:, None] - self.facts / spread
        rows = far.square().sum(2).argmin(1)
        return Likeness(self.tones, self.octaves).select(rows)

    def lay(
        self, laying: Laying, weights: Sequence[float], sides: tuple[int, int], seed: int
    ) -> Lines | None:
        """Lay a field (height, width in places); what is open is usual for the heaviest class.

        None where that class has no joints as a rule, or the net knows of none.
        """
        config = self.config
        if not config.joints or not config.classes:
            return None
        name = config.classes[max(range(len(weights)), key=weights.__getitem__)]
        if not is_laid(name):
            return None
        height, width = (side * config.step for side in sides)
        return lay(laying, name, (height, width), mix_seed(seed, LAYING), config.side)

    def choose_facts(self, weights: Tensor, rng: torch.Generator) -> Tensor:
        """Choose facts (N, facts) for shares of classes (N, kinds).

        Those of one example of the class, partly mixed with another's and jittered.
        """
        return torch.stack([self._mix_facts(row, rng) for row in weights])

    def _mix_facts(self, weights: Tensor, rng: torch.Generator) -> Tensor:
        total = torch.zeros(self.facts.shape[1])
        for kind, weight in enumerate(weights.tolist()):
            if weight > 0:
                rows = self.facts[self.kinds == kind]
                rows = rows if len(rows) else self.facts
                first, second = rows[torch.randint(len(rows), (2,), generator=rng)]
                share = MIX * float(torch.rand((), generator=rng))
                noise = torch.randn(len(first), generator=rng) * rows.std(0, unbiased=False)
                total += weight * (first + share * (second - first) + JITTER * noise)
        return total


class Examples(NamedTuple):
    """What a painter keeps of pictures learnt from.

    Attributes:
        facts: (M, facts).
        likeness: of as many.
        kinds: class numbers (M,).
    """

    facts: Tensor
    likeness: Likeness
    kinds: Tensor


def build_painter(config: GanConfig, autoencoder: Autoencoder, examples: Examples) -> Painter:
    """Build what draws pictures, in the colours of the examples."""
    facts, likeness, kinds = examples
    painter = Painter(config, len(kinds))
    painter.tones.copy_(likeness.tones)
    painter.octaves.copy_(likeness.octaves)
    strip_encoder(autoencoder)
    painter.autoencoder = autoencoder
    painter.facts.copy_(facts)
    painter.kinds.copy_(kinds)
    return painter


def strip_encoder(autoencoder: Autoencoder) -> None:
    """Leave what drawing needs: the decoder, and mean and spread of the latents."""
    autoencoder.encoder = nn.Sequential()
    del autoencoder.glimpse
