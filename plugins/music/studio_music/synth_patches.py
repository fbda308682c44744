"""Which tone plays which General MIDI instrument."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from studio_music.synth_tones import (
    Modes,
    Samples,
    Timbre,
    build_fm,
    build_modal,
    build_plucked,
    build_sustained,
)

Build = Callable[[int, float, int, float], Samples]
"""pitch, seconds, rate, brightness 0..1 -> tone."""

LONGEST_RING: Final = 9.0
"""Seconds after which a struck or plucked tone is silence."""


@dataclass(frozen=True)
class Patch:
    """An instrument.

    Attributes:
        build: makes the tone of one pitch.
        release: seconds of the fade after the end of a note.
        level: beside the others, 1 for a usual one.
        rings: a struck tone dies by itself; it is never longer than `LONGEST_RING`.
    """

    build: Build
    release: float = 0.1
    level: float = 1.0
    rings: bool = False


def _sustain(release: float, level: float = 1.0, **timbre: object) -> Patch:
    shape = Timbre(**timbre)  # type: ignore[arg-type]
    return Patch(
        lambda pitch, seconds, rate, bright: build_sustained(shape, pitch, seconds, rate, bright),
        release,
        level,
    )


def _strike(release: float, level: float = 1.0, **modes: object) -> Patch:
    shape = Modes(**modes)  # type: ignore[arg-type]
    return Patch(
        lambda pitch, seconds, rate, bright: build_modal(shape, pitch, seconds, rate, bright),
        release,
        level,
        rings=True,
    )


def _pluck(release: float, decay: float, level: float = 1.0) -> Patch:
    return Patch(partial(build_plucked, decay=decay), release, level, rings=True)


def _fm(release: float, patch: tuple[float, ...], level: float = 1.0) -> Patch:
    return Patch(partial(build_fm, patch=patch), release, level, rings=True)


AAH: Final = ((750.0, 130.0, 1.0), (1180.0, 160.0, 0.6), (2750.0, 300.0, 0.22))
OOH: Final = ((380.0, 120.0, 1.0), (850.0, 160.0, 0.35), (2500.0, 300.0, 0.05))
BODY: Final = ((480.0, 260.0, 1.0), (1000.0, 500.0, 0.7), (2600.0, 900.0, 0.5))
BARS: Final = (1.0, 3.99, 9.2, 16.3)
"""Partials of a tuned bar (marimba, xylophone, vibraphone)."""
BELL: Final = (0.5, 1.0, 1.2, 1.5, 2.0, 2.66, 3.01, 4.1)

PIANO: Final = _strike(
    0.16, stretch=0.0004, slope=0.95, decay=2.6, damping=0.22, knock=0.05, beat=1.2
)
HARPSICHORD: Final = _pluck(0.08, 2.2)
E_PIANO: Final = _fm(0.15, (1.0, 1.3, 1.2, 3.0, 14.0, 0.7, 0.09))
CELESTA: Final = _strike(
    0.5, 0.9, ratios=(1.0, 2.0, 4.02, 7.1), levels=(1, 0.3, 0.2, 0.06), decay=1.3
)
GLOCKENSPIEL: Final = _strike(
    0.8, 0.8, ratios=(1.0, 2.76, 5.4), levels=(1, 0.35, 0.14), decay=1.6, knock=0.04
)
VIBRAPHONE: Final = _strike(0.6, ratios=BARS, levels=(1, 0.3, 0.08, 0.02), decay=3.0, damping=0.2)
MARIMBA: Final = _strike(0.3, 1.1, ratios=BARS, levels=(1, 0.35, 0.12, 0.03), decay=0.5, knock=0.08)
BELLS: Final = _strike(
    1.2, 0.8, ratios=BELL, levels=(0.4, 1, 0.6, 0.4, 0.5, 0.25, 0.2, 0.1), decay=3.0, damping=0.4
)
DRAWBAR: Final = _sustain(
    0.06, 0.9, harmonics=(1.0, 0.8, 0.55, 0.4, 0.0, 0.3, 0.0, 0.25), attack=0.012
)
CHURCH_ORGAN: Final = _sustain(
    0.22,
    0.85,
    harmonics=(1.0, 0.7, 0.35, 0.5, 0.12, 0.2, 0.05, 0.28, 0, 0.06, 0, 0.08, 0, 0, 0, 0.1),
    voices=2,
    detune=5.0,
    attack=0.05,
    noise=0.006,
)
REED: Final = _sustain(0.08, 0.8, slope=0.9, voices=2, detune=9.0, attack=0.05, formants=BODY)
NYLON: Final = _pluck(0.18, 1.1)
STEEL: Final = _pluck(0.18, 1.8)
BASS: Final = _strike(
    0.12, 1.2, stretch=0.0001, slope=1.5, decay=1.6, damping=0.35, strike=0.18, knock=0.03
)
SYNTH_BASS: Final = _sustain(0.08, 1.1, slope=1.0, bite=1.0, attack=0.006)
VIOLIN: Final = _sustain(
    0.14, 0.9, slope=0.9, formants=BODY, vibrato=16.0, noise=0.012, attack=0.07, bite=0.8
)
CELLO: Final = _sustain(
    0.16,
    slope=1.0,
    formants=((250.0, 160.0, 1.0), (600.0, 300.0, 0.7), (1500.0, 600.0, 0.4)),
    vibrato=13.0,
    noise=0.012,
    attack=0.08,
    bite=0.8,
)
ENSEMBLE: Final = _sustain(
    0.35, 0.9, slope=1.05, formants=BODY, voices=3, detune=16.0, vibrato=10.0, attack=0.13
)
PIZZICATO: Final = _pluck(0.1, 0.35, 1.1)
HARP: Final = _strike(0.5, slope=1.3, decay=1.5, damping=0.35, strike=0.3, knock=0.03)
TIMPANI: Final = _strike(
    0.6,
    1.3,
    ratios=(1.0, 1.5, 1.98, 2.44, 2.89),
    levels=(1, 0.7, 0.35, 0.2, 0.1),
    decay=0.5,
    knock=0.2,
)
CHOIR: Final = _sustain(
    0.28,
    0.95,
    slope=0.75,
    formants=AAH,
    voices=3,
    detune=15.0,
    vibrato=14.0,
    attack=0.1,
    noise=0.01,
)
OOHS: Final = _sustain(
    0.28, slope=0.8, formants=OOH, voices=3, detune=12.0, vibrato=12.0, attack=0.11, noise=0.012
)
TRUMPET: Final = _sustain(
    0.1,
    0.85,
    slope=0.5,
    formants=((1100.0, 900.0, 1.0), (2300.0, 1200.0, 0.5)),
    bite=-0.9,
    vibrato=6.0,
    attack=0.035,
)
HORN: Final = _sustain(
    0.16,
    slope=1.0,
    formants=((340.0, 260.0, 1.0), (750.0, 400.0, 0.4)),
    bite=-0.9,
    attack=0.06,
)
TROMBONE: Final = _sustain(
    0.12,
    0.9,
    slope=0.7,
    formants=((520.0, 420.0, 1.0), (1500.0, 800.0, 0.4)),
    bite=-0.9,
    attack=0.05,
)
BRASS: Final = _sustain(
    0.14,
    0.85,
    slope=0.6,
    formants=((700.0, 600.0, 1.0), (1900.0, 1100.0, 0.5)),
    bite=-0.9,
    voices=2,
    detune=10.0,
    attack=0.04,
)
SAX: Final = _sustain(
    0.1,
    0.9,
    slope=0.7,
    formants=((600.0, 350.0, 1.0), (1600.0, 700.0, 0.6)),
    vibrato=10.0,
    noise=0.025,
    attack=0.04,
)
OBOE: Final = _sustain(
    0.08,
    0.8,
    slope=0.4,
    formants=((1100.0, 400.0, 1.0), (2900.0, 700.0, 0.4)),
    vibrato=8.0,
    noise=0.008,
    attack=0.04,
)
BASSOON: Final = _sustain(
    0.08, 0.95, slope=0.5, formants=((480.0, 200.0, 1.0), (1150.0, 400.0, 0.3)), attack=0.04
)
CLARINET: Final = _sustain(0.09, 0.9, slope=0.9, odd=0.12, vibrato=3.0, noise=0.01, attack=0.045)
FLUTE: Final = _sustain(
    0.1, harmonics=(1.0, 0.35, 0.12, 0.04, 0.02), vibrato=12.0, noise=0.05, attack=0.05
)
RECORDER: Final = _sustain(0.07, harmonics=(1.0, 0.08, 0.14, 0.02, 0.03), noise=0.04, attack=0.035)
SQUARE: Final = _sustain(0.05, 0.6, slope=1.0, odd=0.0, attack=0.006)
SAW: Final = _sustain(0.06, 0.6, slope=1.0, voices=2, detune=8.0, attack=0.006)
WARM_PAD: Final = _sustain(0.7, 0.8, slope=1.7, voices=3, detune=18.0, attack=0.35)
BRIGHT_PAD: Final = _sustain(0.7, 0.7, slope=1.1, voices=3, detune=20.0, attack=0.3, bite=-0.8)
CRYSTAL: Final = _fm(0.8, (3.5, 1.6, 0.9, 2.6, 7.0, 0.5, 0.3), 0.8)
DISTORTED: Final = _sustain(0.1, 0.65, slope=0.55, voices=2, detune=6.0, attack=0.008)
BANJO: Final = _pluck(0.06, 0.5)
KALIMBA: Final = _strike(0.3, ratios=(1.0, 5.4, 9.1), levels=(1, 0.18, 0.05), decay=0.9, knock=0.06)
STEEL_DRUM: Final = _strike(
    0.3, 0.9, ratios=(1.0, 2.0, 3.01, 4.2), levels=(1, 0.7, 0.3, 0.15), decay=0.9, knock=0.05
)
WOOD: Final = _strike(0.1, 1.1, ratios=(1.0, 2.6), levels=(1, 0.3), decay=0.09, knock=0.2)
TAIKO: Final = _strike(
    0.5, 1.3, ratios=(1.0, 1.6, 2.2, 2.9), levels=(1, 0.6, 0.3, 0.2), decay=0.35, knock=0.3
)

RANGES: Final[tuple[tuple[int, Patch], ...]] = (
    (3, PIANO),
    (5, E_PIANO),
    (7, HARPSICHORD),
    (8, CELESTA),
    (10, GLOCKENSPIEL),
    (11, VIBRAPHONE),
    (12, MARIMBA),
    (13, WOOD),
    (14, BELLS),
    (15, STEEL),
    (18, DRAWBAR),
    (19, CHURCH_ORGAN),
    (23, REED),
    (24, NYLON),
    (28, STEEL),
    (30, DISTORTED),
    (31, STEEL),
    (37, BASS),
    (39, SYNTH_BASS),
    (41, VIOLIN),
    (43, CELLO),
    (44, ENSEMBLE),
    (45, PIZZICATO),
    (46, HARP),
    (47, TIMPANI),
    (51, ENSEMBLE),
    (52, CHOIR),
    (54, OOHS),
    (55, BRASS),
    (56, TRUMPET),
    (58, TROMBONE),
    (59, TRUMPET),
    (60, HORN),
    (63, BRASS),
    (67, SAX),
    (69, OBOE),
    (70, BASSOON),
    (71, CLARINET),
    (73, FLUTE),
    (74, RECORDER),
    (79, FLUTE),
    (80, SQUARE),
    (87, SAW),
    (91, WARM_PAD),
    (95, BRIGHT_PAD),
    (103, CRYSTAL),
    (104, STEEL),
    (107, BANJO),
    (108, KALIMBA),
    (109, REED),
    (110, VIOLIN),
    (111, OBOE),
    (112, GLOCKENSPIEL),
    (113, WOOD),
    (114, STEEL_DRUM),
    (115, WOOD),
    (118, TAIKO),
    (127, WARM_PAD),
)
"""Last program of each run, and what plays the run."""


def get_patch(program: int) -> Patch:
    """Return what plays a General MIDI program, 0..127."""
    return next(patch for last, patch in RANGES if program <= last)
