"""Chords as piano: voicings that move little, and figures that fit the metre."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from studio_music.accompany_chords import CHORDS, Slot
from studio_music.notes import Note

LOWEST_BASS: Final = 36
HIGHEST_BASS: Final = 52
LOWEST_HAND: Final = 57
HIGHEST_HAND: Final = 76
FIGURES: Final = ("block", "broken", "alberti", "waltz", "arpeggio")


@dataclass(frozen=True)
class Touch:
    """How it is played.

    Attributes:
        figure: one of `FIGURES`.
        velocity: of the beats; the rest is softer.
        beat: quarters of a beat: 1, or 1.5 in 6/8 and its like.
    """

    figure: str = "broken"
    velocity: int = 58
    beat: float = 1.0


def play_chords(
    chords: Sequence[int], slots: Sequence[Slot], tonic: int, melody: Sequence[Note], touch: Touch
) -> tuple[list[Note], list[Note]]:
    """Return the notes of the right and the left hand.

    Args:
        chords: place in `CHORDS` of each slot.
        slots: the time of each.
        tonic: pitch class.
        melody: the right hand stays below it where there is room.
        touch: how.
    """
    right: list[Note] = []
    left: list[Note] = []
    hand: tuple[int, ...] = ()
    bass = (LOWEST_BASS + HIGHEST_BASS) // 2 - 2
    for number, (chord, slot) in enumerate(zip(chords, slots, strict=True)):
        root, _, tones = CHORDS[chord]
        classes = tuple((tonic + root + tone) % 12 for tone in tones)
        ceiling = find_ceiling(melody, slot)
        hand = lead_voices(hand, classes, ceiling)
        bass = lead_bass(bass, classes[0])
        is_last = number == len(chords) - 1
        if is_last:
            right += [Note(slot.start, slot.end - slot.start, p, touch.velocity) for p in hand]
            left.append(Note(slot.start, slot.end - slot.start, bass, touch.velocity))
            continue
        own_right, own_left = play_slot(slot, hand, (bass, classes), touch)
        right += own_right
        left += own_left
    return right, left


def find_ceiling(melody: Sequence[Note], slot: Slot) -> int:
    """Return the highest pitch of the right hand: under the melody, if that leaves an octave."""
    sung = [n.pitch for n in melody if n.start < slot.end and n.end > slot.start]
    return max(LOWEST_HAND + 12, min(HIGHEST_HAND, min(sung, default=HIGHEST_HAND + 2) - 1))


def lead_voices(before: tuple[int, ...], classes: tuple[int, ...], ceiling: int) -> tuple[int, ...]:
    """Return three or four pitches of the chord, close together, nearest to those before."""
    best: tuple[float, tuple[int, ...]] | None = None
    middle = (LOWEST_HAND + ceiling) / 2 + 2
    wanted = before or (round(middle) - 5, round(middle), round(middle) + 4)
    for lowest in range(LOWEST_HAND, ceiling):
        if lowest % 12 not in classes:
            continue
        voicing = _stack(lowest, classes)
        if voicing[-1] > ceiling:
            continue
        moved = sum(min(abs(p - old) for old in wanted) for p in voicing)
        cost = moved + 0.15 * abs(sum(voicing) / len(voicing) - middle)
        if best is None or cost < best[0]:
            best = (cost, voicing)
    return best[1] if best else _stack(LOWEST_HAND + (classes[0] - LOWEST_HAND) % 12, classes)


def _stack(lowest: int, classes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(lowest + (tone - lowest) % 12 for tone in classes))


def lead_bass(before: int, pitch_class: int) -> int:
    """Return the bass note of a class nearest to the last, within its range."""
    options = [p for p in range(LOWEST_BASS, HIGHEST_BASS + 1) if p % 12 == pitch_class]
    return min(options, key=lambda pitch: (abs(pitch - before), pitch))


def play_slot(
    slot: Slot, hand: tuple[int, ...], low: tuple[int, tuple[int, ...]], touch: Touch
) -> tuple[list[Note], list[Note]]:
    """Return one chord as figures of both hands.

    Args:
        slot: its time.
        hand: pitches of the right hand, rising.
        low: bass note, and the classes of the chord.
        touch: how.
    """
    bass, classes = low
    length, loud, soft = slot.end - slot.start, touch.velocity, touch.velocity - 10
    beats = max(1, round(length / touch.beat))
    left = [Note(slot.start, length, bass, loud)]
    if touch.figure == "block":
        return [Note(slot.start, length, pitch, soft) for pitch in hand], left
    if touch.figure == "waltz":
        return _play_after_beat(slot, hand, beats, touch), [
            Note(slot.start, touch.beat, bass, loud)
        ]
    if touch.figure == "arpeggio":
        fifth = bass + (classes[2] - bass) % 12
        ladder = (bass, fifth, *hand)
        tones = _run(slot, ladder, touch, (0, 1, 2, 3, 4, 3, 2, 3))
        return [n for n in tones if n.pitch > HIGHEST_BASS], [
            n for n in tones if n.pitch <= HIGHEST_BASS
        ]
    order = (0, 2, 1, 2) if touch.figure == "alberti" else (0, 1, 2, 1)
    return _run(slot, hand, touch, order), left


def _play_after_beat(slot: Slot, hand: tuple[int, ...], beats: int, touch: Touch) -> list[Note]:
    """Chords on all beats but the first; on the half beat where there is only one."""
    times = [slot.start + touch.beat * n for n in range(1, beats)]
    size = touch.beat
    if not times:
        times, size = [slot.start + touch.beat / 2], touch.beat / 2
    return [Note(at, size, pitch, touch.velocity - 12) for at in times for pitch in hand[:3]]


def _run(slot: Slot, ladder: Sequence[int], touch: Touch, order: Sequence[int]) -> list[Note]:
    """Eighths up and down a ladder of pitches."""
    count = max(1, round((slot.end - slot.start) / 0.5))
    notes = []
    for number in range(count):
        at = slot.start + number * 0.5
        place = min(order[number % len(order)], len(ladder) - 1)
        strong = abs((at - slot.start) % touch.beat) < 0.05
        notes.append(Note(at, 0.5, ladder[place], touch.velocity - (0 if strong else 12)))
    return notes
