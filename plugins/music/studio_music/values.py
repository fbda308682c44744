"""Written note values: how a length at a place in the bar is split into notes and ties."""

from dataclasses import dataclass
from typing import Final

from studio_music.quantise import TICKS

STRAIGHT: Final = {
    192: ("breve", 0),
    144: ("whole", 1),
    96: ("whole", 0),
    72: ("half", 1),
    48: ("half", 0),
    36: ("quarter", 1),
    24: ("quarter", 0),
    18: ("eighth", 1),
    12: ("eighth", 0),
    9: ("16th", 1),
    6: ("16th", 0),
    3: ("32nd", 0),
}
TRIPLETS: Final = {16: ("quarter", 0), 12: ("eighth", 1), 8: ("eighth", 0), 4: ("16th", 0)}
BEAMS: Final = {"eighth": 1, "16th": 2, "32nd": 3}


@dataclass(frozen=True)
class Value:
    """A written value: ticks it lasts, its name, dots, and whether it is part of a triplet."""

    ticks: int
    kind: str
    dots: int
    is_triplet: bool = False


@dataclass(frozen=True)
class Metre:
    """A metre in ticks: the bar, and what it is counted in from large to small."""

    beats: int
    unit: int

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return self.beats * 4 * TICKS // self.unit

    @property
    def is_compound(self) -> bool:
        """6/8, 9/8, 12/8: three units are a beat."""
        return self.unit >= 8 and self.beats > 3 and self.beats % 3 == 0

    @property
    def beat(self) -> int:
        """Ticks of what a conductor beats."""
        unit = 4 * TICKS // self.unit
        return 3 * unit if self.is_compound else unit

    @property
    def levels(self) -> tuple[int, ...]:
        """Lengths whose multiples are ever weaker places of the bar."""
        half = (self.bar // 2,) if self.beats == 4 or (self.beats, self.unit) == (12, 8) else ()
        sizes = [self.bar, *half, self.beat]
        size = self.beat // 3 if self.is_compound else self.beat // 2
        while size >= 3:
            sizes.append(size)
            size //= 2
        return tuple(sizes)

    def find_level(self, place: int) -> int:
        """How weak a place in the bar is: 0 the first beat."""
        sizes = self.levels
        return next((n for n, size in enumerate(sizes) if place % size == 0), len(sizes))


def split_value(start: int, length: int, metre: Metre, is_rest: bool = False) -> list[Value]:
    """Split a length that begins `start` ticks into the bar into written values.

    A note may hide one level of the bar's beats (a syncopation), a rest none.
    """
    if _is_triplet(start, length):
        return _split_triplet(start, length)
    straight = STRAIGHT.get(length)
    if straight and _is_readable(start, length, metre, is_rest) and length <= metre.bar:
        return [Value(length, *straight)]
    cut = _find_cut(start, length, metre)
    if cut is None:
        largest = max((value for value in STRAIGHT if value <= length), default=3)
        rest = length - largest
        first = Value(largest, *STRAIGHT[largest])
        return [first, *(split_value(start + largest, rest, metre, is_rest) if rest > 0 else [])]
    return [
        *split_value(start, cut - start, metre, is_rest),
        *split_value(cut, start + length - cut, metre, is_rest),
    ]


def _is_triplet(start: int, length: int) -> bool:
    return start % 3 != 0 or (start + length) % 3 != 0


def _split_triplet(start: int, length: int) -> list[Value]:
    """Cut at beats; inside one, thirds and their halves."""
    values: list[Value] = []
    now, end = start, start + length
    while now < end:
        stop = min(end, (now // TICKS + 1) * TICKS)
        if now % TICKS == 0 and stop == now + TICKS:
            values.append(Value(TICKS, "quarter", 0))
            now = stop
            continue
        if now % 3 == 0 and stop % 3 == 0:  # the straight beat at the other end of the tie
            piece = stop - now
            if piece in STRAIGHT:
                values.append(Value(piece, *STRAIGHT[piece]))
                now = stop
                continue
        while now < stop:
            size = max((v for v in TRIPLETS if v <= stop - now), default=4)
            values.append(Value(size, *TRIPLETS[size], is_triplet=True))
            now += size
    return values


def _is_readable(start: int, length: int, metre: Metre, is_rest: bool) -> bool:
    """Whether one value may stand here without hiding where the beats are."""
    inside = [
        metre.find_level(place)
        for size in metre.levels
        for place in range((start // size + 1) * size, start + length, size)
    ]
    if not inside:
        return True
    strongest = min(inside)
    begins, ends = metre.find_level(start), metre.find_level(start + length)
    if is_rest or metre.is_compound:
        return begins < strongest
    # A dotted value may reach over a weaker beat from a strong one, or into one.
    return min(begins, ends) - strongest <= 1 and begins - strongest <= 1


def _find_cut(start: int, length: int, metre: Metre) -> int | None:
    """The strongest beat inside."""
    for size in metre.levels:
        place = (start // size + 1) * size
        if place < start + length:
            return place
    return None
