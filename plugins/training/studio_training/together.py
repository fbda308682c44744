"""Drawing pictures together, where each comes out as it would alone."""

from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from studio_training.budget import MOST, TOGETHER

Trial = Callable[[Sequence[int]], Tensor]
"""(numbers, at most MOST) -> what a net makes of the trial fields of these numbers, (N, ...)."""


class Together:
    """Says how many pictures a net may draw at once.

    A seed must give the same alone and among others, to the bit. The nets are built so that it does
    (`rows`); whether this machine's libraries keep to it is tried out once for each kind of
    picture. Where they do not, pictures are drawn one by one.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, bool] = {}

    def count(self, kind: Hashable, pixels: int, draw: Trial) -> int:
        """Return how many, 1 or more.

        Args:
            kind: of picture: what net, what sizes.
            pixels: of one.
            draw: tried out if this kind is new.
        """
        most = min(MOST, TOGETHER // pixels)
        if most <= 1:
            return 1
        if kind not in self._known:
            self._known[kind] = is_exact(draw, most)
        return most if self._known[kind] else 1


@torch.inference_mode()
def is_exact(draw: Trial, count: int) -> bool:
    """Tell whether the last of `count` comes out alone as among all, some and one other."""
    last = count - 1
    alone = draw((last,))[-1]
    firsts = {0, count // 2, last - 1}
    return all(torch.equal(draw(range(first, count))[-1], alone) for first in firsts)
