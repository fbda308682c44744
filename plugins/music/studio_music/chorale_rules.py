"""Rules of four-part writing: counted in what is there, and weighed while it is being written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from studio_music.chorale_data import REST, VOICES, Frames
from studio_music.chorale_features import Scale

Kind = Literal["range", "parallel fifths", "parallel octaves", "crossing", "spacing"]

NAMES: Final = ("soprano", "alto", "tenor", "bass")
RANGES: Final = ((60, 81), (53, 74), (48, 69), (36, 64))
"""Lowest and highest pitch of each voice."""
PARALLELS: Final[Mapping[int, Kind]] = {7: "parallel fifths", 0: "parallel octaves"}
WIDEST: Final = (12, 12, 24)
"""Largest gap between neighbouring voices, semitones."""
NEVER: Final = -1e9
SELDOM: Final = -4.0
"""What breaking a rule that Bach breaks now and then takes from a log-probability."""
LEAP: Final = 9
"""Semitones from which on a leap of an inner voice is rare."""


@dataclass(frozen=True)
class Fault:
    """A rule that is broken.

    Attributes:
        voices: 0 is the soprano; one for a range, else two.
        frame: in which it happens; of what lasts, the first.
    """

    kind: Kind
    voices: tuple[int, ...]
    frame: int


def find_faults(frames: Frames) -> list[Fault]:
    """Find what breaks the rules, by frame; frames are those of `chorale_data`."""
    faults: list[Fault] = []
    for index, frame in enumerate(frames):
        before = frames[index - 1] if index else None
        now = set(_find_standing(frame))
        known = set(_find_standing(before)) if before is not None else set()
        moved = () if before is None else find_parallels(before, frame)
        for kind, voices in [*sorted(now - known), *moved]:
            faults.append(Fault(kind, voices, index))
    return faults


def find_parallels(before: Frames, frame: Frames) -> list[tuple[Kind, tuple[int, int]]]:
    """Find pairs of voices that move the same way from one fifth or octave to the next."""
    found: list[tuple[Kind, tuple[int, int]]] = []
    for upper in range(VOICES - 1):
        for lower in range(upper + 1, VOICES):
            pair = [upper, lower]
            if (before[pair] == REST).any() or (frame[pair] == REST).any():
                continue
            first, second = int(frame[upper] - before[upper]), int(frame[lower] - before[lower])
            gap = int(before[upper] - before[lower]) % 12
            stays = gap == int(frame[upper] - frame[lower]) % 12
            if first * second > 0 and stays and gap in PARALLELS:
                found.append((PARALLELS[gap], (upper, lower)))
    return found


def measure_rules(pieces: Sequence[Frames]) -> dict[str, float]:
    """Count over pieces: parallels per change of chord, the rest per frame with a new chord."""
    counts: Counter[str] = Counter()
    changes = 0
    for frames in pieces:
        moves = np.flatnonzero((frames[1:] != frames[:-1]).any(1)) + 1
        changes += len(moves)
        for index in moves:
            counts.update(kind for kind, _ in find_parallels(frames[index - 1], frames[index]))
            counts.update({kind for kind, _ in _find_standing(frames[index])})
    kinds = [*PARALLELS.values(), "crossing", "spacing", "range"]
    return {kind: counts[kind] / max(1, changes) for kind in kinds}


def count_out_of_range(frames: Frames) -> int:
    """Count notes that a voice cannot sing; a held one counts once a frame."""
    lows, highs = np.array(RANGES).T
    return int((((frames < lows) | (frames > highs)) & (frames != REST)).sum())


def _find_standing(frame: Frames) -> list[tuple[Kind, tuple[int, ...]]]:
    """Find what is wrong in a chord by itself."""
    found: list[tuple[Kind, tuple[int, ...]]] = []
    for voice, pitch in enumerate(frame):
        if pitch != REST and not RANGES[voice][0] <= pitch <= RANGES[voice][1]:
            found.append(("range", (voice,)))
    for upper in range(VOICES - 1):
        lower = upper + 1
        if REST in (frame[upper], frame[lower]):
            continue
        gap = int(frame[upper]) - int(frame[lower])
        if gap < 0:
            found.append(("crossing", (upper, lower)))
        elif gap > WIDEST[upper]:
            found.append(("spacing", (upper, lower)))
    return found


@dataclass(frozen=True)
class Moment:
    """What is known while a note is chosen; frames hold -1 where nothing is.

    Attributes:
        here: pitches of this frame so far.
        before: the frame before; None at the beginning.
        after: what is given of the next frame; None for nothing.
        beat_before: the last frame of the beat before, on a beat; else None.
    """

    here: Frames
    before: Frames | None = None
    after: Frames | None = None
    beat_before: Frames | None = None


def weigh(voice: int, moment: Moment, scale: Scale) -> npt.NDArray[np.float64]:
    """Return what the rules add to the log-probability of each index of `scale`."""
    pitches = np.arange(scale.size) + scale.lowest - 1
    low, high = RANGES[voice]
    added = np.where((pitches < low) | (pitches > high), NEVER, 0.0)
    added[0] = NEVER
    for other in range(VOICES):
        if other == voice or moment.here[other] == REST:
            continue
        added += _weigh_gap(voice, other, pitches, int(moment.here[other]))
        for neighbour in (moment.before, moment.after):
            if neighbour is not None and _may_run(voice, other, moment.here, neighbour):
                added += NEVER * _find_parallel(voice, other, pitches, moment.here, neighbour)
        last = moment.beat_before
        if last is not None and _may_run(voice, other, moment.here, last):
            added += SELDOM * _find_parallel(voice, other, pitches, moment.here, last)
    if moment.before is not None and moment.before[voice] != REST and 0 < voice < VOICES - 1:
        added += SELDOM * (np.abs(pitches - moment.before[voice]) >= LEAP)
    return added


def _weigh_gap(
    voice: int, other: int, pitches: npt.NDArray[np.int_], there: int
) -> npt.NDArray[np.float64]:
    """Weigh crossing and spacing against another voice of the frame."""
    gaps = (there - pitches) if other < voice else (pitches - there)
    added = SELDOM * (gaps < 0)
    if abs(other - voice) == 1:
        added = added + SELDOM * (gaps > WIDEST[min(other, voice)])
    return np.asarray(added, np.float64)


def _find_parallel(
    voice: int, other: int, pitches: npt.NDArray[np.int_], here: Frames, neighbour: Frames
) -> npt.NDArray[np.bool_]:
    """Tell which pitches would move in parallel with `other`, from or to a neighbouring frame."""
    there, own, beside = int(here[other]), int(neighbour[voice]), int(neighbour[other])
    same_way = (pitches - own) * (there - beside) > 0
    return np.asarray(same_way & ((pitches - there) % 12 == (own - beside) % 12))


def _may_run(voice: int, other: int, here: Frames, neighbour: Frames) -> bool:
    """Tell whether `voice` could be in parallel with `other`, which moves, at all."""
    there, own, beside = int(here[other]), int(neighbour[voice]), int(neighbour[other])
    moves = REST not in (own, beside) and beside != there
    return moves and (own - beside) % 12 in _gaps(voice, other)


def _gaps(voice: int, other: int) -> tuple[int, int]:
    """Return the classes of interval, as seen from `voice`, that must not move in parallel."""
    return (0, 7) if voice < other else (0, 5)
