"""ABC notation as a piece: the first tune of a file."""

from collections import defaultdict
from pathlib import Path

from studio.codecs.abc_text import TuneReader, load_abc, walk_tune
from studio.codecs.files import refuse_faults
from studio_music.folk_abc import AbcError, parse_key
from studio_music.notes import DEFAULT_BPM, Note, Part, Piece, sort_notes

FLUTE = 73


def load_abc_piece(path: Path) -> Piece:
    """Read the first tune; repeats are not played out.

    Raises:
        InvalidInputError: no ABC, damaged, or a tune of more than 256 KB.
    """
    tune = load_abc(path)
    with refuse_faults(path):
        return _build_piece(walk_tune(tune))


def _build_piece(reader: TuneReader) -> Piece:
    music = reader.finish()
    voices: dict[int, list[Note]] = defaultdict(list)
    for note in music.notes:
        voices[note.voice].append(Note(note.start, note.end - note.start, note.pitch))
    metre, fifths, mode = reader.beats, None, ""
    try:
        key = parse_key(reader.head.get("K", ""))
        fifths, mode = key.fifths, key.mode if key.mode in ("major", "minor") else ""
    except AbcError:
        pass  # a tune without a key signature
    first = float(reader.first_bar or 0)
    names = [*reader.voices]
    return Piece(
        parts=tuple(
            Part(f"Voice {names[place]}" if len(names) > 1 else "Melody", FLUTE, sort_notes(notes))
            for place, notes in sorted(voices.items())
        ),
        bpm=music.bpm if music.tempos else DEFAULT_BPM,
        metre=metre,
        fifths=fifths,
        mode=mode,
        title=reader.head.get("T", "")[:200],
        pickup=first if 0 < first < metre[0] * 4 / metre[1] else 0.0,
    )
