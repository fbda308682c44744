"""Two and four bars of melody on a grid of 16ths, in C: token 0 holds, 1 rests, others begin."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.folk_abc import TICKS
from studio_music.folk_data import METRES as FOLK_METRES
from studio_music.folk_data import FolkTune, decode_phrase
from studio_music.notes import Note

Tokens = npt.NDArray[np.int16]
HOLD, REST = 0, 1
LOWEST, HIGHEST = -19, 31
"""Semitones from the tonic in 60..71."""
FIRST: Final = 2
VOCABULARY: Final = FIRST + HIGHEST - LOWEST + 1
METRES: Final = ((4, 4), (3, 4), (6, 8))
BAR_STEPS: Final = (16, 12, 12)
BARS: Final = (2, 4)
FEWEST_NOTES: Final = 3
SIXTEENTH: Final = TICKS // 4


@dataclass(frozen=True)
class Line:
    """A melody on the grid.

    Attributes:
        tokens: from the first bar line on.
        metre: place in `METRES`.
        origin: of which work it is; windows of one never lie in two splits.
    """

    tokens: Tokens
    metre: int
    origin: str = ""


def encode_line(
    notes: Iterable[tuple[int, int, int]], tonic: int, metre: int, origin: str = ""
) -> Line | None:
    """Put (start, length, MIDI pitch) in 16ths into tokens; None where the range is too wide."""
    notes = [note for note in notes if note[0] >= 0]
    if not notes:
        return None
    end = max(start + length for start, length, _ in notes)
    tokens = np.full(end, REST, np.int16)
    for start, length, pitch in sorted(notes):
        place = pitch - 60 - tonic - LOWEST
        if not 0 <= place <= HIGHEST - LOWEST:
            return None
        tokens[start : start + length] = HOLD
        tokens[start] = FIRST + place
        if start + length < end:
            tokens[start + length] = REST
    # One rest token where silence begins, holds after.
    silent = tokens == REST
    tokens[1:][silent[1:] & silent[:-1]] = HOLD
    return Line(tokens, metre, origin)


def decode_tokens(tokens: Sequence[int] | Tokens, tonic: int) -> list[tuple[int, int, int]]:
    """Return the notes (start, length, MIDI pitch) in 16ths; a hold at the start is silence."""
    notes: list[tuple[int, int, int]] = []
    begun, pitch = 0, -1
    values = [int(token) for token in tokens]
    for place, token in enumerate([*values, REST]):
        if token == HOLD:
            continue
        if pitch >= 0:
            notes.append((begun, place - begun, pitch))
        begun, pitch = place, 60 + tonic + token - FIRST + LOWEST if token >= FIRST else -1
    return notes


def encode_folk(tune: FolkTune) -> Iterator[Line]:
    """Yield the sections of a tune, from their first full bar; what leaves the grid is left out.

    Two bars of 2/4 make one of 4/4.
    """
    metre = {(4, 4): 0, (2, 4): 0, (3, 4): 1, (6, 8): 2}.get(FOLK_METRES[tune.metre])
    if metre is None:
        return
    for phrase in tune.phrases:
        notes = decode_phrase(phrase, tune.tonic)
        if any(
            (start - phrase.pickup) % SIXTEENTH or ticks % SIXTEENTH for start, ticks, _ in notes
        ):
            continue
        cells = [
            ((start - phrase.pickup) // SIXTEENTH, ticks // SIXTEENTH, pitch)
            for start, ticks, pitch in notes
        ]
        line = encode_line(cells, tune.tonic, metre, tune.title)
        if line is not None:
            yield line


def encode_notes(
    notes: Sequence[Note], tonic: int, metre: tuple[int, int], pickup: float, origin: str
) -> Line | None:
    """Put notes in quarters on the grid, from the first full bar; the top note of each onset."""
    place = {(4, 4): 0, (2, 2): 0, (2, 4): 0, (3, 4): 1, (6, 8): 2}.get(metre)
    if place is None:
        return None
    starts: dict[int, tuple[int, int]] = {}
    for note in notes:
        start = round((note.start - pickup) * 4)
        if note.pitch > starts.get(start, (0, -1))[1]:
            starts[start] = (max(1, round(note.duration * 4)), note.pitch)
    order = sorted(starts)
    following = [*order[1:], 10**9]
    cells = [
        (start, min(starts[start][0], after - start), starts[start][1])
        for start, after in zip(order, following, strict=True)
    ]
    shift = _find_octave([pitch for _, _, pitch in cells], tonic)
    return encode_line(cells, tonic + shift, place, origin)


def _find_octave(pitches: Sequence[int], tonic: int) -> int:
    """Octaves (in semitones) by which a low voice's tonic is moved, so that it fits the range."""
    if not pitches:
        return 0
    middle = float(np.median(pitches)) - 60 - tonic
    return 12 * round((middle - 7) / 12)


def load_lieder(path: Path, most: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the `.mxl` files of a zip."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".mxl"))
        for name in names[: most or len(names)]:
            yield name, archive.read(name)


def cut_windows(lines: Sequence[Line], bars: int, hop_bars: int = 1) -> dict[int, Tokens]:
    """Return windows (N, steps) of so many bars for each metre; a note held into one begins it."""
    found: dict[int, list[Tokens]] = {}
    for line in lines:
        size, hop = bars * BAR_STEPS[line.metre], hop_bars * BAR_STEPS[line.metre]
        for start in range(0, len(line.tokens) - size + 1, hop):
            window = line.tokens[start : start + size].copy()
            if window[0] == HOLD:
                before = line.tokens[:start]
                window[0] = before[before != HOLD][-1] if (before != HOLD).any() else REST
            sounding = window[window >= FIRST]
            if len(sounding) >= FEWEST_NOTES and len(set(sounding.tolist())) >= 2:
                found.setdefault(line.metre, []).append(window)
    return {metre: np.stack(windows) for metre, windows in found.items()}
