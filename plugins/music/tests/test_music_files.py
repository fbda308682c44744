"""Scores read and written: what is kept, and everything that is refused."""

import io
import zipfile

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_music.files import load_piece, save_midi
from studio_music.musicxml_out import save_musicxml
from studio_music.notes import Note, Part, Piece, cut, sort_notes, transpose

from studio.errors import InvalidInputError

XML = """<?xml version="1.0"?>{head}<score-partwise version="4.0"><work><work-title>Air</work-title>
</work><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="0" implicit="yes"><attributes><divisions>2</divisions>
<key><fifths>-3</fifths><mode>minor</mode></key><time><beats>3</beats><beat-type>4</beat-type>
</time></attributes><sound tempo="90"/>{notes}</measure></part></score-partwise>"""
NOTE = (
    "<note><pitch><step>{step}</step><alter>{alter}</alter><octave>4</octave></pitch>"
    "<duration>{length}</duration>{tie}</note>"
)


def build_piece(**changes):
    notes = (Note(0, 1, 60), Note(1, 0.5, 62, 100), Note(1.5, 1.5, 63), Note(3, 1, 55))
    values = {
        "parts": (
            Part("Flute", 73, notes),
            Part("Drums", 0, (Note(0, 0.25, 36), Note(1, 0.25, 38)), is_drum=True),
        ),
        "bpm": 96.0,
        "metre": (3, 4),
        "fifths": -3,
        "mode": "minor",
        "title": "Märchen",
        "pickup": 1.0,
        "tempos": ((2.0, 120.0),),
    }
    return Piece(**{**values, **changes})


def test_midi_keeps_the_piece(tmp_path):
    piece = build_piece()
    save_midi(piece, tmp_path / "a.mid")
    assert load_piece(tmp_path / "a.mid") == piece
    save_midi(piece, tmp_path / "b.mid")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_musicxml_keeps_the_notes(tmp_path):
    piece = build_piece()
    save_musicxml(piece, tmp_path / "a.musicxml")
    back = load_piece(tmp_path / "a.musicxml")
    assert (back.fifths, back.mode, back.metre, back.pickup) == (-3, "minor", (3, 4), 1.0)
    assert (back.bpm, back.title) == (96.0, "Märchen")
    rows = [(note.start, note.duration, note.pitch) for note in piece.parts[0].notes]
    assert [(note.start, note.duration, note.pitch) for note in back.parts[0].notes] == rows
    assert back.parts[1].is_drum


@st.composite
def melodies(draw):
    lengths = draw(st.lists(st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0]), min_size=1))
    now, notes = draw(st.sampled_from([0.0, 0.5, 1.0])), []
    for length in lengths[:20]:
        if draw(st.booleans()) or not notes:
            notes.append(Note(now, length, draw(st.integers(40, 84))))
        now += length
    metre = draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 2), (5, 4)]))
    return Piece((Part("Voice", 52, tuple(notes)),), metre=metre, fifths=draw(st.integers(-6, 6)))


@settings(max_examples=40)
@given(piece=melodies())
def test_notation_keeps_every_note(piece, tmp_path_factory):
    path = tmp_path_factory.mktemp("xml") / "a.musicxml"
    save_musicxml(piece, path)
    back = load_piece(path)
    notes = [(note.start, note.duration, note.pitch) for note in back.parts[0].notes]
    assert notes == [(note.start, note.duration, note.pitch) for note in piece.parts[0].notes]


@settings(max_examples=30)
@given(semitones=st.integers(-30, 30), piece=melodies())
def test_transposing_back_gives_the_piece(semitones, piece):
    moved = transpose(piece, semitones)
    assert -6 <= moved.fifths <= 6
    back = transpose(moved, -semitones)
    classes = [note.pitch % 12 for note in piece.parts[0].notes]
    assert [note.pitch % 12 for note in back.parts[0].notes] == classes


def test_cutting_moves_and_cuts():
    piece = cut(build_piece(), 1.25, 3.5)
    assert [(note.start, note.duration) for note in piece.parts[0].notes] == [
        (0.0, 0.25),
        (0.25, 1.5),
        (1.75, 0.5),
    ]
    assert piece.tempos == ((0.75, 120.0),)


def test_seconds_follow_the_tempos():
    piece = build_piece()
    assert piece.find_seconds(2) == pytest.approx(2 * 60 / 96)
    assert piece.seconds == pytest.approx(2 * 60 / 96 + 2 * 60 / 120)
    assert [piece.find_bar(at) for at in (0, 1, 3.9, 4)] == [0, 1, 1, 2]


def write_midi(path, *tracks, ticks=480):
    midi = mido.MidiFile(ticks_per_beat=ticks)
    for track in tracks:
        midi.tracks.append(mido.MidiTrack(track))
    midi.save(path)
    return path


def tone(pitch=60, length=480, start=0):
    return [
        mido.Message("note_on", note=pitch, time=start),
        mido.Message("note_off", note=pitch, time=length),
    ]


def test_tempo_zero_is_passed_over(tmp_path):
    path = write_midi(tmp_path / "a.mid", [mido.MetaMessage("set_tempo", tempo=0), *tone()])
    piece = load_piece(path)
    assert piece.bpm == 120 and piece.seconds == pytest.approx(0.5)


