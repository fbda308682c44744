"""Drums on a grid: which of nine are struck at each 16th, how hard, and how early or late.

The nine classes and the two-bar windows are those of GrooVAE (Gillick et al., 2019).
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from studio_music.notes import Note, Part, Piece, sort_notes

Floats = npt.NDArray[np.float32]

STEPS: Final = 16
"""Of a bar of 4/4."""
BARS: Final = 2
DRUMS: Final = ("kick", "snare", "closed hat", "open hat", "low tom", "mid tom", "high tom",
                "crash", "ride")  # fmt: skip
PITCHES: Final = (36, 38, 42, 46, 43, 47, 50, 49, 51)
"""General MIDI, as written."""
_HEARD: Final = (
    (35, 36), (37, 38, 40, 39), (22, 42, 44), (26, 46), (41, 43, 58), (45, 47), (48, 50),
    (49, 52, 55, 57), (51, 53, 54, 56, 59),
)  # fmt: skip
CLASS_OF: Final = {pitch: place for place, group in enumerate(_HEARD) for pitch in group}
STYLES: Final = (
    "any", "rock", "funk", "latin", "jazz", "hiphop", "soul", "afrocuban", "punk", "neworleans",
    "country", "pop", "reggae", "gospel", "afrobeat", "dance", "blues",
)  # fmt: skip
DRUM_LENGTH: Final = 0.2
"""Quarter notes that a struck note lasts in MIDI."""
NARROW: Final = 0.001
"""Quarters by which a note that was pushed over a step's border is pulled back."""


@dataclass(frozen=True)
class DrumLoop:
    """Drums on a grid.

    Attributes:
        hits: (steps, 9), 0 or 1.
        force: velocity over 127, 0 where nothing is struck.
        push: -0.5..0.5 of a step: early below 0, late above.
        style: place in `STYLES`.
    """

    hits: Floats
    force: Floats
    push: Floats
    style: int = 0
    bpm: float = 120.0

    @property
    def steps(self) -> int:
        """16ths."""
        return len(self.hits)

    def cut(self, start: int, steps: int) -> "DrumLoop":
        """Return some steps; beyond the end there is silence."""
        parts = []
        for values in (self.hits, self.force, self.push):
            part = values[start : start + steps]
            parts.append(np.pad(part, ((0, steps - len(part)), (0, 0))))
        hits, force, push = parts
        return DrumLoop(hits, force, push, self.style, self.bpm)


def encode_notes(notes: Iterable[Note], steps: int | None = None) -> DrumLoop:
    """Put notes on the grid; of two hits of a class in a step the harder stays."""
    known = [(note, CLASS_OF[note.pitch]) for note in notes if note.pitch in CLASS_OF]
    last = max((note.start for note, _ in known), default=0.0)
    count = steps or int(np.floor(last * 4 + 0.5)) + 1
    hits, force, push = (np.zeros((count, len(DRUMS)), np.float32) for _ in range(3))
    for note, drum in known:
        step = int(np.floor(note.start * 4 + 0.5))
        strength = note.velocity / 127
        if 0 <= step < count and strength > force[step, drum]:
            hits[step, drum] = 1
            force[step, drum] = strength
            push[step, drum] = np.clip(note.start * 4 - step, -0.5, 0.5)
    return DrumLoop(hits, force, push)


def decode_notes(loop: DrumLoop) -> tuple[Note, ...]:
    """Return the notes; pushes reach at most to the border of the step."""
    notes = []
    for step, drum in zip(*np.nonzero(loop.hits > 0.5), strict=True):
        start = max(0.0, (float(step) + float(loop.push[step, drum])) / 4)
        velocity = int(np.clip(round(float(loop.force[step, drum]) * 127), 1, 127))
        notes.append(Note(round(start, 4), DRUM_LENGTH, PITCHES[int(drum)], velocity))
    return sort_notes(notes)


def to_drum_piece(loop: DrumLoop, title: str, bpm: float) -> Piece:
    """Return a piece of one drum part."""
    return Piece((Part("Drums", 0, decode_notes(loop), True),), bpm=bpm, title=title)


def load_groove(path: Path) -> dict[str, list[DrumLoop]]:
    """Read Groove MIDI (its zip): performances in 4/4 by the official split."""
    from symusic import Score

    split: dict[str, list[DrumLoop]] = {"train": [], "validation": [], "test": []}
    with zipfile.ZipFile(path) as archive:
        root = next(name for name in archive.namelist() if name.endswith("info.csv"))
        folder = root.removesuffix("info.csv")
        rows = csv.DictReader(io.StringIO(archive.read(root).decode("utf-8")))
        for row in rows:
            if row["time_signature"] != "4-4":
                continue
            score = Score.from_midi(archive.read(folder + row["midi_filename"]))
            style = row["style"].partition("/")[0]
            loop = encode_notes(_iterate_notes(score))
            split[row["split"]].append(
                DrumLoop(
                    loop.hits,
                    loop.force,
                    loop.push,
                    STYLES.index(style) if style in STYLES else 0,
                    float(row["bpm"]),
                )
            )
    return split


def _iterate_notes(score: object) -> Iterator[Note]:
    beat = score.ticks_per_quarter  # type: ignore[attr-defined]
    for track in score.tracks:  # type: ignore[attr-defined]
        for note in track.notes:
            yield Note(note.time / beat, 0.1, note.pitch, max(1, note.velocity))


def cut_windows(loops: Sequence[DrumLoop], hop: int = STEPS) -> list[DrumLoop]:
    """Return two-bar windows; those with hardly a hit are left out."""
    size = BARS * STEPS
    windows = []
    for loop in loops:
        # The last bar of a fill is often a few steps short.
        for start in range(0, max(1, loop.steps - size // 2), hop):
            window = loop.cut(start, size)
            if window.hits.sum() >= 4 and window.hits[STEPS:].sum() >= 1:
                windows.append(window)
    return windows


def find_drums(piece: Piece) -> tuple[Note, ...]:
    """Return the notes of all drum parts."""
    return sort_notes(note for part in piece.parts if part.is_drum for note in part.notes)


def to_taps(loop: DrumLoop) -> Floats:
    """Return (steps, 2): is anything struck, and how hard: the rhythm without its drums."""
    return np.stack([loop.hits.max(1), loop.force.max(1)], 1)


def tap_notes(notes: Sequence[Note], steps: int) -> DrumLoop:
    """Turn any notes into a rhythm: all onsets as hits of one drum (the snare)."""
    return encode_notes((Note(n.start, 0.1, 38, n.velocity) for n in notes), steps)
