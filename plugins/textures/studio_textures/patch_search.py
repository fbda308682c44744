"""Where in an exemplar does a half-known patch fit? Exhaustive search by FFT, refined directly."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

SEARCH_SIDE = 512
"""Exemplars with a longer side are searched at a reduced size first."""


class Choice(NamedTuple):
    """How freely a fitting place is picked."""

    tolerance: float = 0.1
    """Any place within (1 + tolerance) times the best error may be taken."""
    reuse: float = 0.3
    """Penalty for places already used, relative to the error of a good place."""


class PatchSearch:
    """All places of one exemplar, ready to be compared with patches of one size.

    The sum over a patch of w (E - T)^2 is three correlations, all done in one inverse FFT.
    """

    def __init__(self, exemplar: NDArray[np.float32], patch: int) -> None:
        """Index an exemplar (h, w, C) for patches of `patch` pixels."""
        self.exemplar = exemplar
        self.patch = patch
        side = max(exemplar.shape[:2])
        self.factor = 1
        while side > SEARCH_SIDE * self.factor and patch % (2 * self.factor) == 0:
            self.factor *= 2
        small = _shrink(exemplar, self.factor)
        self._centre = small.mean(axis=(0, 1))  # float32 FFTs lose digits on a large mean
        planes = np.moveaxis(small - self._centre, -1, 0)  # (C, h, w)
        self._shape = planes.shape[1:]
        self._planes = fft.rfft2(planes)
        self._squares = fft.rfft2((planes**2).sum(axis=0))
        n = patch // self.factor
        self._places = (self._shape[0] - n + 1, self._shape[1] - n + 1)
        self._used = np.zeros(self._places, dtype=np.float32)

    def random(self, rng: np.random.Generator) -> tuple[int, int]:
        """Any place, all equally likely."""
        y = int(rng.integers(self.exemplar.shape[0] - self.patch + 1))
        x = int(rng.integers(self.exemplar.shape[1] - self.patch + 1))
        self._mark(y // self.factor, x // self.factor)
        return y, x

    def find(
        self,
        target: NDArray[np.float32],
        weight: NDArray[np.float32],
        choice: Choice,
        rng: np.random.Generator,
    ) -> tuple[int, int]:
        """Pick a place whose patch looks like `target` (P, P, C) where `weight` (P, P) says so."""
        error = self._errors(target, weight)
        place = self._pick(error, choice, rng)
        self._mark(*place)
        return self._refine(place, target, weight) if self.factor > 1 else place

    def _errors(
        self, target: NDArray[np.float32], weight: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Mean squared error per place, at the reduced size."""
        small_weight = _shrink(weight[..., None], self.factor)[..., 0]
        known = _shrink(target * weight[..., None], self.factor)
        mean = known / np.maximum(small_weight, 1e-6)[..., None] - self._centre
        planes = np.moveaxis(mean * small_weight[..., None], -1, 0)
        cross = (fft.rfft2(planes, s=self._shape).conj() * self._planes).sum(axis=0)
        square = fft.rfft2(small_weight, s=self._shape).conj() * self._squares
        error = fft.irfft2(square - 2.0 * cross, s=self._shape)
        error = error[: self._places[0], : self._places[1]]
        constant = float((small_weight[..., None] * mean**2).sum())
        scaled = (error + constant) / max(float(small_weight.sum()), 1e-6)
        return np.asarray(np.maximum(scaled, 0.0), dtype=np.float32)

    def _pick(
        self, error: NDArray[np.float32], choice: Choice, rng: np.random.Generator
    ) -> tuple[int, int]:
        flat = error.ravel()
        rank = min(len(flat) - 1, max(1, len(flat) // 500))
        good = float(np.partition(flat, rank)[rank])
        worn = self._used.ravel()
        # Saturates, because in regular structure the few places in phase are used again and again.
        score = flat + choice.reuse * good * worn / (1.0 + worn)
        limit = float(score.min()) + choice.tolerance * good
        fitting = np.flatnonzero(score <= limit)
        place = int(fitting[rng.integers(len(fitting))])
        return place // self._places[1], place % self._places[1]

    def _mark(self, y: int, x: int) -> None:
        """Make the surroundings of a used place less attractive."""
        radius = max(1, self.patch // self.factor // 3)
        rows = slice(max(0, y - radius), y + radius + 1)
        columns = slice(max(0, x - radius), x + radius + 1)
        self._used[rows, columns] += 1.0

    def _refine(
        self,
        place: tuple[int, int],
        target: NDArray[np.float32],
        weight: NDArray[np.float32],
    ) -> tuple[int, int]:
        """Best full-size place around a reduced-size one."""
        reach, size = self.factor, self.patch
        limit_y = self.exemplar.shape[0] - size
        limit_x = self.exemplar.shape[1] - size
        y0 = min(max(place[0] * reach - reach, 0), limit_y)
        x0 = min(max(place[1] * reach - reach, 0), limit_x)
        y1, x1 = min(y0 + 2 * reach, limit_y), min(x0 + 2 * reach, limit_x)
        area = self.exemplar[y0 : y1 + size, x0 : x1 + size]
        windows = sliding_window_view(area, (size, size), axis=(0, 1))  # (dy, dx, C, P, P)
        rows, columns = np.nonzero(weight > 0)
        known = target[rows, columns].T  # (C, n)
        error = ((windows[..., rows, columns] - known) ** 2).sum(axis=(2, 3))
        best = int(error.argmin())
        return y0 + best // error.shape[1], x0 + best % error.shape[1]


def _shrink(img: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Box average by a whole factor; rows and columns that do not fill a box are dropped."""
    if factor == 1:
        return img
    height, width, channels = img.shape
    height, width = height // factor, width // factor
    boxes = img[: height * factor, : width * factor]
    boxes = boxes.reshape(height, factor, width, factor, channels)
    return np.asarray(boxes.mean(axis=(1, 3)), dtype=np.float32)
