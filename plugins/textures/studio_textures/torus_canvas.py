"""A seamless picture being assembled out of an exemplar's pixels.

The canvas stores *where each pixel came from*, not its colour. Hence colours are copied exactly
(pixel art keeps its palette), the visibility of every cut can be computed at any time (also the
cuts across the border, which are not special), and blending can be decided at the end.
"""

import numpy as np
from numpy.typing import NDArray

from studio_textures.mincut import Sides, cut_mask

Index = NDArray[np.intp]


class TorusCanvas:
    """A (H, W) torus of exemplar coordinates."""

    def __init__(self, exemplar: NDArray[np.float32], height: int, width: int) -> None:
        """Start empty; `exemplar` is (h, w, C)."""
        self.exemplar = exemplar
        self.height = height
        self.width = width
        self.source = np.full((2, height, width), -1, dtype=np.int32)  # y, x in the exemplar

    def paste(self, at: tuple[int, int], place: tuple[int, int], size: int, sides: Sides) -> None:
        """Copy a patch to `at`, cut along the overlaps that `sides` names."""
        rows, columns = self.window(at, size)
        below, known = self.look(at, size)
        patch = self.exemplar[place[0] : place[0] + size, place[1] : place[1] + size]
        error = ((patch - below) ** 2).sum(axis=-1) * known
        shown = cut_mask(error, sides)
        offsets = np.arange(size, dtype=np.int32)
        old = self.source[:, rows, columns]
        new_y = np.where(shown, place[0] + offsets[:, None], old[0])
        new_x = np.where(shown, place[1] + offsets[None, :], old[1])
        self.source[:, rows, columns] = np.stack([new_y, new_x])

    def look(
        self, at: tuple[int, int], size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Colours (P, P, C) below a window and 1.0 where they are known (P, P), else 0.0."""
        rows, columns = self.window(at, size)
        source = self.source[:, rows, columns]
        known = (source[0] >= 0).astype(np.float32)
        return self.exemplar[source[0], source[1]] * known[..., None], known

    def window(self, at: tuple[int, int], size: int) -> tuple[Index, Index]:
        """Row (P, 1) and column (1, P) numbers of a square that may lie across the border."""
        rows = (at[0] + np.arange(size)) % self.height
        columns = (at[1] + np.arange(size)) % self.width
        return rows[:, None], columns[None, :]

    def render(self) -> NDArray[np.float32]:
        """The picture (H, W, C), every pixel an exemplar pixel; black where nothing lies yet."""
        picture = self.exemplar[self.source[0], self.source[1]]
        picture[self.source[0] < 0] = 0.0
        return np.asarray(picture)

    def cut_cost(
        self, at: tuple[int, int] = (0, 0), size: int | None = None
    ) -> NDArray[np.float32]:
        """How visible the cut between each pixel and its right and lower neighbour is.

        Zero where both come from neighbouring exemplar pixels; else how far each one's own
        neighbour in the exemplar is from the colour that stands there instead (Kwatra et al.
        2003, eq. 1). The whole torus, or a square window of it.
        """
        if size is None:
            rows, columns = np.arange(self.height)[:, None], np.arange(self.width)[None, :]
        else:
            rows, columns = self.window(at, size)
        here = self.source[:, rows, columns]
        right = self.source[:, rows, (columns + 1) % self.width]
        lower = self.source[:, (rows + 1) % self.height, columns]
        return self._mismatch(here, right, (0, 1)) + self._mismatch(here, lower, (1, 0))

    def _mismatch(
        self, a: NDArray[np.int32], b: NDArray[np.int32], step: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Cost (h, w) of `b` standing one `step` after `a`; both (2, h, w) coordinates."""
        shift = np.array(step, dtype=np.int32)[:, None, None]
        cost = np.zeros(a.shape[1:], dtype=np.float32)
        cut = ((a + shift) != b).any(axis=0)
        first, second, shift = a[:, cut], b[:, cut], shift[..., 0]
        cost[cut] = self._distance(first + shift, second) + self._distance(second - shift, first)
        return cost

    def _distance(self, a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.float32]:
        """Colour distance (n,) between exemplar pixels; coordinates outside are clamped."""
        limit = np.array(self.exemplar.shape[:2])[:, None] - 1
        a, b = np.clip(a, 0, limit), np.clip(b, 0, limit)
        difference = self.exemplar[a[0], a[1]] - self.exemplar[b[0], b[1]]
        return np.asarray(np.sqrt((difference**2).sum(axis=-1)), dtype=np.float32)
