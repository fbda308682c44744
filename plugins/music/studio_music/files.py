"""Scores from files and back: MIDI, MusicXML and ABC, read as if nobody vouched for them."""

from pathlib import Path
from typing import Final

from studio.codecs.files import check_file
from studio.errors import InvalidInputError
from studio_music.midi import load_midi, save_midi
from studio_music.notes import Piece

__all__ = ["MAX_NOTES", "MAX_PARTS", "MAX_QUARTERS", "SUFFIXES", "load_piece", "save_midi"]

MAX_NOTES: Final = 500_000
MAX_PARTS: Final = 512
MAX_QUARTERS: Final = 200_000
"""Some 30 hours."""
SUFFIXES: Final = frozenset((".mid", ".midi", ".musicxml", ".xml", ".mxl", ".abc"))


def load_piece(path: Path) -> Piece:
    """Read a score: MIDI, MusicXML (plain or .mxl) or the first tune of an ABC file.

    Repeats are not played out. Only the first metre and key signature are kept. A part of
    MusicXML becomes one part per staff, and per voice where all voices sing most of the time.

    Raises:
        InvalidInputError: missing, empty, damaged, no score, no note in it, or too long.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    check_file(path)
    if suffix in (".musicxml", ".xml", ".mxl"):
        from studio_music.musicxml import load_musicxml_piece  # the standard library, but rare

        piece = load_musicxml_piece(path)
    elif suffix == ".abc":
        from studio_music.abc_notation import load_abc_piece  # rare

        piece = load_abc_piece(path)
    elif suffix in (".mid", ".midi"):
        piece = load_midi(path)
    else:
        raise InvalidInputError(
            "{path}: {suffix} is no score; give MIDI, MusicXML or ABC", path=path, suffix=suffix
        )
    _check_size(path, piece)
    return piece


def _check_size(path: Path, piece: Piece) -> None:
    if not piece.note_count:
        raise InvalidInputError("{path}: there is no note in this score", path=path)
    if piece.note_count > MAX_NOTES or len(piece.parts) > MAX_PARTS or piece.length > MAX_QUARTERS:
        raise InvalidInputError(
            "{path}: {notes} notes in {parts} parts over {quarters} quarters are too many; at most "
            "{most_notes}, {most_parts} and {most_quarters} are taken; cut the score",
            path=path,
            notes=piece.note_count,
            parts=len(piece.parts),
            quarters=round(piece.length),
            most_notes=MAX_NOTES,
            most_parts=MAX_PARTS,
            most_quarters=MAX_QUARTERS,
        )
