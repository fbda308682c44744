"""Patterns of game music: chords, basses, beats and tunes written bar by bar by rules."""

import random
from typing import Final

from studio_music.moods import SCALES, Mood
from studio_music.notes import Note

BEATS: Final[dict[str, tuple[tuple[int, tuple[float, ...], int], ...]]] = {
    "heartbeat": ((36, (0.0, 0.75), 78), (70, (0.5, 1.5, 2.5, 3.5), 40)),
    "battle": (
        (36, (0.0, 0.75, 1.5, 2.0, 2.75), 108),
        (38, (1.0, 3.0), 104),
        (42, (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5), 72),
        (45, (3.5, 3.75), 92),
    ),
    "march": (
        (36, (0.0, 2.0), 100),
        (38, (1.0, 1.5, 1.75, 3.0, 3.25, 3.5, 3.75), 84),
    ),
}
"""Drum, quarters of a bar in 4/4, velocity."""


def build_chord(mood: Mood, tonic: int, degree: int, lowest: int, size: int = 3) -> list[int]:
    """Return the pitches of a triad on a degree, close together from `lowest` up."""
    scale = SCALES[mood.mode]
    classes = [(tonic + scale[(degree + 2 * place) % 7]) % 12 for place in range(size)]
    return sorted(lowest + (pitch_class - lowest) % 12 for pitch_class in classes)


def lead_voices(before: list[int], chord: list[int], lowest: int) -> list[int]:
    """Return the inversion of `chord` nearest to the chord before it, and not far from `lowest`."""
    size = len(chord)
    turns = []
    for turn in range(-size, size + 1):
        octaves, raised = divmod(turn, size)
        turns.append(
            sorted(pitch + 12 * (octaves + (place < raised)) for place, pitch in enumerate(chord))
        )
    return min(
        turns,
        key=lambda pitches: (
            sum(abs(a - b) for a, b in zip(pitches, before, strict=True))
            + abs(pitches[0] - lowest - 3),
            pitches,
        ),
    )


def write_chords(
    pattern: str, chord: list[int], start: float, bar: float, force: int
) -> list[Note]:
    """Write a bar of accompaniment."""
    if pattern == "held":
        return [Note(start, bar, pitch, force - 8) for pitch in chord]
    if pattern == "broken":
        order = [chord[0], chord[1], chord[2], chord[1]]
        steps = round(bar / 0.5)
        return [
            Note(start + 0.5 * step, min(1.5, bar - 0.5 * step), order[step % 4], force - 10)
            for step in range(steps)
        ]
    if pattern == "stabs":
        places = [at for at in (0.0, 0.75, 1.5, 2.5, 3.0) if at < bar]
        return [
            Note(start + at, 0.4, pitch, force - (0 if at == 0 else 12))
            for at in places
            for pitch in chord
        ]
    fanfare = [(0.0, 0.75), (0.75, 0.25), (1.0, 1.0), (2.0, 2.0)]
    return [
        Note(start + at, min(length, bar - at) * 0.95, pitch, force - 4)
        for at, length in fanfare
        if at < bar
        for pitch in chord
    ]


def write_bass(
    pattern: str, root: int, fifth: int, start: float, bar: float, force: int
) -> list[Note]:
    """Write a bar of bass from the root and the fifth above or below it."""
    if pattern == "long":
        return [Note(start, bar * 0.98, root, force)]
    if pattern == "pulse":
        return [
            Note(start + 0.5 * step, 0.42, root, force - (0 if step % 4 == 0 else 16))
            for step in range(round(bar / 0.5))
        ]
    if pattern == "drive":
        steps = round(bar / 0.5)
        tones = [root, root, root + 12, root, fifth, root, root + 12, fifth]
        return [
            Note(start + 0.5 * step, 0.45, tones[step % 8], force - (0 if step % 4 == 0 else 10))
            for step in range(steps)
        ]
    return [
        Note(start + step, 0.8, root if step % 2 == 0 else fifth, force)
        for step in range(round(bar))
    ]


