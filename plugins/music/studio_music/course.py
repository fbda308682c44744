"""A course: a model about to learn, with its examples; what `music.train` runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from torch import Tensor

from studio.errors import InvalidInputError, StudioError
from studio_music.folk_data import TuneFault
from studio_music.music_dataset import Collection, Work
from studio_music.notes import Piece

READING_FAULTS: Final = (StudioError, TuneFault)
"""Of a work that a model cannot learn from."""
Core = Literal["lstm", "gru", "transformer"]
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Sizes:
    """Sizes of a net; not every model has all of them."""

    core: Core = "lstm"
    n_layer: int = 1
    n_embd: int = 128
    n_latent: int = 32
    dropout: float = 0.2
    transpose: int = 3


@dataclass(frozen=True)
class Course:
    """A model about to learn.

    Attributes:
        learner: for `studio_training.learn`.
        examples: how many there are to learn from, and what they are.
        measure: figures on what was held out; None where nothing was.
        watch: the figure of `measure` that should fall.
        compose: makes a sample of the running average, from a seed.
        export: returns config and tensors.
        generators: ids that can use the weights.
        left_out: (name, why) of works that the model cannot learn.
        save: writes the checkpoint where it is not the usual way: (folder, facts, card).
    """

    learner: Any
    examples: tuple[int, str]
    measure: Callable[[], Figures] | None
    watch: str
    compose: Callable[[int], Piece]
    export: Callable[[], tuple[dict[str, Any], Mapping[str, Tensor]]]
    generators: tuple[str, ...]
    left_out: list[tuple[str, str]] = field(default_factory=list)
    save: Callable[[Path, Mapping[str, Any], str], None] | None = None


def check_some(examples: Sequence[Any], left_out: Sequence[tuple[str, str]], what: str) -> None:
    """Check that there is something to learn from.

    Raises:
        InvalidInputError: there is not; says why works were left out.
    """
    if not examples:
        raise InvalidInputError(
            "none of the scores can teach {what} ({why}); give others, or choose another model",
            what=what,
            why="; ".join(f"{name}: {why}" for name, why in left_out[:3]) or "nothing is left",
        )


def split_examples(
    collection: Collection, read: Callable[[Work], list[Any]]
) -> tuple[list[Any], list[Any], list[tuple[str, str]]]:
    """Return examples to learn from, those held out, and works that give none, with the reason."""
    train: list[Any] = []
    held_out: list[Any] = []
    left_out: list[tuple[str, str]] = []
    for work in collection.works:
        try:
            found = read(work)
        except READING_FAULTS as error:
            left_out.append((work.name, str(error)))
            continue
        if not found:
            left_out.append((work.name, "nothing in it is of the kind that this model learns"))
        (held_out if work.is_held_out else train).extend(found)
    if not train:
        # Better to learn without a figure than not at all.
        train, held_out = held_out, []
    return train, held_out, left_out


def get_piece(work: Work) -> Piece:
    """Return the piece of a work that is no tune."""
    assert work.piece is not None, "a work is a tune or a piece"
    return work.piece


def count_heads(width: int) -> int:
    """Return how many heads of attention a width divides into, 4 at most."""
    return next(heads for heads in (4, 2, 1) if width % heads == 0)
