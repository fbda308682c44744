"""What the folk net sees before each note: place in the bar and the form, and what stood there.

The notes that began 1, 2, 4 and 8 bars ago, and at this place of the section before, are shown to
the net directly (the look-back of Waite et al., 2016, at note level): tunes repeat themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.folk_data import LENGTHS, METRES, REST, SECTION, FolkTune, Phrase, get_bar

LOOK_BACKS: Final = (1, 2, 4, 8)
"""Bars; two more look at the section before, from its beginning and from its end."""
LONGEST_BAR: Final = 144
MOST_BARS: Final = 16
ANY_TONIC: Final = 12
"""Where no key is known; fiddle tunes lie in another register in D than in G."""
COLUMNS: Final = (
    "pitch", "length", "place", "ticks_left", "bars_left", "bar", "section", "sections_left",
    "repeated", "mode", "metre", "dance", "tonic",
)  # fmt: skip
WIDTH: Final = len(COLUMNS) + 2 * (len(LOOK_BACKS) + 2)


@dataclass(frozen=True)
class SectionPlan:
    """Form of a section; see `Phrase`."""

    bars: int
    pickup: int
    ticks: int
    is_repeated: bool = True


@dataclass(frozen=True)
class TunePlan:
    """What is decided before the first note."""

    sections: tuple[SectionPlan, ...]
    mode: int = 0
    metre: int = 0
    dance: int = 0
    tonic: int = ANY_TONIC

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return get_bar(METRES[self.metre])


def plan_tune(tune: FolkTune) -> TunePlan:
    """Return the plan that a tune follows."""
    sections = tuple(SectionPlan(p.bars, p.pickup, p.ticks, p.is_repeated) for p in tune.phrases)
    return TunePlan(sections, tune.mode, tune.metre, tune.dance, tune.tonic)


@dataclass
class Timeline:
    """Walks through a plan, event by event.

    Attributes:
        section: in which the next event begins.
        tick: where, counted from the first full bar of the section.
    """

    plan: TunePlan
    section: int = -1
    tick: int = 0
    _events: list[dict[int, tuple[int, int]]] = field(default_factory=list)

    @property
    def ticks_left(self) -> int:
        """Until the section ends."""
        form = self.plan.sections[self.section]
        return form.ticks - form.pickup - self.tick

    @property
    def can_hold(self) -> bool:
        """A note sounds right before."""
        last = self._events[-1]
        return bool(last) and next(reversed(last.values()))[0] > REST

    @property
    def is_over(self) -> bool:
        """No section is left."""
        return self.section + 1 >= len(self.plan.sections) and self.ticks_left <= 0

    def open_section(self) -> list[int]:
        """Begin the next section; returns the row that announces it."""
        self.section += 1
        self.tick = -self.plan.sections[self.section].pickup
        self._events.append({})
        return self._build_row(SECTION, 0)

    def add(self, pitch: int, length: int) -> list[int]:
        """Add an event; returns its row, with the view of what comes next."""
        self._events[-1][self.tick] = (pitch, length)
        self.tick += LENGTHS[length - 1]
        return self._build_row(pitch, length)

    def _build_row(self, pitch: int, length: int) -> list[int]:
        plan, form, bar = self.plan, self.plan.sections[self.section], self.plan.bar
        left, number = max(0, self.ticks_left), self.tick // bar
        row = [
            pitch,
            length,
            self.tick % bar,
            min(left, LONGEST_BAR),
            min(max(0, form.bars - number), MOST_BARS),
            min(number + 1, MOST_BARS),
            self.section,
            len(plan.sections) - 1 - self.section,
            int(form.is_repeated),
            plan.mode,
            plan.metre,
            plan.dance,
            plan.tonic,
        ]
        own = self._events[-1]
        for bars in LOOK_BACKS:
            row += own.get(self.tick - bars * bar, (0, 0))
        if self.section == 0:
            return [*row, 0, 0, 0, 0]
        before, old = self._events[-2], self.plan.sections[self.section - 1]
        row += before.get(self.tick, (0, 0))
        row += before.get(old.ticks - old.pickup - left, (0, 0))
        return row


def build_rows(tune: FolkTune) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Return what the net sees (N, WIDTH) and what comes next (N, 2); 0 where nothing does."""
    line = Timeline(plan_tune(tune))
    rows: list[list[int]] = []
    targets: list[Sequence[int]] = []
    for phrase in tune.phrases:
        events = phrase.rows.tolist()
        rows.append(line.open_section())
        rows += [line.add(pitch, length) for pitch, length in events]
        targets += [*events, (0, 0)]
    return np.array(rows, np.int16), np.array(targets, np.int16)


def to_phrases(plan: TunePlan, sections: Sequence[Sequence[tuple[int, int]]]) -> tuple[Phrase, ...]:
    """Turn the events of each section into phrases of the plan."""
    return tuple(
        Phrase(
            np.array(events, np.int16).reshape(-1, 2),
            form.pickup,
            form.bars,
            form.ticks,
            form.is_repeated,
        )
        for form, events in zip(plan.sections, sections, strict=True)
    )


def find_allowed(line: Timeline) -> npt.NDArray[np.bool_]:
    """Return which length tokens may follow: none beyond the bar or the section; (21,)."""
    bar = line.plan.bar
    room = min(bar - line.tick % bar, line.ticks_left)
    # One tick is shorter than any length: nothing could fill it.
    return np.array([False, *(ticks <= room and room - ticks != 1 for ticks in LENGTHS)])
