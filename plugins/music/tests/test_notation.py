"""Engraving: spelling, values, pages, pictures, and where the notes stand on them."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studio_music.engrave import engrave_piece, save_follow
from studio_music.files import load_piece, save_midi
from studio_music.musicxml_out import build_musicxml
from studio_music.notes import Note, Part, Piece
from studio_music.piano_roll import draw_piano_roll
from studio_music.quantise import Event, fill, quantise, spread
from studio_music.score import Score
from studio_music.spelling import name_pitch, spell
from studio_music.staves import is_choir, lay_out
from studio_music.svg_draw import draw_png, save_pdf
from studio_music.svg_shapes import parse_path, parse_transform
from studio_music.values import Metre, split_value

from studio.codecs.score import ScoreCodec
from studio.errors import InvalidInputError
from studio.generator import InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator


@pytest.fixture(autouse=True)
def fonts(tmp_path_factory):
    """Keep matplotlib's list of fonts out of the home."""
    if "MPLCONFIGDIR" not in os.environ:
        os.environ["MPLCONFIGDIR"] = str(tmp_path_factory.mktemp("matplotlib"))
        import_module("matplotlib.font_manager")  # it writes while it is imported


def build_choir():
    lines = ((72, 74, 76, 74), (67, 67, 67, 67), (64, 62, 60, 59), (48, 47, 48, 43))
    names = ("Soprano", "Alto", "Tenor", "Bass")
    parts = tuple(
        Part(name, 52, tuple(Note(n, 1, pitch) for n, pitch in enumerate(line * 3)))
        for name, line in zip(names, lines, strict=True)
    )
    return Piece(parts, fifths=0, mode="major", title="Test")


def run(params, path, tmp_path, title="Song"):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    asset = InputAsset("x", MediaType.SCORE, path, {"main": path}, title=title)
    job = JobContext((0,), {"score": [asset]}, scratch, lambda *_: None, lambda: False)
    made = next(iter(Score(None, "cpu").generate(Score.Params(**params), job)))
    return made if isinstance(made, list) else [made]


def test_contract():
    check_generator(Score, params={"pdf": False}, seeds=(1, 2)).assert_ok()


@pytest.mark.parametrize(
    ("pitch", "fifths", "mode", "name"),
    [
        (66, 1, "major", "F#4"),
        (66, -5, "major", "Gb4"),
        (68, 0, "minor", "G#4"),
        (61, -3, "minor", "Db4"),
        (71, -3, "minor", "B4"),
        (70, 0, "major", "Bb4"),
        (59, -7, "major", "Cb4"),
        (60, 7, "major", "B#3"),
    ],
)
def test_pitches_are_spelled_by_the_key(pitch, fifths, mode, name):
    assert name_pitch(pitch, fifths, mode) == name


@given(st.integers(0, 127), st.integers(-7, 7), st.sampled_from(["major", "minor"]))
def test_a_spelled_pitch_is_that_pitch(pitch, fifths, mode):
    step, alter, octave = spell(pitch, fifths, mode)
    natural = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[step]
    assert 12 * (octave + 1) + natural + alter == pitch and abs(alter) <= 2


@given(
    st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 4), (5, 4), (12, 8), (2, 2), (7, 8)]),
    st.integers(0, 60),
    st.integers(1, 60),
    st.booleans(),
)
def test_values_add_up_to_the_length(metre, start, length, is_rest):
    metre = Metre(*metre)
    start, length = 3 * start % metre.bar, 3 * length
    length = min(length, metre.bar - start)
    values = split_value(start, length, metre, is_rest)
    assert sum(value.ticks for value in values) == length
    assert all(value.ticks > 0 for value in values)


@pytest.mark.parametrize(
    ("metre", "start", "length", "ticks"),
    [
        ((4, 4), 0, 96, [96]),
        ((4, 4), 24, 48, [48]),  # a syncopated half over the middle of the bar
        ((4, 4), 12, 24, [24]),
        ((4, 4), 36, 36, [12, 24]),  # the middle of the bar must be seen
        ((3, 4), 0, 72, [72]),
        ((6, 8), 0, 36, [36]),
        ((6, 8), 24, 24, [12, 12]),
        ((4, 4), 0, 60, [48, 12]),
        ((4, 4), 8, 8, [8]),
    ],
)
def test_values_show_the_beats(metre, start, length, ticks):
    assert [value.ticks for value in split_value(start, length, Metre(*metre))] == ticks


def test_triplets_and_unsteady_hands_are_understood():
    triplet = [Note(n / 3, 1 / 3, 60 + n) for n in range(3)]
    assert [(event.start, event.length) for event in quantise(triplet)] == [(0, 8), (8, 8), (16, 8)]
    rng = np.random.default_rng(1)
    played = [Note(n / 4 + rng.normal() * 0.015 + 0.02, 0.24, 60) for n in range(16)]
    assert [event.start for event in quantise(played)] == [6 * n for n in range(16)]


def test_voices_never_overlap():
    events = [Event(0, 48, (60,)), Event(0, 24, (64,)), Event(12, 24, (67,)), Event(24, 24, (65,))]
    for voice in spread(events, 2):
        assert all(one.end <= two.start for one, two in pairwise(voice))
    filled = fill([Event(12, 24, (60,))], 0, 96)
    assert [(event.length, bool(event.pitches)) for event in filled] == [
        (12, False),
        (24, True),
        (60, False),
    ]