def write_beat(name: str, start: float, bar: float, force: int, fill: bool) -> list[Note]:
    """Write a bar of drums; a fill rolls into the next section."""
    if not name:
        return []
    notes = [
        Note(start + at, 0.25, drum, min(120, velocity * force // 100))
        for drum, places, velocity in BEATS[name]
        for at in places
        if at < bar and not (fill and at >= bar - 1 and drum != 36)
    ]
    if fill:
        toms = (38, 48, 45, 41)
        notes += [
            Note(start + bar - 1 + 0.25 * step, 0.25, toms[step], min(120, force - 6 + 3 * step))
            for step in range(4)
        ]
    return notes


def write_theme(rng: random.Random) -> list[tuple[float, float, int]]:
    """Invent two bars of 4/4: (quarter, length, step of the scale from the chord's root).

    All states of a pack sing this theme, each in its way: so they belong together.
    """
    rhythms = (
        ((0, 1.5), (1.5, 0.5), (2, 2), (4, 1), (5, 1), (6, 2)),
        ((0, 1), (1, 1), (2, 2), (4, 1.5), (5.5, 0.5), (6, 2)),
        ((0, 2), (2, 1), (3, 1), (4, 3), (7, 1)),
        ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1), (4, 2), (6, 2)),
    )
    theme: list[tuple[float, float, int]] = []
    step = rng.choice((0, 2, 4))
    for at, length in rng.choice(rhythms):
        theme.append((float(at), float(length), step))
        strong = at % 2 == 0
        moves = (-2, -1, 1, 2, 4) if strong and rng.random() < 0.35 else (-1, 1, 1, -1, 2)
        step = max(-1, min(7, step + rng.choice(moves)))
    return theme


def write_melody(
    mood: Mood,
    theme: list[tuple[float, float, int]],
    degrees: list[int],
    tonic: int,
    bar: float,
    rng: random.Random,
) -> list[Note]:
    """Sing the theme over the chords: thinner for calm states, with runs for busy ones.

    On strong beats the tune takes the nearest tone of the chord.
    """
    notes: list[Note] = []
    scale = SCALES[mood.mode]
    span = len(degrees) * bar
    cycle = 8.0
    start = 0.0
    while start < span:
        for at, length, step in theme:
            place = start + at * (bar / 4)
            if place >= span - 1e-6:
                break
            number = min(len(degrees) - 1, int(place // bar))
            if mood.busy < 0.5 and length <= 1 and at % 4 != 0:
                continue
            degree = step if (at % 2) else _fit(step, degrees[number])
            pitch = find_pitch(degree, scale, tonic, mood.register)
            held = min(length * (bar / 4), span - place)
            notes += _ornament(mood, (place, held, pitch), (degree, scale, tonic), rng)
        start += cycle * (bar / 4)
    return notes


def _fit(step: int, degree: int) -> int:
    """Return the step nearest to `step` that belongs to the triad on `degree`."""
    tones = {(degree + third) % 7 for third in (0, 2, 4)}
    return min(
        (candidate for candidate in range(step - 3, step + 4) if candidate % 7 in tones),
        key=lambda candidate: (abs(candidate - step), candidate),
    )


def find_pitch(step: int, scale: tuple[int, ...], tonic: int, register: int) -> int:
    """Return the pitch of a step of a scale; step 0 is the tonic nearest to `register`."""
    base = register + (tonic - register) % 12
    return base - (12 if base - register > 6 else 0) + 12 * (step // 7) + scale[step % 7]


def _ornament(
    mood: Mood,
    note: tuple[float, float, int],
    place: tuple[int, tuple[int, ...], int],
    rng: random.Random,
) -> list[Note]:
    """Return a note of the theme, broken into a run where the mood is busy."""
    start, length, pitch = note
    degree, scale, tonic = place
    force = mood.force + 6
    if mood.busy > 1.2 and length >= 1 and rng.random() < 0.6:
        run = (0, 1, 2, 1) if rng.random() < 0.5 else (0, -1, -2, -1)
        size = 0.5
        count = int(length / size)
        return [
            Note(
                start + size * number,
                size * 0.9,
                find_pitch(degree + run[number % 4], scale, tonic, mood.register),
                force - 6 * (number % 2),
            )
            for number in range(count)
        ]
    return [Note(start, length * 0.97, pitch, force)]
