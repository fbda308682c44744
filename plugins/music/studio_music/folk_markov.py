"""A Markov chain over the notes of tunes: the baseline that the nets must beat.

Pitch given the last pitches and the place in the bar, then length given the last lengths and the
same; longer contexts fall back on shorter ones by the weights of Witten and Bell (1991).
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

from studio_music.folk_data import LENGTHS, PITCHES, FolkTune
from studio_music.folk_features import COLUMNS, build_rows

MAX_ORDER: Final = 3
MODE, METRE, PLACE = (COLUMNS.index(name) for name in ("mode", "metre", "place"))
SIZES: Final = (PITCHES, len(LENGTHS) + 1)
Context = Hashable


class FolkChain:
    """Counts of what follows what."""

    def __init__(self, order: int) -> None:
        """Begin with nothing.

        Args:
            order: notes that are looked back at, 0..`MAX_ORDER`.
        """
        self.order = order
        self._counts: dict[Context, Counter[int]] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def learn(self, tunes: Sequence[FolkTune]) -> None:
        """Count tunes."""
        for tune in tunes:
            for symbol, contexts in self._iterate(tune):
                for context in contexts:
                    self._counts.setdefault(context, Counter())[symbol] += 1

    def measure(self, tunes: Sequence[FolkTune]) -> float:
        """Return nats per note, pitch and length together."""
        total, notes = 0.0, 0
        for tune in tunes:
            for number, (symbol, contexts) in enumerate(self._iterate(tune)):
                total -= math.log(self._foresee(symbol, contexts, SIZES[number % 2]))
                notes += number % 2
        return total / max(1, notes)

    def _foresee(self, symbol: int, contexts: Sequence[Context], size: int) -> float:
        share = 1 / size
        for context in contexts:
            counts = self._counts.get(context)
            if counts is None:
                break
            share = (counts[symbol] + len(counts) * share) / (counts.total() + len(counts))
        return share

    def _iterate(self, tune: FolkTune) -> Iterator[tuple[int, list[Context]]]:
        """Yield each pitch, and each length after it, with its contexts, the shortest first."""
        rows, targets = build_rows(tune)
        past: list[tuple[int, int]] = []
        for row, (pitch, length) in zip(rows.tolist(), targets.tolist(), strict=True):
            past.append((row[0], row[1]))
            if not pitch:
                continue
            mode, metre, place = row[MODE], row[METRE], row[PLACE]
            pitches: list[Context] = []
            lengths: list[Context] = []
            for order in range(self.order + 1):
                last = past[-order:] if order else []
                where = (metre, place) if order else ()
                pitches.append((order, mode, where, tuple(last)))
                lengths.append((order, metre, where, pitch if order > 1 else -1, *last, "length"))
            yield pitch, pitches
            yield length, lengths
