"""Symbolic music: written as MIDI; MusicXML and ABC are read too; notation may lie beside it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from studio.codecs.abc_text import hash_abc, load_abc, read_abc
from studio.codecs.engraving import check_companion, split_companions
from studio.codecs.files import payload_files, refuse_faults, take_over
from studio.codecs.image import load_image, shrink
from studio.codecs.midi import (
    embed_midi,
    extract_midi,
    hash_midi,
    load_midi,
    read_music,
    save_midi,
)
from studio.codecs.musicxml import hash_musicxml, load_musicxml, read_musicxml
from studio.codecs.notes import Music
from studio.codecs.piano_roll import draw_piano_roll
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

MUSICXML: Final = frozenset((".musicxml", ".mxl", ".xml"))
ABC: Final = ".abc"
MAX_SECONDS: Final = 24 * 3600


class ScoreCodec:
    """SCORE: payload `mido.MidiFile`, bytes of one, `Path` or name -> `Path`.

    Of several files the first is a score; pages of its notation may follow, see `engraving`.
    """

    kind = MediaType.SCORE

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write one MIDI file, or take files over."""
        path = folder / "main.mid"
        if isinstance(payload, Path | Mapping):
            files = take_over(payload, folder)
        elif isinstance(payload, bytes):
            path.write_bytes(payload)
            files = {"main": path}
        elif hasattr(payload, "tracks") and hasattr(payload, "save"):
            save_midi(payload, path)
            files = {"main": path}
        else:
            raise InvalidInputError(
                "a score is a mido.MidiFile, bytes or a path, not {type}",
                type=type(payload).__name__,
            )
        self.probe(files)
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Read all scores; returns tracks, notes, seconds, ticks_per_beat, bpm of the main one."""
        scores, beside = split_companions(payload_files(files))
        main, *others = [_load(path) for path in scores.values()]
        del others
        for path in beside.values():
            check_companion(path)
        return {
            "tracks": main.tracks,
            "notes": len(main.notes),
            "seconds": round(main.seconds, 3),
            "ticks_per_beat": main.ticks_per_beat,
            "bpm": round(main.bpm, 3),
        }

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash the events; titles, comments, pages of notation and the like do not count."""
        digest = hashlib.sha256()
        scores, _ = split_companions(payload_files(files))
        for path in scores.values():
            digest.update(_hash(path).encode())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Show the notation where there is a picture of it, else a piano roll."""
        scores, beside = split_companions(payload_files(files))
        for path in beside.values():
            if path.suffix.lower() == ".png":
                return shrink(load_image(path))
        return draw_piano_roll(_load(next(iter(scores.values()))))

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write the recipe into MIDI files; beside MusicXML and ABC."""
        made = payload_files(files)
        scores, _ = split_companions(made)
        held = [_is_midi(path) and embed_midi(path, recipe) for path in scores.values()]
        return made if all(held) else write_sidecar(made, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read the head of the first track, or a sidecar."""
        found = extract_midi(path) if _is_midi(path) else None
        return found or find_sidecar(path)


def _is_midi(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix not in MUSICXML and suffix != ABC


def _hash(path: Path) -> str:
    if path.suffix.lower() in MUSICXML:
        return hash_musicxml(load_musicxml(path))
    if path.suffix.lower() == ABC:
        return hash_abc(load_abc(path))
    with refuse_faults(path):
        return hash_midi(load_midi(path))


def _load(path: Path) -> Music:
    """Read a score of any kind.

    Raises:
        InvalidInputError: damaged, or of impossible length.
    """
    music = _read(path)
    with refuse_faults(path):
        if not 0 <= music.seconds <= MAX_SECONDS:
            raise ValueError(f"it lasts {music.seconds:.0f} seconds")
    return music


def _read(path: Path) -> Music:
    if path.suffix.lower() in MUSICXML:
        root = load_musicxml(path)
        with refuse_faults(path):
            return read_musicxml(root)
    if path.suffix.lower() == ABC:
        tune = load_abc(path)
        with refuse_faults(path):
            return read_abc(tune)
    midi = load_midi(path)
    with refuse_faults(path):
        return read_music(midi)