def test_four_voices_share_two_staves_and_a_piano_has_two():
    assert is_choir(build_choir())
    assert [len(group.staves[0].voices) for group in lay_out(build_choir())] == [2, 2]
    assert len(lay_out(build_choir(), "open")) == 4
    piano = Piece((Part("Piano", 0, (Note(0, 1, 40), Note(0, 1, 76))),))
    assert [staff.clef for staff in lay_out(piano)[0].staves] == ["treble", "bass"]
    kit = Piece((Part("Kit", 0, (Note(0, 0.25, 36), Note(0, 0.25, 42)), is_drum=True),))
    assert lay_out(kit)[0].staves[0].clef == "percussion"


def test_accidentals_are_seen_once_a_bar():
    notes = tuple(Note(n, 1, 66) for n in range(8))
    root = build_musicxml(Piece((Part("", 73, notes),), fifths=0, mode="major"))
    assert [len(bar.findall("note/accidental")) for bar in root.iter("measure")] == [1, 1]


def test_the_follow_file_walks_the_pages(tmp_path):
    piece = build_choir()
    engraving = engrave_piece(piece)
    save_follow(engraving, piece, tmp_path / "follow.json")
    made = json.loads((tmp_path / "follow.json").read_text())
    assert made["pages"] == ["page1"]
    rows = made["moments"]
    assert [row[0] for row in rows] == pytest.approx([0.6 * n for n in range(12)], abs=1e-3)
    assert [row[5] for row in rows] == [1] * 4 + [2] * 4 + [3] * 4
    for row in rows:
        assert 0 < row[2] < 1 and 0 < row[3] < row[4] < 1
    assert all(one[2] < two[2] for one, two in pairwise(rows) if one[3] == two[3])


def test_the_same_score_gives_the_same_pages():
    assert engrave_piece(build_choir()).pages == engrave_piece(build_choir()).pages


def test_a_page_becomes_a_picture_and_a_pdf(tmp_path):
    page = engrave_piece(build_choir(), labels={0.0: "C: I", 1.0: "V6"}).pages[0]
    picture = np.asarray(draw_png(page, 900).convert("L"))
    ink = (picture < 128).mean()
    assert 0.005 < ink < 0.2  # notes, but no black page
    for number in (1, 2):
        save_pdf([page, page], tmp_path / f"{number}.pdf", 8.27)
    data = (tmp_path / "1.pdf").read_bytes()
    assert data.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", data)) == 2
    assert data == (tmp_path / "2.pdf").read_bytes()


def test_paths_and_transforms():
    points, codes = parse_path("M1 2l3 0v4h-3z")
    assert points.tolist() == [[1, 2], [4, 2], [4, 6], [1, 6], [1, 2]] and codes[-1] == 79
    points, _ = parse_path("M0 0c1 0 1 1 2 1s1-1 2-1")
    assert points[4].tolist() == [3, 1]  # the smooth curve mirrors its control point
    moved = parse_transform("translate(10, 5) scale(2, 2)") @ (1, 1, 1)
    assert moved.tolist() == [12, 7, 1]


def test_a_score_carries_its_pages(tmp_path):
    path = tmp_path / "a.mid"
    save_midi(build_choir(), path)
    params = {"pictures": True, "piano_roll": True, "page": "screen", "numerals": True}
    made = run(params, path, tmp_path)
    assert [item.kind for item in made] == [MediaType.SCORE, MediaType.IMAGE, MediaType.IMAGE]
    files = made[0].payload
    assert list(files) == ["main", "page1", "follow", "cover", "print"]
    folder = tmp_path / "out"
    folder.mkdir()
    codec = ScoreCodec()
    kept = codec.encode(files, folder)
    assert codec.probe(kept)["notes"] == 48
    assert codec.hash_payload(kept) == codec.hash_payload({"main": kept["main"]})
    assert codec.make_thumbnail(kept).width > 100
    words = {item.get("text") for item in ElementTree.parse(files["main"]).iter("root-step")}
    assert "C: I" in words


def test_musicxml_stays_as_it_is_and_changes_when_asked(tmp_path):
    path = tmp_path / "a.musicxml"
    ElementTree.ElementTree(build_musicxml(build_choir(), "open")).write(path)
    kept = run({"pdf": False}, path, tmp_path)[0].payload["main"]
    assert len(ElementTree.parse(kept).findall("part")) == 4
    moved = run({"pdf": False, "semitones": 2, "format": "midi"}, path, tmp_path)[0]
    assert load_piece(moved.payload["main"]).parts[0].notes[0].pitch == 74


def test_a_score_of_endless_bars_is_refused(tmp_path):
    path = tmp_path / "a.mid"
    save_midi(Piece((Part("", 0, (Note(0, 1, 60), Note(40_000, 1, 60))),)), path)
    with pytest.raises(InvalidInputError, match="engraved at once"):
        run({}, path, tmp_path)


def test_a_piano_roll_shows_the_notes():
    picture = np.asarray(draw_piano_roll(build_choir()))
    assert ((picture != 255).any(axis=2)).mean() > 0.05


def test_every_thread_finds_the_fonts():
    """Verovio knows where they lie only in the thread that imported it first."""
    engrave_piece(build_choir())
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(lambda: len(engrave_piece(build_choir()).pages)).result() == 1
