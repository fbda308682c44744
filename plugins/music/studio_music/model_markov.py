"""A Markov chain over the notes of chorales: the baseline of the nets, and a quick study of scores.

A note is foreseen as a step from the voice's last pitch, given more and more of what is around;
longer contexts fall back on shorter ones by the weights of Witten and Bell (1991).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio_music.chorale_data import BEAT, REST, VOICES, Frames
from studio_music.chorale_features import Ints, Scale, advance
from studio_music.chorale_sampling import Draft

REACH: Final = 30
"""Semitones of the largest step."""
SYMBOLS: Final = 2 * REACH + 2
"""Steps, and a rest, which is 0."""
STARTS: Final = (70, 65, 58, 50)
"""From where the first notes are counted."""
MAX_ORDER: Final = 4
MASK: Final = (1 << 62) - 1
SCALE: Final = Scale(24, 80)


@dataclass(frozen=True)
class Table:
    """How often which step followed which context.

    Attributes:
        keys: int64, sorted; numbers made from contexts.
        starts: int32 (keys + 1), where the rows of a key begin.
        symbols: uint8.
        counts: int32.
    """

    keys: Ints
    starts: npt.NDArray[np.int32]
    symbols: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int32]

    def find(self, key: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
        """Return symbols and counts of a context; empty if it was never seen."""
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return self.symbols[:0], self.counts[:0]
        rows = slice(int(self.starts[place]), int(self.starts[place + 1]))
        return self.symbols[rows], self.counts[rows]

    def to_tensors(self) -> dict[str, Tensor]:
        """Return what goes into a file."""
        return {
            "keys": torch.from_numpy(self.keys),
            "starts": torch.from_numpy(self.starts),
            "symbols": torch.from_numpy(self.symbols),
            "counts": torch.from_numpy(self.counts),
        }


def to_table(tensors: Mapping[str, Tensor]) -> Table:
    """Read what `Table.to_tensors` made; raises KeyError or ValueError if it is damaged."""
    keys, starts = tensors["keys"].numpy(), tensors["starts"].numpy()
    symbols, counts = tensors["symbols"].numpy(), tensors["counts"].numpy()
    whole = len(starts) == len(keys) + 1 and len(symbols) == len(counts) == int(starts[-1])
    if not whole or (np.diff(keys) <= 0).any() or (np.diff(starts) <= 0).any():
        raise ValueError("the table is damaged")
    if (symbols >= SYMBOLS).any() or (counts < 1).any():
        raise ValueError("the table is damaged")
    return Table(keys, starts, symbols, counts)


def learn_table(pieces: Sequence[Frames], order: int = MAX_ORDER, least: int = 1) -> Table:
    """Count all pieces.

    Args:
        pieces: of four voices.
        order: longest context, 0..`MAX_ORDER`.
        least: contexts seen less often are left out, but for the shortest.
    """
    found: dict[int, Counter[int]] = {}
    for frames in pieces:
        for index, voice, context in iterate_contexts(frames):
            symbol = find_symbol(frames, index, voice)
            for key in context[: order + 1]:
                found.setdefault(key, Counter())[symbol] += 1
    kept = sorted(key for key, seen in found.items() if seen.total() >= least)
    rows = [sorted(found[key].items()) for key in kept]
    flat = [pair for row in rows for pair in row]
    return Table(
        np.array(kept, np.int64),
        np.cumsum([0, *map(len, rows)]).astype(np.int32),
        np.array([symbol for symbol, _ in flat], np.uint8),
        np.array([count for _, count in flat], np.int32),
    )


def iterate_contexts(frames: Frames) -> Iterator[tuple[int, int, list[int]]]:
    """Yield frame, voice and keys of its contexts, the shortest first, for every note."""
    tracker = Tracker()
    for index in range(len(frames)):
        tracker.look(index, frames)
        for voice in range(VOICES):
            yield index, voice, tracker.list_keys(voice, frames[index])


def find_symbol(frames: Frames, index: int, voice: int) -> int:
    """Return the step by which a note is reached."""
    pitch = int(frames[index, voice])
    if pitch == REST:
        return 0
    anchor = find_anchor(frames[index - 1] if index else None, voice)
    return int(np.clip(pitch - anchor, -REACH, REACH)) + REACH + 1


def find_anchor(before: Frames | None, voice: int) -> int:
    """Return the pitch from which the steps of a voice are counted."""
    if before is None or before[voice] == REST:
        return STARTS[voice]
    return int(before[voice])


class Tracker:
    """What is around the next notes, frame by frame."""

    def __init__(self) -> None:
        self._age: Ints = np.zeros(VOICES, np.int64)
        self._move: Ints = np.zeros(VOICES, np.int64)
        self._before: Frames | None = None
        self._index = 0

    def look(self, index: int, frames: Frames) -> None:
        """Take in the frame before `index`."""
        if index:
            earlier = frames[index - 2] if index > 1 else None
            self._age, self._move = advance(frames[index - 1], earlier, self._age, self._move)
        self._before = frames[index - 1] if index else None
        self._index = index

    def list_keys(self, voice: int, frame: Frames) -> list[int]:
        """Return keys of the contexts of a voice, the shortest first."""
        before = self._before if self._before is not None else np.array(STARTS, np.int16)
        own = find_anchor(self._before, voice)
        held = int(min(self._age[voice], 8))
        above = [_step(frame[other], before[other]) for other in range(voice)]
        gaps = [_step(frame[other], own) for other in range(voice)]
        chord = [_step(pitch, own) for pitch in before]
        parts = ([self._index % BEAT, held], above, gaps, chord)
        key = _mix(17, [voice, self._index == 0])
        keys = [key]
        for part in parts:
            key = _mix(key, [99, *part])
            keys.append(key)
        return keys


def _step(pitch: int | np.integer, anchor: int | np.integer) -> int:
    return 77 if REST in (pitch, anchor) else int(pitch) - int(anchor)


def _mix(key: int, numbers: Sequence[int]) -> int:
    for number in numbers:
        key = ((key ^ (int(number) + 128)) * 0x100000001B3 + (key >> 29)) & MASK
    return key


class MarkovModel:
    """A table that foresees notes; see `chorale_sampling.Model`."""

    scale: Scale = SCALE

    def __init__(self, table: Table, order: int = MAX_ORDER) -> None:
        self._table, self._order = table, order
        self.begin(None)

    def begin(self, draft: Draft | None) -> None:
        """Start anew."""
        self._tracker = Tracker()
        self._before: Frames | None = None

    def look(self, index: int, made: Frames) -> None:
        """Take in the frame before `index`."""
        self._tracker.look(index, made)
        self._before = made[index - 1] if index else None

    def score(self, voice: int, filled: Frames) -> npt.NDArray[np.floating]:
        """Return the log-probability of each pitch of a voice."""
        shares = np.full(SYMBOLS, 1 / SYMBOLS)
        for key in self._tracker.list_keys(voice, filled)[: self._order + 1]:
            symbols, counts = self._table.find(key)
            if not len(symbols):
                break
            shares = shares * len(symbols)
            shares[symbols] += counts
            shares /= shares.sum()
        anchor = find_anchor(self._before, voice)
        steps = np.arange(SCALE.size) + SCALE.lowest - 1 - anchor
        inside = np.abs(steps) <= REACH
        found = np.where(inside, shares[np.clip(steps + REACH + 1, 0, SYMBOLS - 1)], 1e-9)
        found[0] = shares[0]
        return np.asarray(np.log(found / found.sum()))


def measure_markov(model: MarkovModel, pieces: Sequence[Frames]) -> float:
    """Return nats per note of pieces, teacher forced: protocol 2."""
    total = 0.0
    for frames in pieces:
        model.begin(None)
        for index in range(len(frames)):
            model.look(index, frames)
            indices = SCALE.index(frames[index])
            for voice in range(VOICES):
                total -= float(model.score(voice, frames[index])[indices[voice]])
    return total / sum(frames.size for frames in pieces)
