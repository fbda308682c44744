"""Chorales as frames, four voices on a grid of sixteenths, and what can be read off them.

Frames are int16 (frames, 4): soprano, alto, tenor, bass as MIDI pitches, -1 for a rest. A pitch
that is repeated cannot be told from one that is held.
"""

import json
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.errors import InvalidInputError

Frames = npt.NDArray[np.int16]

VOICES: Final = 4
REST: Final = -1
BEAT: Final = 4
"""Frames in a quarter note."""
SPLITS: Final = ("train", "valid", "test")
MAX_FRAMES: Final = 20_000
MAJOR: Final = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR: Final = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Pitch classes in major and minor (Albrecht and Shanahan 2013)."""
PHASES: Final = (0, 1)
"""Beats before the first bar line: chorales begin with the bar, or with an upbeat."""
LAST_BASS: Final = 0.45
"""What the last note of the bass adds to the correlation of its key."""


@dataclass(frozen=True)
class Traits:
    """What is known of a piece besides its notes; found from the notes, so it may be wrong.

    Attributes:
        tonic: pitch class.
        bar: frames in a bar: 16 or 12.
        phase: frames before the first bar line.
    """

    tonic: int
    is_minor: bool
    bar: int = 16
    phase: int = 0


@dataclass(frozen=True)
class Chorale:
    """A piece and its traits."""

    frames: Frames
    traits: Traits


def load_separated(path: Path) -> dict[str, list[Frames]]:
    """Load `Jsb16thSeparated.npz`; its arrays are taken out without running what it was saved with.

    Raises:
        InvalidInputError: no such file, or not of that form.
    """
    try:
        with zipfile.ZipFile(path) as file:
            found = {name: _scan(file.read(f"{name}.npy")) for name in SPLITS}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidInputError(
            "{path}: not the chorales as Jsb16thSeparated.npz has them ({error})",
            path=path,
            error=error,
        ) from error
    if not all(found.values()):
        raise InvalidInputError("{path}: a split of the chorales is empty", path=path)
    return found


def load_sets(path: Path) -> dict[str, list[Frames]]:
    """Load frames of pitch sets (`jsb-chorales-quarter.json`); falling pitches, then rests.

    Raises:
        InvalidInputError: no such file, or not of that form.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {name: [_sort_sets(piece) for piece in data[name]] for name in SPLITS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            "{path}: not the chorales as jsb-chorales-quarter.json has them ({error})",
            path=path,
            error=error,
        ) from error


def describe(frames: Frames) -> Chorale:
    """Find key and metre of a piece."""
    tonic, is_minor = find_key(frames)
    bar, phase = find_metre(frames)
    return Chorale(frames, Traits(tonic, is_minor, bar, phase))


def find_key(frames: Frames) -> tuple[int, bool]:
    """Find tonic and whether it is minor: by correlation of pitch classes and the last bass."""
    sounding = frames[frames != REST].astype(np.int64)
    if not sounding.size:
        return 0, False
    counts = np.bincount(sounding % 12, minlength=12).astype(float)
    last = frames[frames[:, -1] != REST, -1]
    scores = {}
    for is_minor, profile in ((False, MAJOR), (True, MINOR)):
        for tonic in range(12):
            match = float(np.corrcoef(counts, np.roll(profile, tonic))[0, 1])
            bonus = LAST_BASS if last.size and last[-1] % 12 == tonic else 0.0
            scores[tonic, is_minor] = match + bonus
    return max(scores, key=lambda key: scores[key])


def find_metre(frames: Frames) -> tuple[int, int]:
    """Find frames in a bar and before the first bar line: long chords begin on strong beats."""
    beats = len(frames) // BEAT
    if beats < 6:
        return 16, 0
    starts = np.ones((beats, frames.shape[1]), bool)
    grid = frames[: beats * BEAT : BEAT]
    before = frames[BEAT - 1 : beats * BEAT - 1 : BEAT]
    starts[1:] = grid[1:] != before
    weights = np.array([1.0, 1.0, 1.0, 2.0])[-frames.shape[1] :]
    accent = (starts * np.minimum(_measure_runs(frames)[: beats * BEAT : BEAT], 12)) @ weights
    accent = accent - accent.mean()
    strong = int(np.flatnonzero(starts.any(1))[-1])
    accent[strong] += 3 * float(np.abs(accent).mean()) * 4
    found = {}
    for bar in (4, 3):
        for phase in PHASES:
            score = float(accent[phase::bar].mean())
            if bar == 4:
                score = 0.7 * score + 0.5 * float(accent[(phase + 2) % 4 :: 4].mean())
            found[bar, phase] = score - 0.3 * (bar == 3)
    bar, phase = max(found, key=lambda pair: found[pair])
    return bar * BEAT, phase * BEAT


def _measure_runs(frames: Frames) -> npt.NDArray[np.int64]:
    """Count for how many frames each pitch goes on from here."""
    runs = np.ones(frames.shape, np.int64)
    for index in range(len(frames) - 2, -1, -1):
        same = frames[index] == frames[index + 1]
        runs[index] = np.where(same, runs[index + 1] + 1, 1)
    return runs


def _scan(data: bytes) -> list[Frames]:
    """Read the float16 arrays (n, 4) in a saved array of objects."""
    pieces: list[Frames] = []
    shape: tuple[int, int] | None = None
    numbers: list[int] = []
    for code, value, _ in pickletools.genops(data[data.index(b"\n") + 1 :]):
        if isinstance(value, int) and code.name.startswith("BININT"):
            numbers.append(value)
        elif code.name == "TUPLE2" and len(numbers) >= 2:
            shape = (numbers[-2], numbers[-1])
        elif code.name.endswith(("BINSTRING", "BINBYTES")) and shape:
            raw = value if isinstance(value, bytes) else str(value).encode("latin-1")
            if len(raw) == 2 * shape[0] * shape[1]:
                grid = np.frombuffer(raw, "<f2").reshape(shape)
                pieces.append(np.nan_to_num(grid, nan=REST).astype(np.int16))
                shape = None
    if any(piece.ndim != 2 or piece.shape[1] != VOICES for piece in pieces):
        raise ValueError("pieces are not of four voices")
    return pieces


def _sort_sets(piece: list[list[int]]) -> Frames:
    made = np.full((len(piece), VOICES), REST, np.int16)
    for row, pitches in zip(made, piece, strict=True):
        row[: len(pitches)] = sorted(pitches, reverse=True)
    return made
