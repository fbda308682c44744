"""Keys, chords, form, marks and likeness, on music whose answers are known."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music.analyse import Analyse, analyse, rank_likeness
from studio_music.chords import find_numeral, list_chords
from studio_music.form import find_cadences, find_form
from studio_music.lessons import mark, write_feedback
from studio_music.notes import Note, Part, Piece, transpose
from studio_music.theory import Key, find_key, walk_keys

from studio.errors import InvalidInputError
from studio.testing import check_generator

NAMES = ("Soprano", "Alto", "Tenor", "Bass")


def build(*chords, length=1.0, **values):
    """Four voices, one chord of four pitches from the top after the other."""
    parts = tuple(
        Part(
            name,
            52,
            tuple(Note(n * length, length, chord[voice]) for n, chord in enumerate(chords)),
        )
        for voice, name in enumerate(NAMES)
    )
    return Piece(parts, **{"fifths": 0, "mode": "major", **values})


TONIC, SUBDOMINANT, DOMINANT = (72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55)
GOOD = (TONIC, SUBDOMINANT, DOMINANT, TONIC)


def test_contract():
    check_generator(Analyse, seeds=(1, 2)).assert_ok()


@settings(max_examples=24)
@given(st.integers(-6, 5))
def test_the_key_moves_with_the_piece(semitones):
    piece = build(*GOOD, *GOOD)
    assert find_key(piece).name == "C major"
    moved = transpose(piece, semitones)
    assert find_key(moved).tonic == semitones % 12 and find_key(moved).mode == "major"
    numerals = [chord.numeral for chord in list_chords(piece)]
    assert [chord.numeral for chord in list_chords(moved)] == numerals


def test_minor_is_told_from_its_relative():
    chords = ((69, 64, 60, 45), (69, 65, 62, 50), (68, 64, 59, 52), (69, 64, 60, 45))
    piece = build(*chords, *chords, fifths=None, mode="")
    assert find_key(piece).name == "A minor"
    assert [c.numeral for c in list_chords(piece)][:4] == ["i", "iv", "V", "i"]


def test_a_modulation_is_found():
    to_g = [tuple(pitch + 7 - 12 * (pitch > 65) for pitch in chord) for chord in GOOD]
    regions = walk_keys(build(*GOOD * 3, *to_g * 3, fifths=None, mode=""))
    assert [key.name for _, key in regions] == ["C major", "G major"]
    assert regions[1][0] == 12


@pytest.mark.parametrize(
    ("root", "quality", "bass", "key", "numeral"),
    [
        (0, "maj", 0, Key(0, "major"), "I"),
        (7, "7", 11, Key(0, "major"), "V6/5"),
        (2, "7", 6, Key(0, "major"), "V6/5/V"),
        (2, "m7", 5, Key(0, "major"), "ii6/5"),
        (11, "dim", 2, Key(0, "major"), "viio6"),
        (6, "dim7", 6, Key(0, "major"), "viio7/V"),
        (8, "maj", 8, Key(0, "major"), "bVI"),
        (5, "maj7", 4, Key(0, "major"), "IVM2"),
        (7, "7", 7, Key(0, "minor"), "V7"),
        (10, "maj", 10, Key(0, "minor"), "VII"),
        (11, "dim7", 11, Key(0, "minor"), "viio7"),
        (2, "m7b5", 2, Key(0, "minor"), "iiø7"),
        (1, "maj", 5, Key(0, "minor"), "bII6"),
    ],
)
def test_numerals(root, quality, bass, key, numeral):
    assert find_numeral(root, quality, bass, key) == numeral


def test_chords_have_names_and_silence_has_none():
    chords = list_chords(build(*GOOD))
    assert [chord.name for chord in chords] == ["C", "F", "G", "C"]
    assert list_chords(Piece((Part("Kit", 0, (Note(0, 1, 36),), is_drum=True),))) == []


def test_form_and_cadences():
    tune = (60, 62, 64, 65, 67, 67, 69, 67, 65, 65, 64, 64, 62, 62, 60, 60)
    other = (72, 71, 69, 67, 72, 71, 69, 67, 64, 66, 68, 70, 72, 74, 76, 77)

    def line(*lines):
        pitches = [pitch for one in lines for pitch in one]
        return Piece((Part("", 73, tuple(Note(n, 1, p) for n, p in enumerate(pitches))),))

    assert find_form(line(tune, tune, other, tune)) == (4, "A A B A")
    piece = build(*GOOD[:3], TONIC, length=2.0)
    assert [(c.bar, c.kind) for c in find_cadences(piece, list_chords(piece))][-1] == (
        2,
        "authentic",
    )


def find_rules(*chords, **values):
    piece = build(*chords, **values)
    return {(fault.rule, fault.bar) for fault in mark(piece, list_chords(piece))}


@pytest.mark.parametrize(
    ("rule", "chords"),
    [
        ("parallel fifths", (TONIC, (74, 69, 65, 50))),
        ("parallel octaves", (TONIC, (74, 69, 65, 50))),
        ("range", ((84, 67, 64, 48),)),
        ("crossing", ((67, 72, 64, 48),)),
        ("spacing", ((79, 65, 60, 48),)),
        ("leap", (TONIC, (78, 67, 64, 48))),
        ("doubled leading note", (TONIC, (74, 71, 59, 43), TONIC)),
        ("missing third", (TONIC, (72, 67, 60, 48), (72, 67, 60, 48), TONIC)),
    ],
)
def test_each_rule_is_seen(rule, chords):
    assert (rule, 1) in find_rules(*chords)
    assert rule not in {name for name, _ in find_rules(*GOOD)}


def test_sevenths_fall_and_leading_notes_rise():
    seventh = (65, 62, 59, 43)
    wrong = ((65, 62, 59, 55), (69, 64, 60, 48))
    assert ("seventh", 1) in find_rules(TONIC, *wrong)
    assert ("seventh", 1) not in find_rules(TONIC, seventh, (64, 60, 60, 48))
    assert ("leading note", 1) in find_rules(TONIC, DOMINANT, (67, 64, 60, 48))


def test_feedback_names_bars_and_the_gravest_first():
    piece = build(*GOOD, TONIC, (74, 69, 65, 50), *GOOD[2:])
    said = write_feedback(piece, mark(piece, list_chords(piece)))
    assert said[0].startswith("Parallel octaves") and "bar 2" in said[0]
    clean = write_feedback(build(*GOOD), [])
    assert len(clean) == 1 and "Well done" in clean[0]


def test_likeness_knows_no_key_and_no_tempo():
    piece = build(*GOOD, *GOOD, (76, 67, 64, 48))
    other = Piece((Part("", 73, tuple(Note(n / 3, 1 / 3, 60 + 5 * (n % 3)) for n in range(40))),))
    ranked = rank_likeness(piece, [("other", other), ("same", transpose(piece, 3))])
    assert ranked[0]["title"] == "same" and ranked[0]["likeness"] == pytest.approx(1)
    assert ranked[1]["likeness"] < 0.8


def test_the_report_is_plain_data():
    report = analyse(build(*GOOD, title="Air"))
    assert json.loads(json.dumps(report)) == report
    assert report["key"]["name"] == "C major" and report["parts"][0]["highest"] == "C5"
    assert report["faults"] == [] and "Well done" in report["feedback"][0]
    alone = analyse(Piece((Part("", 73, (Note(0, 1, 60), Note(1, 1, 64))),)))
    assert "faults" not in alone and "exactly four parts" in alone["feedback"][0]


@pytest.mark.skipif("STUDIO_DATA" not in os.environ, reason="STUDIO_DATA names no data")
def test_bach_ends_in_the_key_that_is_found():
    from pathlib import Path

    from studio_music.chorale_data import load_separated
    from studio_music.chorale_score import Look, build_piece

    path = Path(os.environ["STUDIO_DATA"]) / "music" / "jsb" / "Jsb16thSeparated.npz"
    pieces = load_separated(path)["valid"][:40]
    found = 0
    for frames in pieces:
        key = find_key(build_piece(frames, (0, False), Look()))
        found += key.tonic == int(frames[-1][3]) % 12
    assert found >= 33


def test_ten_hours_are_refused_at_once():
    notes = (Note(0.0, 72000.0, 60),)
    with pytest.raises(InvalidInputError, match="18000 bars are more than the 2000"):
        analyse(Piece((Part("Long", 0, notes),)))
