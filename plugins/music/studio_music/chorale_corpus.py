"""Pieces to learn from, and batches of them: transposed, cut, with and without wishes and notes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio_music.chorale_data import VOICES, Chorale
from studio_music.chorale_features import (
    MAX_SHIFT,
    Ints,
    Scale,
    Wishes,
    build_start,
    describe_frames,
    describe_places,
    get_wishes,
)

WISHED: Final = 0.6
"""How often each wish is told, in pieces that have any."""


@dataclass(frozen=True)
class Diet:
    """What is drawn.

    Attributes:
        batch: pieces.
        block: frames of a piece at most.
        shift: semitones up or down at most.
        hinted: share of pieces with wishes or notes given; the others are as in the protocol.
        beat: frames that a cut is a multiple of.
    """

    batch: int = 8
    block: int = 256
    shift: int = MAX_SHIFT
    hinted: float = 0.4
    beat: int = 4


@dataclass(frozen=True)
class Batch:
    """Tensors of a step; see `FrameNet`.

    Attributes:
        weight: (batch, frames, VOICES) 1 where a note counts.
    """

    inputs: Tensor
    before: Tensor
    frames: Tensor
    known: Tensor
    weight: Tensor


@dataclass(frozen=True)
class Example:
    """Arrays of one piece, or part of one."""

    inputs: Ints
    before: Ints
    frames: Ints
    known: Ints


class Corpus:
    """Pieces, described once."""

    def __init__(self, pieces: Sequence[Chorale], scale: Scale) -> None:
        """Describe the pieces; most work is done here."""
        self.pieces, self.scale = list(pieces), scale
        self._states = [describe_frames(piece.frames) for piece in pieces]

    def cut(
        self,
        number: int,
        part: tuple[int, int],
        wishes: Wishes,
        known: npt.NDArray[np.bool_] | None,
    ) -> Example:
        """Take a part of a piece.

        Args:
            number: of the piece.
            part: first frame, and the one after the last.
            wishes: what is told of the piece; it is transposed by their `shift`.
            known: (frames of the part, VOICES) notes that are given; None for none.
        """
        start, stop = part
        piece = self.pieces[number].frames
        shifted = np.where(piece < 0, piece, piece + wishes.shift).astype(np.int16)
        indices = self.scale.index(shifted)
        first = np.zeros((1, VOICES), np.int64)
        before = np.concatenate([first, indices[:-1]])[start:stop]
        states = np.concatenate([build_start()[None], self._states[number][:-1]])[start:stop]
        earlier = np.concatenate([np.full((1, VOICES), -1, np.int16), shifted[:-1]])[start:stop]
        places = describe_places(start, stop - start, wishes, earlier)
        frames = indices[start:stop]
        given = np.zeros_like(frames) if known is None else np.where(known, frames + 1, 0)
        return Example(np.concatenate([before, states, places], 1), before, frames, given)

    def draw(self, rng: np.random.Generator, diet: Diet) -> Batch:
        """Draw a batch of pieces of similar length."""
        lengths = np.array([len(piece.frames) for piece in self.pieces])
        share = np.maximum(1, lengths / diet.block)
        chosen = rng.choice(len(lengths), 4 * diet.batch, p=share / share.sum())
        chosen = chosen[np.argsort(np.minimum(lengths[chosen], diet.block), kind="stable")]
        row = int(rng.integers(4)) * diet.batch
        return join(
            [self._draw_one(int(number), rng, diet) for number in chosen[row : row + diet.batch]]
        )

    def _draw_one(self, number: int, rng: np.random.Generator, diet: Diet) -> Example:
        length = len(self.pieces[number].frames)
        start = 0
        if length > diet.block and rng.random() < 0.75:
            start = int(rng.integers((length - diet.block) // diet.beat + 1)) * diet.beat
        stop = min(length, start + diet.block)
        steps = np.arange(-diet.shift, diet.shift + 1)
        share = 1 / (1 + np.abs(steps) / 4)
        shift = int(rng.choice(steps, p=share / share.sum()))
        if rng.random() >= diet.hinted:
            return self.cut(number, (start, stop), Wishes(shift=shift), None)
        wishes = draw_wishes(get_wishes(self.pieces[number], shift), rng)
        return self.cut(number, (start, stop), wishes, draw_known(stop - start, rng))


def draw_wishes(wishes: Wishes, rng: np.random.Generator) -> Wishes:
    """Leave some of them open."""
    tells = rng.random(3) < WISHED
    return replace(
        wishes,
        tonic=wishes.tonic if tells[0] else None,
        length=wishes.length if tells[1] else 0,
        bar=wishes.bar if tells[2] else 0,
    )


def draw_known(count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_] | None:
    """Decide which notes are given: none, the melody, some voices, or all but a few bars."""
    kind = rng.random()
    if kind < 0.35:
        return None
    known = np.zeros((count, VOICES), bool)
    if kind < 0.7:
        known[:, 0] = True
        return known
    voices = rng.random(VOICES) < 0.5
    if kind < 0.8:
        known[:, voices] = True
        return known
    known[:] = True
    length = int(rng.integers(8, max(9, min(count, 128))))
    start = int(rng.integers(0, max(1, count - length + 1)))
    known[start : start + length, ~voices if not voices.all() else slice(None)] = False
    return known


def join(examples: Sequence[Example]) -> Batch:
    """Stack pieces, filled up to the longest."""
    longest = max(len(example.frames) for example in examples)

    def stack(arrays: Sequence[Ints]) -> Tensor:
        made = np.zeros((len(arrays), longest, arrays[0].shape[1]), np.int64)
        for row, array in zip(made, arrays, strict=True):
            row[: len(array)] = array
        return torch.from_numpy(made)

    known = stack([example.known for example in examples])
    lengths = torch.tensor([len(example.frames) for example in examples])
    inside = (torch.arange(longest)[None] < lengths[:, None])[..., None]
    return Batch(
        inputs=stack([example.inputs for example in examples]),
        before=stack([example.before for example in examples]),
        frames=stack([example.frames for example in examples]),
        known=known,
        weight=(inside & (known == 0)).float(),
    )
