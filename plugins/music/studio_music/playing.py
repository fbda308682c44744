"""A piece to finished sound, by our synthesiser or a SoundFont: one mix, or stems that add up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from studio_music.notes import Piece
from studio_music.soundfont import play_soundfont
from studio_music.synth import Room, iterate_buses, render_piece, trim_end
from studio_music.synth_space import (
    PEAK,
    Stereo,
    add_reverb,
    build_room,
    find_envelope,
    find_gain,
    limit,
    place,
)

Step = Callable[[int, int], None]


def play_mix(piece: Piece, room: Room, font: Path | None, step: Step) -> Stereo:
    """Return the whole piece, (2, samples), limited to -1 dB."""
    if font is None:
        return render_piece(piece, room, step)
    step(0, 1)
    wet = trim_end(_add_room(play_soundfont(piece, font, room.rate), room))
    return limit(wet * np.float32(find_gain(wet, room.rate, room.loudness)), room.rate)


def play_stems(
    piece: Piece, room: Room, font: Path | None, step: Step, mix: str
) -> dict[str, Stereo]:
    """Return the mix under `mix`, and each part under its name; the parts add up to the mix.

    One gain serves all, so no limiter: a piece with high peaks comes out less loud.
    """
    stems = _play_parts(piece, room, font, step)
    length = max(stem.shape[1] for stem in stems.values())
    whole = np.zeros((2, length), np.float32)
    for stem in stems.values():
        whole[:, : stem.shape[1]] += stem
    gain = find_gain(whole, room.rate, room.loudness)
    loudest = max(float(find_envelope(sound).max()) for sound in (whole, *stems.values()))
    gain = min(gain, PEAK / max(loudest, 1e-9))
    padded = {
        name: np.pad(stem, ((0, 0), (0, length - stem.shape[1]))) * np.float32(gain)
        for name, stem in stems.items()
    }
    return {mix: whole * np.float32(gain), **padded}


def _play_parts(piece: Piece, room: Room, font: Path | None, step: Step) -> dict[str, Stereo]:
    answer = build_room(room.name, room.rate)
    stems: dict[str, Stereo] = {}
    if font is not None:
        for done, part in enumerate(piece.parts):
            step(done, len(piece.parts))
            alone = replace(piece, parts=(part,))
            dry = play_soundfont(alone, font, room.rate)
            stems[_name(part.name, stems)] = add_reverb(dry, answer, room.wet)
        return stems
    for done, bus in enumerate(iterate_buses(piece, room.rate)):
        step(done, len(piece.parts))
        left, right = place(bus.pan)
        dry = np.stack([bus.samples * left, bus.samples * right])
        stems[_name(bus.name, stems)] = add_reverb(dry, answer, room.wet)
    return stems


def _name(name: str, taken: dict[str, Any]) -> str:
    """Make a name that is not taken yet."""
    candidates = [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))]
    return next(one for one in candidates if one not in taken)


def _add_room(dry: Stereo, room: Room) -> Stereo:
    return add_reverb(dry, build_room(room.name, room.rate), room.wet)