def test_many_tracks_and_ten_hours_are_read(tmp_path):
    path = write_midi(tmp_path / "a.mid", *[tone(40 + n % 60) for n in range(200)])
    assert len(load_piece(path).parts) == 200
    ticks = [tone(start=480 * 7200) for _ in range(10)]
    path = write_midi(tmp_path / "b.mid", [event for events in ticks for event in events])
    assert load_piece(path).seconds == pytest.approx(10 * 3600, rel=0.01)


def test_a_note_left_on_or_struck_again_is_no_fault(tmp_path):
    events = [
        mido.Message("note_on", note=60),
        mido.Message("note_on", note=60, time=240),
        *tone(62),
    ]
    assert load_piece(write_midi(tmp_path / "a.mid", events)).note_count >= 1


def hostile_files(folder):
    """Name -> file and a word of the refusal."""
    good = io.BytesIO()
    mido.MidiFile(tracks=[mido.MidiTrack(tone() * 30)]).save(file=good)
    data = good.getvalue()
    lol = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    notes = NOTE.format(step="C", alter=0, length=2, tie="")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="a.xml"/></c>')
        archive.writestr("a.xml", b" " * (70 << 20))
    made = {
        "empty.mid": (b"", "empty"),
        "text.mid": (b"This is a text, not music.\n" * 40, "not a MIDI file"),
        "cut.mid": (data[:60], "damaged"),
        "head.mid": (data[:14], "no note|damaged"),
        "smpte.mid": (data[:12] + b"\xe7\x28" + data[14:], "SMPTE"),
        "running.mid": (data[:22] + b"\x00\x3c\x40" + data[25:], "damaged"),
        "silent.mid": (data[:14] + b"MTrk\0\0\0\4\0\xff\x2f\0", "no note"),
        "entities.musicxml": (XML.format(head=lol, notes=notes).encode(), "entities"),
        "outside.musicxml": (XML.format(head=outside, notes=notes).encode(), "entities"),
        "silent.musicxml": (XML.format(head="", notes="").encode(), "no note"),
        "cut.musicxml": (XML.format(head="", notes=notes).encode()[:300], "damaged"),
        "bomb.mxl": (bomb.getvalue(), "large|bomb"),
        "zip.mxl": (b"PK\3\4 nonsense", "damaged|zip"),
        "none.abc": (b"just words", "no ABC"),
        "score.doc": (data, "no score"),
    }
    for name, (content, word) in made.items():
        (folder / name).write_bytes(content)
        yield folder / name, word


def test_bad_files_are_refused_with_a_reason(tmp_path):
    for path, word in hostile_files(tmp_path):
        with pytest.raises(InvalidInputError, match=word):
            load_piece(path)
    with pytest.raises(InvalidInputError, match="no such file"):
        load_piece(tmp_path / "missing.mid")


@settings(max_examples=150)
@given(junk=st.binary(max_size=200), place=st.integers(0, 200))
def test_damaged_bytes_are_refused_or_read(junk, place, tmp_path_factory):
    path = tmp_path_factory.mktemp("midi") / "a.mid"
    good = io.BytesIO()
    mido.MidiFile(tracks=[mido.MidiTrack(tone() * 20)]).save(file=good)
    data = good.getvalue()
    path.write_bytes(data[:place] + junk + data[place + len(junk) // 2 :])
    try:
        assert load_piece(path).note_count > 0
    except InvalidInputError:
        pass


def test_bytes_after_the_tracks_are_passed_over(tmp_path):
    path = write_midi(tmp_path / "a.mid", tone())
    path.write_bytes(path.read_bytes() + b"\0\0JUNK\xff\xff\xff\xff\xff")
    assert load_piece(path).note_count == 1


def test_musicxml_details(tmp_path):
    tied = NOTE.format(step="C", alter=0, length=2, tie='<tie type="start"/>')
    tied += NOTE.format(step="C", alter=0, length=1, tie='<tie type="stop"/>')
    notes = tied + "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    path = tmp_path / "a.musicxml"
    path.write_text(XML.format(head="", notes=notes))
    piece = load_piece(path)
    assert [(n.start, n.duration, n.pitch) for n in piece.parts[0].notes] == [(0, 1.5, 60)]
    assert (piece.bpm, piece.metre, piece.pickup, piece.title) == (90, (3, 4), 1.5, "Air")


def test_abc_is_read(tmp_path):
    path = tmp_path / "a.abc"
    path.write_text("X:1\nT:Jig\nM:6/8\nL:1/8\nQ:3/8=120\nK:Dmix\nDEF GAB|c3 d3|\nX:2\nK:C\nC8|\n")
    piece = load_piece(path)
    assert piece.metre == (6, 8) and piece.title == "Jig"
    assert [note.pitch for note in piece.parts[0].notes] == [62, 64, 66, 67, 69, 71, 72, 74]
    assert piece.bpm == pytest.approx(180)


def test_more_parts_than_channels_are_all_written(tmp_path):
    parts = tuple(Part(f"P{n}", n, (Note(n, 1, 60 + n),)) for n in range(20))
    save_midi(Piece(parts), tmp_path / "a.mid")
    back = load_piece(tmp_path / "a.mid")
    assert sorted(note.pitch for part in back.parts for note in part.notes) == list(range(60, 80))
    assert sort_notes([Note(1, 1, 5), Note(0, 1, 7)])[0].pitch == 7
