"""Standard MIDI files: read by symusic, 1,000 a second; written by mido, the same bytes always."""

import math
from pathlib import Path
from typing import Any, Final

from studio.codecs.files import read_bytes, refuse_faults
from studio.errors import InvalidInputError
from studio_music.instruments import name_part
from studio_music.notes import Note, Part, Piece, sort_notes

MAX_BYTES: Final = 64 << 20
TICKS: Final = 480
"""Of a quarter note, as written."""
SLOWEST, FASTEST = 3.6, 6e4
"""bpm: what a tempo event can say and somebody may mean."""
UNSAID: Final = 120.0
"""bpm of a file that names no tempo, by the standard."""
KEYS: Final = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR_KEYS: Final = (
    *("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am"),
    *("Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"),
)
NOTE_OFF_FIRST = {"note_off": 0, "note_on": 1}


def load_midi(path: Path) -> Piece:
    """Read a MIDI file; a part is what one channel plays with one instrument in one track.

    A tempo of 0 or beyond sense is passed over. Notes without length are dropped.

    Raises:
        InvalidInputError: no MIDI file, damaged, or in SMPTE time.
    """
    from symusic import Score  # a C++ library: not for `describe`

    data = read_bytes(path, MAX_BYTES)
    if not data.startswith(b"MThd"):
        raise InvalidInputError("{path}: this is not a MIDI file", path=path)
    with refuse_faults(path):
        if len(data) < 14 or data[12] & 0x80 or data[12:14] == b"\0\0":
            raise ValueError("its time is not in beats; export it in beats, not SMPTE")
        score = Score.from_midi(_trim_chunks(data), sanitize_data=True)
        return _read_score(score, _find_title(data))


def save_midi(piece: Piece, path: Path) -> None:
    """Write a piece: a track of tempo, key and metre, then one track per part.

    Raises:
        InvalidInputError: a figure that MIDI cannot hold.
    """
    with refuse_faults(path):
        build_midi(piece).save(path)


def build_midi(piece: Piece) -> Any:
    """Return the piece as a `mido.MidiFile`, which is also a payload of a SCORE artifact."""
    import mido

    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    midi.tracks.append(_build_conductor(piece))
    channels = _assign_channels(piece)
    midi.tracks.extend(
        _build_track(part, channel) for part, channel in zip(piece.parts, channels, strict=True)
    )
    return midi


def _trim_chunks(data: bytes) -> bytes:
    """Return the file without what lies after its tracks: the C++ reader trusts all lengths.

    Raises:
        ValueError: it has no track, or one that is cut short.
    """
    place, tracks = 8 + int.from_bytes(data[4:8], "big"), 0
    while place + 8 <= len(data):
        is_track = data[place : place + 4] == b"MTrk"
        end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "big")
        if end > len(data):
            if is_track:
                raise ValueError("a track is longer than the file")
            break
        tracks += is_track
        place = end
    if not tracks:
        raise ValueError("it has no track")
    return data[:place]


def _read_score(score: Any, title: str) -> Piece:
    beat = score.ticks_per_quarter
    tempos = [
        (tempo.time / beat, float(tempo.qpm))
        for tempo in score.tempos
        if math.isfinite(tempo.qpm) and SLOWEST <= tempo.qpm <= FASTEST
    ]
    tempos.sort(key=lambda tempo: tempo[0])
    starts = [bpm for at, bpm in tempos if at <= 0]
    bpm = starts[-1] if starts else UNSAID
    metre, pickup = _read_metre(score.time_signatures, beat)
    parts = tuple(_read_part(track, beat) for track in score.tracks if len(track.notes))
    key = score.key_signatures[0] if len(score.key_signatures) else None
    fifths = int(key.key) if key is not None and -7 <= key.key <= 7 else None
    names = {part.name for part in parts}
    return Piece(
        parts=parts,
        bpm=bpm,
        metre=metre,
        fifths=fifths,
        mode="" if key is None or fifths is None else ("minor" if key.tonality else "major"),
        title="" if title in names else title,
        pickup=pickup,
        tempos=tuple(tempo for tempo in tempos if tempo[0] > 0),
    )


def _read_part(track: Any, beat: int) -> Part:
    rows = track.notes.numpy()
    starts, lengths = (rows["time"] / beat).tolist(), (rows["duration"] / beat).tolist()
    pitches, forces = rows["pitch"].tolist(), rows["velocity"].tolist()
    notes = [
        Note(start, length, pitch, max(1, force))
        for start, length, pitch, force in zip(starts, lengths, pitches, forces, strict=True)
        if length > 0
    ]
    program = int(track.program) & 127
    name = name_part(track.name.replace("\0", ""), program, track.is_drum)
    return Part(name, program, sort_notes(notes), bool(track.is_drum))


