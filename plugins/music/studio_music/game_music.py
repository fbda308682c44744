"""Game music composed: a state as a piece that loops, a bridge from one state to another."""

import random
from dataclasses import dataclass, replace
from typing import Final

from studio_music.moods import MOODS, PROGRAMS, SCALES, STATES, STEMS, Mood, State, Style
from studio_music.notes import Note, Part, Piece, sort_notes
from studio_music.patterns import (
    build_chord,
    find_pitch,
    lead_voices,
    write_bass,
    write_beat,
    write_chords,
    write_melody,
    write_theme,
)

BAR: Final = 4.0
CHORDS_FROM: Final = 54
BASS_FROM: Final = 33


@dataclass(frozen=True)
class Pack:
    """What all states of a pack share: seed, tonic 0..11, mode, tempo, bars, instruments."""

    seed: int
    tonic: int
    mode: str
    bpm: float
    bars: int
    style: Style

    @property
    def fifths(self) -> int:
        """The key signature."""
        major = (self.tonic + 3) % 12 if self.mode == "minor" else self.tonic
        return (7 * major + 5) % 12 - 5


def compose_state(pack: Pack, state: State) -> Piece:
    """Compose a loop; the last bar leads back to the first."""
    mood = MOODS[pack.mode][state]
    rng = random.Random(f"{pack.seed} {state}")
    theme = write_theme(random.Random(f"{pack.seed} theme"))
    degrees = _choose_degrees(mood, pack.bars, rng)
    chords: list[Note] = []
    bass: list[Note] = []
    drums: list[Note] = []
    before: list[int] | None = None
    for number, degree in enumerate(degrees):
        start = number * BAR
        chord = build_chord(mood, pack.tonic, degree, CHORDS_FROM)
        chord = lead_voices(before, chord, CHORDS_FROM) if before else chord
        before = chord
        chords += write_chords(mood.chords, chord, start, BAR, mood.force)
        root, fifth = _find_bass(mood, pack.tonic, degree)
        bass += write_bass(mood.bass, root, fifth, start, BAR, mood.force)
        is_fill = number == len(degrees) - 1 and mood.drums in ("battle", "march")
        drums += write_beat(mood.drums, start, BAR, mood.force, is_fill)
    melody = write_melody(mood, theme, degrees, pack.tonic, BAR, rng)
    return _build(pack, state, (melody, chords, bass, drums))


def compose_bridge(pack: Pack, start: State, goal: State) -> Piece:
    """Compose the bar that leads from one state to another: up with a run and a roll, down held."""
    mood = MOODS[pack.mode][goal]
    rising = STATES.index(goal) > STATES.index(start)
    force = (MOODS[pack.mode][start].force + mood.force) // 2
    chord = build_chord(mood, pack.tonic, 4, CHORDS_FROM)
    scale = SCALES[mood.mode]
    register = mood.register
    drums: list[Note] = []
    if rising:
        melody = [
            Note(
                0.5 * place,
                0.45,
                find_pitch(step, scale, pack.tonic, register),
                force - 12 + 4 * place,
            )
            for place, step in enumerate(range(-3, 5))
        ]
        chords = write_chords("stabs", chord, 0.0, BAR, force)
        if mood.drums:
            drums = [Note(0.0, 0.25, 36, force), *_roll(force)]
    else:
        melody = [
            Note(at, length * 0.97, find_pitch(step, scale, pack.tonic, register), force)
            for at, length, step in ((0.0, 1.0, 4), (1.0, 1.0, 3), (2.0, 2.0, 1))
        ]
        chords = write_chords("held", chord, 0.0, BAR, force)
        drums = [Note(0.0, 0.25, 49, force - 20)] if MOODS[pack.mode][start].drums else []
    root, _ = _find_bass(mood, pack.tonic, 4)
    bass = [Note(0.0, 2.0, root, force), Note(2.0, 1.95, root, force)]
    return _build(pack, goal, (melody, chords, bass, drums))


def compose_medley(pack: Pack, states: tuple[State, ...]) -> Piece:
    """Join the states one after the other, with their bridges, as one score."""
    rows: list[list[Note]] = [[] for _ in STEMS]
    programs = PROGRAMS[pack.style]
    now = 0.0
    for number, state in enumerate(states):
        pieces = [compose_state(pack, state)]
        if number + 1 < len(states):
            pieces.append(compose_bridge(pack, state, states[number + 1]))
        for piece in pieces:
            for place, stem in enumerate(STEMS):
                part = next((part for part in piece.parts if part.name == stem), None)
                for note in part.notes if part else ():
                    rows[place].append(replace(note, start=note.start + now))
            now += BAR * max(1, round(piece.length / BAR + 0.4))
    first = programs[states[0]]
    parts = tuple(
        Part(stem, first[place] if place < 3 else 0, sort_notes(notes), stem == "drums")
        for place, (stem, notes) in enumerate(zip(STEMS, rows, strict=True))
        if notes
    )
    return replace(compose_state(pack, states[0]), parts=parts, title="Game music")


def _choose_degrees(mood: Mood, bars: int, rng: random.Random) -> list[int]:
    """Go through a progression; the second time the end turns towards the dominant."""
    progression = rng.choice(mood.progressions)
    degrees = [progression[number % len(progression)] for number in range(bars)]
    if bars >= 8 and mood.mode != "phrygian":
        degrees[-1] = 4 if degrees[-1] != 4 else 6
    return degrees


def _find_bass(mood: Mood, tonic: int, degree: int) -> tuple[int, int]:
    scale = SCALES[mood.mode]
    root = BASS_FROM + (tonic + scale[degree] - BASS_FROM) % 12
    fifth_class = (tonic + scale[(degree + 4) % 7]) % 12
    return root, root + (fifth_class - root) % 12


def _roll(force: int) -> list[Note]:
    """A roll that grows over the second half of the bar."""
    return [Note(2 + 0.25 * step, 0.2, 38, force - 30 + 4 * step) for step in range(8)]


def _build(pack: Pack, state: State, rows: tuple[list[Note], ...]) -> Piece:
    programs = PROGRAMS[pack.style][state]
    parts = tuple(
        Part(stem, programs[place] if place < 3 else 0, sort_notes(notes), stem == "drums")
        for place, (stem, notes) in enumerate(zip(STEMS, rows, strict=True))
        if notes
    )
    return Piece(
        parts, pack.bpm, (4, 4), pack.fifths, "minor" if pack.mode == "minor" else "major", state
    )
