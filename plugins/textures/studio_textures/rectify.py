"""Straightening a photograph of courses, tiles or planks: rotation, shear and perspective undone.

No lines are fitted. A homography is good if it puts edge points that run down the picture into
few columns and those that run across into few rows, so the sharpness of both histograms of edge
points is maximised directly, coarse to fine. A true perspective of a regular lattice then gets
even spacing for free, because straight, parallel lines fix the same vanishing points.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from studio_textures.pictures import blur, luma

Floats = NDArray[np.float64]

POINTS = 12000
"""Edge points looked at, the strongest of each direction."""

WORTH_IT = 1.3
"""Factor by which the histograms must become sharper before a picture is warped."""

ORDERLY = 0.8
"""Sharpness (0 is even) of the result below which there are no lines worth straightening."""

REGULAR = 0.55
"""Autocorrelation of the result's lines below which they are chance."""

STRAIGHT = 0.05
"""Slope at which an edge hardly counts as parallel to an axis any more."""

NOTICEABLE = 0.006
"""Move of a corner, share of the side, below which a picture counts as straight already."""

TOO_FAR = 0.35
"""Move of a corner, share of the side, above which the search has lost its way."""

LIMITS = np.array([0.45, 0.3, 0.4, 0.4])
"""Largest rotation (radians), shear, and tilt (change of scale) across and down."""

STEEPEST = 0.5
"""Largest sum of both tilts: a corner is at most 1 / (1 - STEEPEST) times as far away."""


@dataclass(frozen=True)
class Straightened:
    """A frontal view and how sure it is."""

    image: NDArray[np.float32]
    """(h, w, C); the picture itself where nothing was done."""
    applied: bool
    gain: float
    """How much sharper rows and columns became; 1.0 is not at all."""
    moved: float
    """Largest move of a corner, share of the longer side."""


def straighten(
    img: NDArray[np.float32],
    *,
    force: bool = False,
    on_step: Callable[[], None] | None = None,
) -> Straightened:
    """View a picture (H, W, C) from the front, cropped to what is seen of it.

    Without `force` only where lines are clearly straighter afterwards: gravel, grass, wood and
    pictures that are straight already come back as they are. `on_step` is called now and then;
    raise from it to cancel.
    """
    edges = _find_edges(img)
    if edges is None:
        return Straightened(img, False, 1.0, 0.0)
    best = _search(edges, thorough=force, on_step=on_step)
    gain = (edges.sharpness(best) + 0.05) / (edges.sharpness(NOTHING) + 0.05)
    moved = _corner_move(best, img.shape[:2])
    sure = gain >= WORTH_IT and NOTICEABLE <= moved <= TOO_FAR and edges.is_orderly(best)
    if not (sure or force) or moved < NOTICEABLE:
        return Straightened(img, False, gain, moved)
    return Straightened(_warp(img, best), True, gain, moved)


NOTHING = np.zeros(4)

COARSE, MIDDLE, FINE = 0.02, 0.01, 0.004
"""Widths of the histograms' smoothing, share of the picture."""

BINS = 768


@dataclass(frozen=True)
class _Edges:
    """Edge points in -1..1 coordinates: `across` have steps in x (they run down the picture)."""

    across: Floats  # (n, 5): x, y, weight, direction of the edge (x, y)
    down: Floats

    def order(self, params: Floats, width: float) -> float:
        """What is maximised: sharp histograms, edges parallel to the axes."""
        total = 0.0
        matrix = _matrix(params)
        for points, axis in ((self.across, 0), (self.down, 1)):
            here = _project(matrix, points[:, :2])
            total += _peakiness(here[:, axis], points[:, 2], width)
            line = _project(matrix, points[:, :2] + 0.01 * points[:, 3:]) - here
            slope = line[:, axis] / line[:, 1 - axis]
            straight = np.exp(-((slope / STRAIGHT) ** 2)) @ points[:, 2] / points[:, 2].sum()
            total += 2.0 * float(straight)
        return total

    def sharpness(self, params: Floats) -> float:
        """How unevenly the points fill columns and rows: variance of density / mean squared."""
        return sum(
            _peakiness(_apply(params, points[:, :2])[:, axis], points[:, 2], FINE)
            for points, axis in ((self.across, 0), (self.down, 1))
        )

    def is_orderly(self, params: Floats) -> bool:
        """Whether lines are sharp and as regular as before, or more."""
        regular = self.regularity(params)
        before = self.regularity(NOTHING)
        return self.sharpness(params) >= ORDERLY and regular >= max(REGULAR, before - 0.05)

    def regularity(self, params: Floats) -> float:
        """How well the more orderly family repeats itself, -1..1: highest autocorrelation."""
        found = []
        for points, axis in ((self.across, 0), (self.down, 1)):
            place = _apply(params, points[:, :2])[:, axis]
            fine, slow = _histograms(place, points[:, 2], MIDDLE / 2)
            found.append(_repeats(fine / slow - 1.0))
        return max(found)


