"""Which facts the pictures of a class have: learnt facts to draw new ones from.

New facts are those of one tile of the class, partly mixed with those of another and jittered: a
kernel density estimate. The book holds statistics, never pixels.
"""

from dataclasses import dataclass
from typing import Final

import torch
from studio_training.joints import find_joints
from studio_training.laying import USUAL
from torch import Tensor

from studio_flow.describe import SPREAD, normalise
from studio_flow.tiles import Tiles

JITTER: Final = 0.25
"""Of the class's own standard deviation."""
MIX: Final = 0.35
"""At most so much of a second tile's facts."""


CLEAREST, CALMEST = 0.6, 0.75
"""Shares of the tiles of a laid material whose facts are kept: those with the clearest joints, and
of these the ones of least contrast. The colours of a chequerboard fit no drawn courses."""


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


def write_book(tiles: Tiles) -> FactBook:
    """Return the facts of tiles; of bricks and the like, of those with clear joints."""
    parts, joints = [], []
    for rows in torch.split(torch.arange(len(tiles.names)), 32):
        plain, told = normalise(tiles.get_floats(rows))
        parts.append(told)
        joints.append(find_joints(plain).abs().mean((1, 2, 3)))
    facts, clear = torch.cat(parts), torch.cat(joints)
    contrast = facts[:, SPREAD.start]
    kept = torch.ones(len(tiles.names), dtype=torch.bool)
    for kind, name in enumerate(tiles.classes):
        mine = tiles.kinds == kind
        if name.lower() in USUAL and bool(mine.any()):
            mine_clear = mine & (clear >= torch.quantile(clear[mine], 1 - CLEAREST))
            most = torch.quantile(contrast[mine_clear], CALMEST)
            kept &= ~mine | (mine_clear & (contrast <= most))
    return FactBook(facts[kept], tiles.kinds[kept])
