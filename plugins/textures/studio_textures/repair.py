"""Covering the most visible cuts of an assembled torus with patches that fit all around."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studio_textures.mincut import Sides
from studio_textures.patch_search import Choice, PatchSearch
from studio_textures.torus_canvas import TorusCanvas

INVISIBLE = 1e-3
"""Mean cut cost around a place below which it is left alone."""


class CutMap:
    """Visibility of all cuts, smoothed, kept up to date where a patch was exchanged."""

    def __init__(self, canvas: TorusCanvas, patch: int) -> None:
        """Look at the whole canvas once; `patch` is the side of the patches to come."""
        self.canvas = canvas
        self.reach = max(1, patch // 6)
        self.cost = canvas.cut_cost()
        self.patience = np.ones_like(self.cost)
        self.around = ndimage.uniform_filter(self.cost, 2 * self.reach + 1, mode="wrap")

    def worst(self) -> tuple[int, int] | None:
        """The place with the most visible cuts around it that was not tried in vain."""
        place = int(self.around.argmax())
        if self.around.flat[place] <= INVISIBLE:
            return None
        return place // self.canvas.width, place % self.canvas.width

    def update(self, at: tuple[int, int], size: int) -> None:
        """Measure a changed square again."""
        self.cost[self.canvas.window(at, size)] = self.canvas.cut_cost(at, size)
        self._smooth((at[0] - self.reach, at[1] - self.reach), size + 2 * self.reach)

    def tire(self, centre: tuple[int, int]) -> None:
        """Halve the urge to try around a place again."""
        at = (centre[0] - self.reach, centre[1] - self.reach)
        window = self.canvas.window(at, 2 * self.reach + 1)
        self.patience[window] *= 0.5
        self.around[window] *= 0.5

    def _smooth(self, at: tuple[int, int], size: int) -> None:
        margin = self.reach
        wide = self.canvas.window((at[0] - margin, at[1] - margin), size + 2 * margin)
        smooth = ndimage.uniform_filter(self.cost[wide], 2 * margin + 1)
        inner = self.canvas.window(at, size)
        self.around[inner] = smooth[margin:-margin, margin:-margin] * self.patience[inner]


def repair(
    canvas: TorusCanvas,
    search: PatchSearch,
    tries: int,
    choice: Choice,
    rng: np.random.Generator,
    *,
    on_try: Callable[[int], None] | None = None,
) -> int:
    """Exchange the surroundings of bad cuts; returns how many attempts helped.

    Each try takes the worst place of the torus, cuts in the patch that fits the ring around it,
    and takes it back if the cuts became more visible.
    """
    size = search.patch
    cuts = CutMap(canvas, size)
    helped = 0
    for tried in range(tries):
        if on_try is not None:
            on_try(tried)
        worst = cuts.worst()
        if worst is None:
            break
        at = (worst[0] - size // 2, worst[1] - size // 2)
        helped += _exchange(canvas, search, at, choice, rng)
        cuts.update((at[0] - 1, at[1] - 1), size + 2)
        cuts.tire(worst)
    return helped


def _exchange(
    canvas: TorusCanvas,
    search: PatchSearch,
    at: tuple[int, int],
    choice: Choice,
    rng: np.random.Generator,
) -> bool:
    """Put another patch at `at` unless that makes cuts more visible."""
    size = search.patch
    ring = max(2, size // 3)
    window, border = canvas.window(at, size), ((at[0] - 1, at[1] - 1), size + 2)
    before = float(canvas.cut_cost(*border).sum())
    kept = canvas.source[:, window[0], window[1]]
    target, _ = canvas.look(at, size)
    place = search.find(target, ring_weight(size, ring), choice, rng)
    canvas.paste(at, place, size, Sides(ring, ring, ring, ring))
    better = float(canvas.cut_cost(*border).sum()) < 0.95 * before
    if not better:
        canvas.source[:, window[0], window[1]] = kept
    return better


def ring_weight(size: int, ring: int) -> NDArray[np.float32]:
    """(P, P): 1 on a frame `ring` pixels wide, 0 inside it."""
    weight = np.ones((size, size), dtype=np.float32)
    weight[ring:-ring, ring:-ring] = 0.0
    return weight
