"""Choosing one of many by their scores."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Taste:
    """How to choose.

    Attributes:
        temperature: below 1 is safer, above is bolder; 0 always takes the likeliest.
        top_k: of so many likeliest only; 0 is all.
        top_p: of the likeliest that make up this share of the probability.
        rules: whether rules of the style are obeyed.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    rules: bool = True


def choose(scores: Scores, added: Scores | None, taste: Taste, draw: float) -> int:
    """Choose an index.

    Args:
        scores: log-probabilities.
        added: what rules add to them; ways that they close are not taken unless all are closed.
        taste: how.
        draw: in [0, 1), from a random generator.
    """
    values = np.asarray(scores, np.float64)
    if added is not None:
        values = values + added
    if taste.temperature <= 0:
        return int(values.argmax())
    order = np.argsort(-values, kind="stable")
    values = (values[order] - values[order[0]]) / taste.temperature
    if taste.top_k:
        order, values = order[: taste.top_k], values[: taste.top_k]
    shares = np.exp(values)
    shares /= shares.sum()
    if taste.top_p < 1:
        kept = int(np.searchsorted(np.cumsum(shares), taste.top_p)) + 1
        order, shares = order[:kept], shares[:kept] / shares[:kept].sum()
    place = int(np.searchsorted(np.cumsum(shares), draw, side="right"))
    return int(order[min(place, len(order) - 1)])
