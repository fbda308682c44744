"""Names of pitches: which of F sharp and G flat a key wants."""

from typing import Final

STEPS: Final = "FCGDAEB"
"""In fifths from F; position 0 on the line of fifths is C."""
NATURAL: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS: Final = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


def spell(pitch: int, fifths: int, mode: str = "major") -> tuple[str, int, int]:
    """Return step, alteration in semitones and octave of a MIDI pitch in a key.

    Beside the scale a major key takes its three nearest flats (the flat third, sixth and
    seventh come from there) and sharps up to the raised fifth; a minor key two flats and its
    raised fourth, sixth and seventh.
    """
    place = name_class(pitch % 12, fifths, mode)
    step, alter = split_fifths(place)
    octave = (pitch - alter - NATURAL[step]) // 12 - 1
    return step, alter, octave


def name_class(pitch_class: int, fifths: int, mode: str = "major") -> int:
    """Return the place of a pitch class on the line of fifths, C being 0."""
    lowest = fifths - (2 if mode == "minor" else 3)
    return lowest + (7 * pitch_class - lowest) % 12


def split_fifths(place: int) -> tuple[str, int]:
    """Return step and alteration of a place on the line of fifths."""
    return STEPS[(place + 1) % 7], (place + 1) // 7


def name_pitch(pitch: int, fifths: int, mode: str = "major") -> str:
    """Return "F#4"."""
    step, alter, octave = spell(pitch, fifths, mode)
    return f"{step}{ACCIDENTALS.get(alter, '')}{octave}"


def name_key(fifths: int, mode: str) -> str:
    """Return "E flat major"."""
    step, alter = split_fifths(fifths + (3 if mode == "minor" else 0))
    sign = {-1: " flat", 0: "", 1: " sharp"}[alter]
    return f"{step}{sign} {mode or 'major'}"


def list_key_alterations(fifths: int) -> dict[str, int]:
    """Return step -> alteration of a key signature."""
    signs = dict.fromkeys(STEPS, 0)
    for number in range(abs(fifths)):
        signs[STEPS[number] if fifths > 0 else STEPS[6 - number]] = 1 if fifths > 0 else -1
    return signs
