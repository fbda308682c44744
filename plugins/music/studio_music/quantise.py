"""Notes onto the grid of written music: 24 ticks a quarter, straight or in triplets by the beat."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from studio_music.notes import Note

TICKS: Final = 24
"""Of a quarter: 3 is a thirty-second, 4 a sixteenth of a triplet."""
STRAIGHT: Final = 3
TRIPLET: Final = 4
RELUCTANCE: Final = 0.6
"""How much better triplets must fit before they are believed."""


@dataclass(frozen=True)
class Event:
    """Pitches that begin and end together, in ticks; none is a rest."""

    start: int
    length: int
    pitches: tuple[int, ...]

    @property
    def end(self) -> int:
        """Ticks."""
        return self.start + self.length


def quantise(notes: Iterable[Note]) -> list[Event]:
    """Return events by start; each beat is straight or in triplets, whichever fits it better."""
    notes = list(notes)
    beats: dict[int, list[float]] = {}
    for note in notes:
        for place in (note.start, note.end):
            beats.setdefault(int((place + 1e-6) // 1), []).append((place * TICKS) % TICKS)
    steps = {beat: _choose_step(places) for beat, places in beats.items()}
    grouped: dict[tuple[int, int], set[int]] = {}
    for note in notes:
        start = _round(note.start, steps)
        end = max(_round(note.end, steps), start + steps[int((note.start + 1e-6) // 1)])
        grouped.setdefault((start, end - start), set()).add(note.pitch)
    events = [
        Event(start, length, tuple(sorted(pitches))) for (start, length), pitches in grouped.items()
    ]
    return sorted(events, key=lambda event: (event.start, -event.length, event.pitches))


def _choose_step(places: list[float]) -> int:
    """Return the grid of a beat from where notes begin and end in it."""
    errors = {
        step: sum(abs(place - step * round(place / step)) for place in places)
        for step in (2 * STRAIGHT, STRAIGHT, TRIPLET)
    }
    if errors[2 * STRAIGHT] < 0.35 * len(places):
        return 2 * STRAIGHT
    if errors[TRIPLET] < RELUCTANCE * errors[STRAIGHT] or errors[TRIPLET] < 0.1:
        return TRIPLET if errors[STRAIGHT] > 0.1 else STRAIGHT
    return STRAIGHT if errors[STRAIGHT] < 0.5 * errors[2 * STRAIGHT] else 2 * STRAIGHT


def _round(place: float, steps: dict[int, int]) -> int:
    beat = int((place + 1e-6) // 1)
    step = steps[beat]
    return beat * TICKS + step * round((place - beat) * TICKS / step)


def spread(events: list[Event], most: int) -> list[list[Event]]:
    """Share events among up to `most` voices; what fits in none is cut short or joined.

    A voice never sings two events at once.
    """
    voices: list[list[Event]] = [[]]
    for event in events:
        free = next((v for v in voices if not v or v[-1].end <= event.start), None)
        if free is None and len(voices) < most:
            free = []
            voices.append(free)
        if free is not None:
            free.append(event)
            continue
        _squeeze(voices, event)
    return voices


def _squeeze(voices: list[list[Event]], event: Event) -> None:
    """Cut the voice that ends first, or join its chord if both begin together."""
    voice = min(voices, key=lambda v: (v[-1].start == event.start, v[-1].end))
    last = voice[-1]
    if last.start == event.start:
        pitches = tuple(sorted({*last.pitches, *event.pitches}))
        voice[-1] = Event(last.start, last.length, pitches)
        return
    voice[-1] = Event(last.start, event.start - last.start, last.pitches)
    voice.append(event)


def fill(voice: list[Event], start: int, end: int) -> list[Event]:
    """Return what a voice does from `start` to `end`, rests included, cut at both."""
    filled: list[Event] = []
    now = start
    for event in voice:
        low, high = max(event.start, start), min(event.end, end)
        if low >= high:
            continue
        if low > now:
            filled.append(Event(now, low - now, ()))
        filled.append(Event(low, high - low, event.pitches))
        now = high
    if now < end:
        filled.append(Event(now, end - now, ()))
    return filled