def _read_metre(signatures: Any, beat: int) -> tuple[tuple[int, int], float]:
    """Return the metre and pickup: a first bar of its own, shorter than those that follow."""
    found = [
        (sign.time / beat, int(sign.numerator), int(sign.denominator))
        for sign in signatures
        if 1 <= sign.numerator <= 64 and sign.denominator in (1, 2, 4, 8, 16, 32, 64)
    ]
    if not found:
        return (4, 4), 0.0
    first = found[0]
    length = 4 * first[1] / first[2]
    if len(found) > 1:
        then = found[1]
        if math.isclose(then[0], length) and length < 4 * then[1] / then[2]:
            return then[1:], length
    return first[1:], 0.0


def _find_title(data: bytes) -> str:
    """Read the name of the first track, from the meta events at its head."""
    place = data.find(b"MTrk", 14) + 8
    while place >= 8 and place + 4 <= len(data) and data[place] == 0 and data[place + 1] == 0xFF:
        kind, length, at = data[place + 2], 0, place + 3
        while at < len(data):
            length, at = length << 7 | data[at] & 0x7F, at + 1
            if data[at - 1] < 0x80:
                break
        if kind == 3:
            return data[at : at + min(length, 200)].decode("utf-8", "replace").strip("\0 ")
        place = at + length
    return ""


def _build_conductor(piece: Piece) -> Any:
    import mido

    events: list[tuple[int, Any]] = []
    if piece.title:
        events.append((0, mido.MetaMessage("track_name", name=piece.title[:200])))
    if piece.pickup > 0:
        events.append((0, _build_metre(*_name_length(piece.pickup))))
    events.append((_tick(piece.pickup), _build_metre(*piece.metre)))
    if piece.fifths is not None:
        keys = MINOR_KEYS if piece.mode == "minor" else KEYS
        events.append((0, mido.MetaMessage("key_signature", key=keys[piece.fifths + 7])))
    for at, bpm in ((0.0, piece.bpm), *piece.tempos):
        events.append((_tick(at), mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm))))
    return _build_timed(events)


def _name_length(quarters: float) -> tuple[int, int]:
    """A metre whose bar is that long, to the nearest sixteenth."""
    sixteenths = max(1, round(4 * quarters))
    unit = next(unit for unit in (4, 8, 16) if sixteenths % (16 // unit) == 0)
    return sixteenths * unit // 16, unit


def _build_metre(beats: int, unit: int) -> Any:
    import mido

    return mido.MetaMessage("time_signature", numerator=beats, denominator=unit)


def _build_track(part: Part, channel: int) -> Any:
    import mido

    events: list[tuple[int, Any]] = [
        (0, mido.MetaMessage("track_name", name=part.name[:200])),
        (0, mido.Message("program_change", channel=channel, program=part.program)),
    ]
    for note in part.notes:
        start = _tick(note.start)
        end = max(_tick(note.end), start + 1)
        for at, kind in ((start, "note_on"), (end, "note_off")):
            force = note.velocity if kind == "note_on" else 0
            events.append(
                (at, mido.Message(kind, channel=channel, note=note.pitch, velocity=force))
            )
    return _build_timed(events)


def _build_timed(events: list[tuple[int, Any]]) -> Any:
    """Order events, ends of notes before beginnings, and give each its delta."""
    import mido

    track, now = mido.MidiTrack(), 0
    for at, message in sorted(events, key=lambda e: (e[0], NOTE_OFF_FIRST.get(e[1].type, -1))):
        track.append(message.copy(time=at - now))
        now = at
    return track


def _assign_channels(piece: Piece) -> list[int]:
    """Give each part a channel; past fifteen, parts of one instrument share, then all do."""
    free = [channel for channel in range(16) if channel != 9]
    taken: dict[int, int] = {}
    channels = []
    for place, part in enumerate(piece.parts):
        if part.is_drum:
            channels.append(9)
            continue
        channel = free.pop(0) if free else taken.get(part.program, (place % 15 + 10) % 16)
        channel = 8 if channel == 9 else channel
        taken.setdefault(part.program, channel)
        channels.append(channel)
    return channels


def _tick(quarter: float) -> int:
    return round(quarter * TICKS)
