"""Which works are variants of each other: they share many figures, in whatever key.

Kin must not lie on both sides of a split, or a model is praised for what it has by heart.
"""

from collections.abc import Iterable, Sequence
from typing import Final

KIN_SHARE: Final = 0.25
"""Of the figures of the smaller of two works, which they share if they are kin."""
FEWEST: Final = 2
"""Figures that kin share."""
COMMON: Final = 60
"""Works beyond which a figure is one of the trade, such as a scale, and says nothing."""


def group_kin(prints: Sequence[set[bytes]], known: Iterable[Sequence[int]] = ()) -> list[int]:
    """Return a group number per work: the place of one of its group.

    Args:
        prints: fingerprints of the figures of each work.
        known: places of works that are kin for another reason.
    """
    parents = list(range(len(prints)))

    def find(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for places in known:
        for other in places[1:]:
            parents[find(other)] = find(places[0])
    for (first, second), count in _count_shared(prints).items():
        least = min(len(prints[first]), len(prints[second]))
        if count >= min(FEWEST, least) and count >= KIN_SHARE * least:
            parents[find(first)] = find(second)
    return [find(index) for index in range(len(prints))]


def _count_shared(prints: Sequence[set[bytes]]) -> dict[tuple[int, int], int]:
    homes: dict[bytes, list[int]] = {}
    for index, own in enumerate(prints):
        for item in own:
            homes.setdefault(item, []).append(index)
    shared: dict[tuple[int, int], int] = {}
    for places in homes.values():
        if len(places) > COMMON:
            continue
        for at, first in enumerate(places):
            for second in places[at + 1 :]:
                shared[first, second] = shared.get((first, second), 0) + 1
    return shared
