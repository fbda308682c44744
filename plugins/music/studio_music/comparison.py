"""Markov, LSTM, GRU and Transformer side by side: the same scores, split and number of steps."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from studio_training import Settings

from studio.errors import InvalidInputError
from studio_music import folk_markov, model_markov
from studio_music.course import READING_FAULTS, Core, Course, Sizes
from studio_music.course_chorale import read_chorale
from studio_music.course_folk import read_folk
from studio_music.courses import build_course
from studio_music.music_dataset import Collection, Work

Kind = Literal["folk", "chorale"]
CORES: Final[tuple[Core, ...]] = ("lstm", "gru", "transformer")
ORDERS: Final = {"folk": (0, 1, 2, 3), "chorale": (0, 2, 4)}


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        model: its name.
        weights: how many, or how many contexts were counted.
        best_step: at which it was best on what was held out; 0 where nothing is learnt in steps.
        nats: per note of what was held out.
    """

    model: str
    weights: int
    best_step: int
    nats: float

    def describe(self) -> dict[str, Any]:
        """Return plain values."""
        perplexity = round(math.exp(min(30.0, self.nats)), 4)
        return {**asdict(self), "nats": round(self.nats, 4), "perplexity": perplexity}


def check_split(collection: Collection) -> None:
    """Check that something is held out, and something left to learn from.

    Raises:
        InvalidInputError: one side is empty.
    """
    if not collection.held_out or not collection.train:
        raise InvalidInputError(
            "{works} scores cannot be split into some to learn from and some to measure on; give "
            "more, or another held_out",
            works=len(collection.works),
        )


def count_chains(kind: Kind, collection: Collection) -> Iterator[Line]:
    """Yield the Markov chains of several orders.

    Raises:
        InvalidInputError: nothing that was held out is of this kind.
    """
    read: Callable[[Work], list[Any]] = read_folk if kind == "folk" else read_chorale
    train, rest = (_read_all(read, works) for works in (collection.train, collection.held_out))
    if not train or not rest:
        raise InvalidInputError(
            "of the scores, {train} to learn from and {rest} held out are of this kind; give more",
            train=len(train),
            rest=len(rest),
        )
    for order in ORDERS[kind]:
        name = f"Markov chain of order {order}"
        if kind == "folk":
            chain = folk_markov.FolkChain(order)
            chain.learn(train)
            yield Line(name, len(chain), 0, chain.measure(rest))
        else:
            table = model_markov.learn_table([piece.frames for piece in train], order)
            model = model_markov.MarkovModel(table, order)
            nats = model_markov.measure_markov(model, [piece.frames for piece in rest])
            yield Line(name, len(table.keys), 0, nats)


def teach_core(
    kind: Kind,
    collection: Collection,
    plan: tuple[Sizes, Settings, int],
    report: Callable[[int], None],
) -> tuple[Line, float]:
    """Let one net learn; returns its line, and seconds of a processor.

    Args:
        kind: of the scores.
        collection: split.
        plan: sizes with the core, manner of learning, steps between measurements.
        report: told each step; may end it all by raising.
    """
    sizes, settings, every = plan
    start = time.process_time()
    course = build_course(kind, collection, sizes, settings)
    best: tuple[float, int] = (math.inf, 0)
    for step in range(1, settings.steps + 1):
        report(step)
        course.learner.advance()
        if step % every == 0 or step == settings.steps:
            best = min(best, (_measure(course), step))
    weights = sum(weight.numel() for weight in course.learner.average.parameters())
    name = {"lstm": "LSTM", "gru": "GRU", "transformer": "Transformer"}[sizes.core]
    return Line(name, weights, best[1], best[0]), time.process_time() - start


def _measure(course: Course) -> float:
    assert course.measure is not None, "something is held out"
    return float(course.measure()[course.watch])


def _read_all(read: Callable[[Work], list[Any]], works: Sequence[Work]) -> list[Any]:
    found: list[Any] = []
    for work in works:
        try:
            found += read(work)
        except READING_FAULTS:
            continue
    return found
