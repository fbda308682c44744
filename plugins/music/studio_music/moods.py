"""The states of game music: chords, patterns and instruments for each, in one key and metre."""

from dataclasses import dataclass
from typing import Final, Literal

State = Literal["calm", "tension", "combat", "victory"]
STATES: Final[tuple[State, ...]] = ("calm", "tension", "combat", "victory")
Style = Literal["orchestral", "synth", "chip", "folk"]


@dataclass(frozen=True)
class Mood:
    """How a state sounds.

    Attributes:
        progressions: to choose from; each chord is a degree (0..6), held a bar.
        mode: steps of the scale that the degrees count in.
        bass, chords, melody, extra: patterns by name, see `patterns`.
        drums: beat by name, "" for none.
        force: velocity of usual notes.
        busy: notes of the melody in a beat, on average.
        register: octave in which the melody lies, as a MIDI pitch of its lowest note.
    """

    progressions: tuple[tuple[int, ...], ...]
    mode: Literal["minor", "major", "dorian", "phrygian", "lydian"]
    bass: str
    chords: str
    drums: str
    force: int
    busy: float
    register: int


SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
}

MOODS: Final[dict[str, dict[State, Mood]]] = {
    "minor": {
        "calm": Mood(
            ((0, 5, 2, 6), (0, 3, 5, 6), (0, 2, 3, 4)), "minor", "long", "broken", "", 62, 0.6, 67
        ),
        "tension": Mood(
            ((0, 0, 1, 0), (0, 5, 0, 1), (0, 3, 0, 1)),
            "phrygian",
            "pulse",
            "held",
            "heartbeat",
            72,
            0.4,
            60,
        ),
        "combat": Mood(
            ((0, 0, 5, 6), (0, 5, 3, 4), (0, 6, 5, 4)),
            "minor",
            "drive",
            "stabs",
            "battle",
            100,
            1.4,
            67,
        ),
        "victory": Mood(
            ((5, 6, 0, 0), (2, 6, 5, 0), (3, 6, 0, 0)),
            "dorian",
            "march",
            "fanfare",
            "march",
            98,
            1.0,
            66,
        ),
    },
    "major": {
        "calm": Mood(
            ((0, 4, 5, 3), (0, 2, 3, 4), (0, 5, 1, 4)), "major", "long", "broken", "", 62, 0.6, 67
        ),
        "tension": Mood(
            ((5, 5, 3, 4), (1, 5, 1, 4), (5, 3, 5, 4)),
            "major",
            "pulse",
            "held",
            "heartbeat",
            72,
            0.4,
            60,
        ),
        "combat": Mood(
            ((5, 3, 0, 4), (5, 5, 3, 4), (5, 1, 3, 4)),
            "major",
            "drive",
            "stabs",
            "battle",
            100,
            1.4,
            67,
        ),
        "victory": Mood(
            ((0, 3, 4, 0), (0, 4, 3, 0), (3, 4, 0, 0)),
            "major",
            "march",
            "fanfare",
            "march",
            98,
            1.0,
            66,
        ),
    },
}
"""By the mode of the pack."""

STEMS: Final = ("melody", "chords", "bass", "drums")
PROGRAMS: Final[dict[Style, dict[State, tuple[int, int, int]]]] = {
    "orchestral": {
        "calm": (73, 46, 42),
        "tension": (71, 48, 43),
        "combat": (60, 48, 43),
        "victory": (56, 61, 58),
    },
    "synth": {
        "calm": (88, 89, 38),
        "tension": (98, 94, 38),
        "combat": (81, 90, 38),
        "victory": (81, 90, 38),
    },
    "chip": {
        "calm": (80, 80, 38),
        "tension": (80, 80, 38),
        "combat": (80, 81, 38),
        "victory": (80, 80, 38),
    },
    "folk": {
        "calm": (73, 24, 32),
        "tension": (71, 46, 32),
        "combat": (110, 25, 32),
        "victory": (74, 24, 32),
    },
}
"""Melody, chords, bass."""
