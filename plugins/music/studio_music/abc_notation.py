"""ABC notation, read by music21: the first tune of a file."""

import re
from pathlib import Path
from typing import Any, Final

from studio.codecs.files import read_bytes, refuse_faults
from studio.errors import InvalidInputError
from studio_music.notes import DEFAULT_BPM, Note, Part, Piece, sort_notes

MAX_BYTES: Final = 4 << 20
MAX_TUNE: Final = 64 << 10
"""Characters of one tune."""
HEAD: Final = re.compile(r"^X:", re.MULTILINE)


def load_abc(path: Path) -> Piece:
    """Read the first tune; repeats are not played out.

    Raises:
        InvalidInputError: no ABC, damaged, or a tune of more than 64 KB.
    """
    text = read_bytes(path, MAX_BYTES).decode("utf-8", "replace").replace("\r", "")
    starts = [match.start() for match in HEAD.finditer(text)]
    if not starts or "\nK:" not in text:
        raise InvalidInputError("{path}: this is no ABC: there is no X: and K: line", path=path)
    tune = text[starts[0] : starts[1] if len(starts) > 1 else None]
    if len(tune) > MAX_TUNE:
        raise InvalidInputError("{path}: the first tune is longer than 64 KB; cut it", path=path)
    with refuse_faults(path):
        return _read_stream(_parse(tune))


def _parse(tune: str) -> Any:
    from music21 import converter

    return converter.parseData(tune, format="abc")


def _read_stream(score: Any) -> Piece:
    flat = score.flatten()
    parts = list(score.parts) or [score]
    metre = flat.getElementsByClass("TimeSignature").first()
    key = flat.getElementsByClass("KeySignature").first()
    tempo = flat.getElementsByClass("MetronomeMark").first()
    bpm = tempo.getQuarterBPM() if tempo is not None else None
    mode = getattr(key, "mode", "") or ""
    beats = (4, 4) if metre is None else (int(metre.numerator), int(metre.denominator))
    return Piece(
        parts=tuple(_read_part(part, place) for place, part in enumerate(parts, 1)),
        bpm=float(bpm or DEFAULT_BPM),
        metre=beats,
        fifths=None if key is None else min(7, max(-7, int(key.sharps))),
        mode=mode if mode in ("major", "minor") else "",
        title=((score.metadata and score.metadata.title) or "")[:200],
        pickup=_find_pickup(parts[0], beats),
    )


def _read_part(part: Any, place: int) -> Part:
    notes = [
        Note(float(item.offset), float(item.duration.quarterLength), int(pitch.midi))
        for item in part.stripTies().flatten().notes
        if item.duration.quarterLength > 0 and hasattr(item, "pitches")
        for pitch in item.pitches
    ]
    return Part(str(part.partName or f"Voice {place}"), 73, sort_notes(notes))


def _find_pickup(part: Any, metre: tuple[int, int]) -> float:
    measures = part.getElementsByClass("Measure")
    length = float(measures[0].duration.quarterLength) if measures else 0.0
    return length if 0 < length < metre[0] * 4 / metre[1] else 0.0