def _repeats(curve: Floats) -> float:
    """Highest autocorrelation after the first valley, for shifts up to 0.45 of the length."""
    n = len(curve)
    curve = curve - curve.mean()
    power = np.abs(np.fft.rfft(curve, 2 * n)) ** 2
    shifts = np.fft.irfft(power)[: int(0.45 * n)] / (n - np.arange(int(0.45 * n)))
    shifts /= shifts[0]
    valley = int(np.argmax(shifts < 0.1))
    return float(shifts[valley:].max())


def _peakiness(place: Floats, weight: Floats, width: float) -> float:
    fine, slow = _histograms(place, weight, width)
    return float(((fine - slow) ** 2).sum() / (slow**2).sum())


def _histograms(place: Floats, weight: Floats, width: float) -> tuple[Floats, Floats]:
    """Density of weighted places, smoothed little and much."""
    low, high = np.quantile(place[::7], (0.01, 0.99))
    bins = np.clip(((place - low) * (BINS / (high - low))).astype(np.intp), 0, BINS - 1)
    counts = np.bincount(bins, weight, BINS)
    fine = ndimage.gaussian_filter1d(counts, width * BINS, mode="reflect", truncate=3)
    slow = ndimage.uniform_filter1d(counts, BINS // 5, mode="reflect")
    slow = ndimage.uniform_filter1d(slow, BINS // 5, mode="reflect") + 1e-9
    inner = slice(BINS // 50, -BINS // 50)
    return fine[inner], slow[inner]


def _find_edges(img: NDArray[np.float32]) -> _Edges | None:
    """The strongest edges of both directions, or None if the picture is flat."""
    grey = luma(img)
    factor = max(1, round(max(grey.shape) / 600))
    grey = blur(grey, 0.6 * factor, wrap=False)[::factor, ::factor]
    grey = grey - blur(grey, min(grey.shape) / 12, wrap=False)
    sigma = 1.2
    step_x = ndimage.gaussian_filter(grey, sigma, order=(0, 1), mode="nearest")
    step_y = ndimage.gaussian_filter(grey, sigma, order=(1, 0), mode="nearest")
    height, width = grey.shape
    half = max(height, width) / 2
    families = []
    for mine, other in ((step_x, step_y), (step_y, step_x)):
        strength = np.maximum(np.abs(mine) - 0.8 * np.abs(other), 0.0)
        strength[:3] = strength[-3:] = strength[:, :3] = strength[:, -3:] = 0.0
        if strength.max() < 1e-3:
            return None
        order = np.argsort(strength, axis=None)[-min(POINTS, strength.size // 8) :]
        y, x = np.unravel_index(order, grey.shape)
        weight = np.minimum(strength.ravel()[order], np.quantile(strength.ravel()[order], 0.8))
        places = (x - (width - 1) / 2) / half, (y - (height - 1) / 2) / half
        gradient = np.stack([step_x.ravel()[order], step_y.ravel()[order]]).astype(np.float64)
        gradient /= np.hypot(*gradient)
        points = [*places, weight, -gradient[1], gradient[0]]
        families.append(np.stack(points, axis=-1).astype(np.float64))
    return _Edges(*families)


def _matrix(params: Floats) -> Floats:
    """Homography (3, 3) from picture to frontal view, both -1..1: perspective, shear, turn."""
    turn, shear, tilt_x, tilt_y = params
    cos, sin = np.cos(turn), np.sin(turn)
    rotate = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    skew = np.array([[1.0, shear, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    tilt = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [tilt_x, tilt_y, 1.0]])
    return np.asarray(skew @ rotate @ tilt)


def _apply(params: Floats, points: Floats) -> Floats:
    """Move points (n, 2)."""
    return _project(_matrix(params), points)


def _project(matrix: Floats, points: Floats) -> Floats:
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[:, :2] / moved[:, 2:])


def _search(
    edges: _Edges, *, thorough: bool = True, on_step: Callable[[], None] | None = None
) -> Floats:
    """Maximise the sharpness from several starts, then finer and finer."""
    from scipy.optimize import minimize  # not with the plugin: it takes a quarter of a second

    few = _Edges(edges.across[::4], edges.down[::4])

    def cost(params: Floats, width: float) -> float:
        over = np.maximum(np.abs(params) - LIMITS, 0.0).sum()
        over += max(float(np.abs(params[2:]).sum()) - STEEPEST, 0.0)
        if over > 0:
            return float(over)
        points = edges if width == FINE else few
        return -points.order(params, width) + 0.02 * float((params**2).sum())

    def improve(params: Floats, width: float, size: float, evaluations: int) -> Floats:
        simplex = np.vstack([params, params + size * np.eye(4)])
        options = {"initial_simplex": simplex, "maxfev": evaluations, "xatol": 2e-4, "fatol": 1e-5}
        if on_step is not None:
            on_step()
        done = minimize(cost, params, (width,), "Nelder-Mead", options=options)
        return np.asarray(done.x)

    tilts = (-0.2, 0.0, 0.2)
    starts = [np.array([turn, 0.0, 0.0, tilt]) for turn in (-0.1, 0.0, 0.1) for tilt in tilts]
    starts += [np.array([0.0, 0.0, tilt, 0.0]) for tilt in (-0.2, 0.2)]
    starts += [np.array([turn, 0.0, 0.0, 0.0]) for turn in (-0.25, 0.25)]
    ranked = sorted(starts, key=lambda start: cost(start, COARSE))
    coarse = [improve(start, COARSE, 0.12, 120) for start in ranked[:3]]
    middle = [improve(params, MIDDLE, 0.06, 120) for params in coarse]
    middle.sort(key=lambda params: cost(params, MIDDLE))
    guess = middle[0]
    if not thorough and edges.regularity(guess) < 0.6 * REGULAR:
        return guess  # there is nothing to straighten: spare the time
    fine = [improve(params, FINE, 0.03, 150) for params in middle[:2]]
    return min(fine, key=lambda params: cost(params, FINE))


def _corner_move(params: Floats, size: tuple[int, int]) -> float:
    """Largest move of a corner, share of the longer side, apart from shift and scale."""
    y, x = size[0] / max(size), size[1] / max(size)
    corners = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    moved = _apply(params, corners)
    moved = moved - moved.mean(axis=0)
    moved *= np.sqrt((corners**2).sum() / (moved**2).sum())
    return float(np.abs(moved - corners).max() / 2)


def _warp(img: NDArray[np.float32], params: Floats) -> NDArray[np.float32]:
    """The frontal view at the same mean scale, cropped to the largest rectangle inside it."""
    height, width = img.shape[:2]
    half = max(height, width) / 2
    y, x = height / 2 / half, width / 2 / half
    corners = np.array([[-x, -y], [x, -y], [x, y], [-x, y]])
    quad = _apply(params, corners)
    scale = np.sqrt(_area(corners) / _area(quad)) * half  # pixels per unit of the view
    left, top, right, bottom = _largest_rectangle(quad)
    columns = _middle(np.arange(left, right, 1.0 / scale))
    rows = _middle(np.arange(top, bottom, 1.0 / scale))
    shape = (len(rows), len(columns))
    grid = np.empty((*shape, 2), dtype=np.float64)
    grid[..., 0], grid[..., 1] = columns, rows[:, None]
    back = _project(np.linalg.inv(_matrix(params)).astype(np.float64), grid.reshape(-1, 2))
    place = [back[:, 1] * half + (height - 1) / 2, back[:, 0] * half + (width - 1) / 2]
    planes = [
        ndimage.map_coordinates(img[..., c], place, order=3, mode="mirror").reshape(shape)
        for c in range(img.shape[-1])
    ]
    return np.asarray(np.clip(np.stack(planes, axis=-1), 0.0, 1.0), dtype=np.float32)


def _middle(places: Floats) -> Floats:
    """At most MOST of them."""
    spare = max(0, len(places) - MOST) // 2
    return places[spare : spare + MOST]


MOST = 1536
"""Longest side of a frontal view; more of a large photograph is not looked at afterwards."""


def _area(quad: Floats) -> float:
    x, y = quad[:, 0], quad[:, 1]
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


def _largest_rectangle(quad: Floats) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of about the largest upright rectangle inside a convex quad."""
    levels = np.linspace(quad[:, 1].min(), quad[:, 1].max(), 160)
    spans = np.array([_span(quad, level) for level in levels])  # (160, 2) left, right
    best, found = 0.0, (0.0, 0.0, 0.0, 0.0)
    for i in range(len(levels)):
        for j in range(i + 4, len(levels)):
            # Inside a convex quad the two ends of a band bound all that lies between them,
            # save for a corner of the quad, which only widens it.
            left, right = max(spans[i, 0], spans[j, 0]), min(spans[i, 1], spans[j, 1])
            area = (right - left) * (levels[j] - levels[i])
            if right > left and area > best:
                best, found = area, (left, float(levels[i]), right, float(levels[j]))
    return found


def _span(quad: Floats, level: float) -> tuple[float, float]:
    """Where a horizontal line enters and leaves a quad."""
    crossings = []
    for (x0, y0), (x1, y1) in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        if min(y0, y1) <= level <= max(y0, y1):
            share = 0.0 if y0 == y1 else (level - y0) / (y1 - y0)
            crossings.append(x0 + share * (x1 - x0))
    return min(crossings), max(crossings)
