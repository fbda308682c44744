"""Standard MIDI files: events through mido, the recipe at byte level."""

import hashlib
import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from studio.codecs.files import read_bytes, refuse_faults, replace_file
from studio.codecs.notes import Music, Note
from studio.codecs.optional import load_library
from studio.codecs.recipe_text import STUDIO_KEY, parse_recipe
from studio.errors import InvalidInputError
from studio.recipe import Recipe

MAX_MIDI: Final = 64 << 20
"""Bytes."""
MAX_EVENT: Final = 1_000_000
"""Longest event, bytes: mido, and so whoever uses it, reads no longer one."""
SAID: Final = frozenset(
    ("text", "copyright", "track_name", "instrument_name", "device_name", "marker", "cue_marker")
)
"""Meta events that say something about the music and are not the music."""
MARK: Final = f"{STUDIO_KEY}:".encode()
TEXT_EVENT: Final = b"\0\xff\x01"
"""Delta 0, meta, text."""
DRUM_CHANNEL: Final = 9
MAX_BEATS: Final = 1e6


def load_midi(path: Path) -> Any:
    """Read a MIDI file as a `mido.MidiFile`; data bytes out of range are clipped.

    Raises:
        InvalidInputError: no MIDI file, damaged, or in SMPTE time.
        StudioError: mido is not installed.
    """
    mido = load_library("mido", "score")
    data = read_bytes(path, MAX_MIDI)
    if not data.startswith(b"MThd"):
        raise InvalidInputError("{path}: this is not a MIDI file", path=path)
    with refuse_faults(path):
        midi = mido.MidiFile(file=io.BytesIO(data), clip=True)
    if not 0 < midi.ticks_per_beat < 1 << 15:
        raise InvalidInputError(
            "{path}: MIDI in SMPTE time is not supported; export it in beats", path=path
        )
    return midi


def save_midi(midi: Any, path: Path) -> None:
    """Write a `mido.MidiFile`; the same events give the same bytes."""
    buffer = io.BytesIO()
    try:
        midi.save(file=buffer)
    except Exception as fault:  # mido checks while it packs, and raises what it likes
        raise InvalidInputError("the score cannot be written ({fault})", fault=fault) from fault
    path.write_bytes(buffer.getvalue())


def read_music(midi: Any) -> Music:
    """Return the notes; one left on lasts until its track ends, one struck again ends there."""
    notes: list[Note] = []
    tempos: list[tuple[float, float]] = []
    voices: dict[tuple[int, int], int] = {}
    ticks = 0
    for index, track in enumerate(midi.tracks):
        now = 0
        sounding: dict[tuple[int, int], int] = {}
        for now, message in _iterate_timed(track):
            if message.type == "set_tempo" and message.tempo > 0:
                tempos.append((now / midi.ticks_per_beat, 60e6 / message.tempo))
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            voice = voices.setdefault((index, message.channel), len(voices))
            if key in sounding:
                notes.append(_build_note(sounding.pop(key), now, key, voice, midi))
            if message.type == "note_on" and message.velocity > 0:
                sounding[key] = now
        for key, start in sounding.items():
            notes.append(_build_note(start, now, key, voices[index, key[0]], midi))
        ticks = max(ticks, now)
    beats = ticks / midi.ticks_per_beat
    tempos.sort(key=lambda tempo: tempo[0])
    return Music(notes, tempos, beats, len(midi.tracks), int(midi.ticks_per_beat))


def hash_midi(midi: Any) -> str:
    """Hash the events of every track with their times, without what is merely said."""
    digest = hashlib.sha256(f"{midi.type} {midi.ticks_per_beat}\n".encode())
    for track in midi.tracks:
        digest.update(b"track\n")
        for now, message in _iterate_timed(track):
            if message.type not in SAID:
                fields = sorted((k, v) for k, v in vars(message).items() if k != "time")
                digest.update(f"{now} {fields}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def embed_midi(path: Path, recipe: Recipe) -> bool:
    """Put the recipe at the head of the first track as a text event, replacing an earlier one.

    Returns: False, and nothing written, where it is too long for readers of MIDI.

    Raises:
        InvalidInputError: the chunks are damaged.
    """
    data, text = read_bytes(path, MAX_MIDI), MARK + recipe.to_json().encode()
    if len(text) > MAX_EVENT:
        return False
    with refuse_faults(path):
        place, length = _find_track(data)
        body = data[place + 8 : place + 8 + length]
        body = body[_measure_mark(body) :]
        body = TEXT_EVENT + _pack_length(len(text)) + text + body
        head = struct.pack(">4sI", b"MTrk", len(body))
    replace_file(path, data[:place] + head + body + data[place + 8 + length :])
    return True


def extract_midi(path: Path) -> Recipe | None:
    """Read the recipe of a MIDI file, or None."""
    try:
        data = read_bytes(path, MAX_MIDI)
        place, length = _find_track(data)
    except (InvalidInputError, ValueError, struct.error):
        return None
    body = data[place + 8 : place + 8 + length]
    end = _measure_mark(body)
    return parse_recipe(body[body.index(MARK) + len(MARK) : end]) if end else None


def _iterate_timed(track: Any) -> Iterator[tuple[int, Any]]:
    """Yield tick since the beginning and message."""
    now = 0
    for message in track:
        now += message.time
        yield now, message


def _build_note(start: int, end: int, key: tuple[int, int], voice: int, midi: Any) -> Note:
    beat = midi.ticks_per_beat
    return Note(start / beat, end / beat, key[1], voice, drum=key[0] == DRUM_CHANNEL)


def _find_track(data: bytes) -> tuple[int, int]:
    """Place of the first track chunk and the length of its body."""
    place = 0
    while place + 8 <= len(data):
        kind, length = struct.unpack_from(">4sI", data, place)
        if kind == b"MTrk" and place + 8 + length <= len(data):
            return place, length
        place += 8 + length
    raise ValueError("it has no track")


def _measure_mark(body: bytes) -> int:
    """Length of our event at the head of a track; 0 if there is none."""
    if not body.startswith(TEXT_EVENT):
        return 0
    length, start = 0, len(TEXT_EVENT)
    for byte in body[start : start + 4]:
        length, start = length << 7 | byte & 0x7F, start + 1
        if byte < 0x80:
            break
    return start + length if body.startswith(MARK, start) and start + length <= len(body) else 0


def _pack_length(value: int) -> bytes:
    """A variable-length quantity: 7 bits a byte, the highest first."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
