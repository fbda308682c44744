"""Which facts the pictures of a class have: learnt facts to draw new ones from.

New facts are those of one tile of the class, partly mixed with those of another and jittered: a
kernel density estimate. The book holds statistics, never pixels.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from studio_training.joints import find_joints
from studio_training.laying import find_calm
from studio_training.likeness import Likeness, measure_likeness
from torch import Tensor

from studio_flow.describe import SPREAD, normalise
from studio_flow.tiles import Tiles

JITTER: Final = 0.25
"""Of the class's own standard deviation."""
MIX: Final = 0.35
"""At most so much of a second tile's facts."""


class Page(NamedTuple):
    """What a new picture shall be like.

    Attributes:
        facts: (F,).
        likeness: of one picture; None where none was kept.
    """

    facts: Tensor
    likeness: Likeness | None


@dataclass(frozen=True)
class FactBook:
    """Facts of what was learnt from.

    Attributes:
        facts: (N, F).
        kinds: class numbers (N,).
        likeness: of as many pictures; None of sprites.
    """

    facts: Tensor
    kinds: Tensor
    likeness: Likeness | None = None

    def draw(self, kind: int, rng: torch.Generator) -> Page:
        """Return a new page for a class; for an unseen one, of any."""
        mine = (self.kinds == kind).nonzero().flatten()
        if not len(mine):
            mine = torch.arange(len(self.kinds))
        rows = self.facts[mine]
        chosen = torch.randint(len(rows), (2,), generator=rng)
        first, second = rows[chosen]
        share = MIX * float(torch.rand((), generator=rng))
        spread = rows.std(0) if len(rows) > 1 else self.facts.std(0) * 0.3
        noise = torch.randn(first.shape, generator=rng)
        facts = first + share * (second - first) + JITTER * spread * noise
        if self.likeness is None:
            return Page(facts, None)
        one, other = (self.likeness.select(mine[place : place + 1]) for place in chosen)
        return Page(facts, one.mix(other, share))


def write_book(tiles: Tiles) -> FactBook:
    """Return the facts of tiles; of bricks and the like, of those with clear joints."""
    parts, joints, likes = [], [], []
    for rows in torch.split(torch.arange(len(tiles.names)), 32):
        plain, told = normalise(tiles.get_floats(rows))
        parts.append(told)
        likes.append(measure_likeness(plain))
        joints.append(find_joints(plain).abs().mean((1, 2, 3)))
    facts, clear = torch.cat(parts), torch.cat(joints)
    kept = find_calm(tiles.classes, tiles.kinds, clear, facts[:, SPREAD.start])
    tones, octaves = (torch.cat(all_of_them) for all_of_them in zip(*likes, strict=True))
    return FactBook(facts[kept], tiles.kinds[kept], Likeness(tones, octaves).select(kept))
