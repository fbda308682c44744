"""The thumbnail of a score: a piano roll."""

from typing import Final

from PIL import Image, ImageDraw

from studio.codecs.drawing import (
    BOTTOM,
    INK,
    OVERSAMPLE,
    RULE,
    VOICES,
    build_card,
    draw_note,
    finish_card,
    mix,
)
from studio.codecs.notes import Music, Note

BLACK_KEYS: Final = frozenset((1, 3, 6, 8, 10))
MIN_SPAN: Final = 20
"""Fewest semitones shown, so that a single line of notes does not look like a wall."""
MAX_NOTES: Final = 4000
LONGEST_VIEW: Final = 64.0
"""Beats shown; more would be a blur at this size."""


def draw_piano_roll(music: Music) -> Image.Image:
    """Draw the first beats: time to the right, pitch upwards, a colour a voice."""
    view = min(music.beats, LONGEST_VIEW) or 1.0
    notes = [note for note in music.notes if note.start < view][:MAX_NOTES]
    large = build_card(OVERSAMPLE)
    draw = ImageDraw.Draw(large)
    low, high = _find_span(notes)
    left, top = 0.0, large.height * 0.06
    wide, tall = large.width - 2 * left, large.height * 0.78
    row = tall / (high - low + 1)
    _draw_grid(draw, (left, top, left + wide, top + tall), (low, high), view)
    for note in sorted(notes, key=lambda note: (-(note.end - note.start), note.start)):
        y = top + (high - note.pitch) * row
        x, end = (left + min(beat, view) / view * wide for beat in (note.start, note.end))
        end = max(end - OVERSAMPLE * 0.6, x + 2 * OVERSAMPLE)
        colour = mix(VOICES[note.voice % len(VOICES)], INK, 0.35 if note.drum else 0)
        inset = min(row * 0.08, OVERSAMPLE)
        box = (x, y + inset, end, max(y + row - inset, y + inset + OVERSAMPLE))
        draw.rounded_rectangle(box, min(row * 0.3, 2.5 * OVERSAMPLE), fill=colour)
    card = finish_card(large)
    draw_note(card, _format_note(music))
    return card


def _find_span(notes: list[Note]) -> tuple[int, int]:
    """Lowest and highest pitch to show."""
    pitches = [note.pitch for note in notes] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    lack = max(0, MIN_SPAN - (high - low))
    return low - lack // 2, high + lack - lack // 2


def _draw_grid(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    span: tuple[int, int],
    view: float,
) -> None:
    """Darken the rows of black keys, rule octaves and bars (of four beats)."""
    left, top, right, bottom = box
    low, high = span
    row = (bottom - top) / (high - low + 1)
    for pitch in range(low, high + 1):
        y = top + (high - pitch) * row
        if pitch % 12 in BLACK_KEYS:
            draw.rectangle((left, y, right, y + row), fill=mix(BOTTOM, (0, 0, 0), 0.18))
        if pitch % 12 == 0:
            draw.line((left, y + row, right, y + row), fill=RULE, width=OVERSAMPLE // 2)
    for beat in range(4, int(view) + 1, 4):
        x = left + beat / view * (right - left)
        draw.line((x, top, x, bottom), fill=mix(RULE, BOTTOM, 0.4), width=OVERSAMPLE // 2)


def _format_note(music: Music) -> str:
    minutes, seconds = divmod(round(music.seconds), 60)
    return f"{minutes}:{seconds:02}   {len(music.notes):,} notes   {music.bpm:.0f} bpm"
