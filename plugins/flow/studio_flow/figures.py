"""How near a set of made pictures is to a set of real ones, in a space of features. Plain NumPy.

Fréchet distance (arXiv 1706.08500), KID (arXiv 1801.01401), precision and recall by nearest
neighbours (arXiv 1904.06991). The features are the judge's, not Inception's: figures compare only
with figures of the same judge.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NEIGHBOURS: Final = 3
ENOUGH: Final = 2
"""Pictures, fewer than which have no spread."""


def compare_sets(made: npt.NDArray[Any], real: npt.NDArray[Any]) -> dict[str, float]:
    """Return all figures of features (N, F) against (M, F); only what so few allow."""
    made, real = np.asarray(made, np.float64), np.asarray(real, np.float64)
    if min(len(made), len(real)) < ENOUGH:
        return {}
    figures = {"frechet": measure_frechet(made, real), "kid": measure_kid(made, real)}
    if min(len(made), len(real)) > NEIGHBOURS:
        precision, recall = measure_coverage(made, real)
        figures |= {"precision": precision, "recall": recall}
    figures["diversity"] = measure_diversity(made) / max(1e-9, measure_diversity(real))
    return figures


def measure_frechet(made: Floats, real: Floats) -> float:
    """Distance of the Gaussians fitted to both; biased upwards where there are few pictures."""
    first, second = np.cov(made, rowvar=False), np.cov(real, rowvar=False)
    root = _take_root(first)
    cross = np.linalg.eigvalsh(root @ second @ root).clip(min=0)
    shift = np.square(made.mean(0) - real.mean(0)).sum()
    return max(0.0, float(shift + np.trace(first) + np.trace(second) - 2 * np.sqrt(cross).sum()))


def measure_kid(made: Floats, real: Floats) -> float:
    """Unbiased squared MMD with the cubic kernel; near 0, below it too, for equal sets."""
    size = made.shape[1]

    def compare(a: Floats, b: Floats) -> Floats:
        return np.asarray((a @ b.T / size + 1) ** 3)

    count, others = len(made), len(real)
    own, theirs = compare(made, made), compare(real, real)
    inner = (own.sum() - np.trace(own)) / (count * (count - 1))
    outer = (theirs.sum() - np.trace(theirs)) / (others * (others - 1))
    return float(inner + outer - 2 * compare(made, real).mean())


def measure_coverage(made: Floats, real: Floats) -> tuple[float, float]:
    """Return the share of made ones among the real, and of real ones among the made."""
    between = _measure_far(made, real)
    real_reach, made_reach = _find_reach(real), _find_reach(made)
    precision = (between <= real_reach[None]).any(1).mean()
    recall = (between <= made_reach[:, None]).any(0).mean()
    return float(precision), float(recall)


def measure_diversity(features: Floats) -> float:
    """Mean distance of two pictures."""
    far = _measure_far(features, features)
    return float(far.sum() / (len(features) * (len(features) - 1)))


def find_nearest(
    made: npt.NDArray[Any], real: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return which real one is nearest to each made one, and how far."""
    far = _measure_far(np.asarray(made, np.float64), np.asarray(real, np.float64))
    return far.argmin(1), far.min(1)


def _find_reach(features: Floats) -> Floats:
    """Distance of each to its third neighbour."""
    far = np.sort(_measure_far(features, features), axis=1)
    return np.asarray(far[:, min(NEIGHBOURS, len(features) - 1)])


def _measure_far(first: Floats, second: Floats) -> Floats:
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1)[None]
    return np.asarray(np.sqrt((squares - 2 * first @ second.T).clip(min=0)))


def _take_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(min=0))) @ vectors.T)
