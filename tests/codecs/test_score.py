import io
import zipfile

import mido
import pytest

from studio.codecs.score import ScoreCodec
from studio.errors import InvalidInputError

CODEC = ScoreCodec()

XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" "x.dtd">
<score-partwise><identification><rights>mine</rights></identification>
<part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1">
<attributes><divisions>2</divisions></attributes>
<direction><sound tempo="60"/></direction>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>
<note><chord/><pitch><step>E</step><alter>-1</alter><octave>4</octave></pitch>
<duration>4</duration></note>
<backup><duration>4</duration></backup><forward><duration>2</duration></forward>
<note><rest/><duration>2</duration></note>
</measure><measure number="2"><sound tempo="120"/>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration>
<tie type="start"/></note>
<note><pitch><step>G</step><octave>4</octave></pitch><duration>4</duration>
<tie type="stop"/></note>
</measure></part></score-partwise>"""


def build(*tracks, **options):
    midi = mido.MidiFile(ticks_per_beat=480, **options)
    for messages in tracks:
        midi.tracks.append(mido.MidiTrack(messages))
    return midi


def note(pitch, length, channel=0):
    return [
        mido.Message("note_on", note=pitch, velocity=70, channel=channel),
        mido.Message("note_off", note=pitch, time=length, channel=channel),
    ]


@pytest.fixture
def midi():
    head = [mido.MetaMessage("set_tempo", tempo=1_000_000), mido.MetaMessage("text", text="hi")]
    slower = [mido.MetaMessage("set_tempo", tempo=2_000_000, time=480)]
    return build(head + slower, note(60, 480) + note(64, 480), note(36, 960, channel=9))


def test_round_trip(midi, tmp_path, recipe):
    files = CODEC.encode(midi, tmp_path)
    facts = {"tracks": 3, "notes": 3, "seconds": 3.0, "ticks_per_beat": 480, "bpm": 60.0}
    assert CODEC.probe(files) == facts
    assert mido.MidiFile(files["main"]).length == pytest.approx(3.0)
    digest, data = CODEC.hash_payload(files), files["main"].read_bytes()
    assert CODEC.embed_recipe(files, recipe) == files
    marked = files["main"].read_bytes()
    CODEC.embed_recipe(files, recipe)
    assert files["main"].read_bytes() == marked != data
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.hash_payload(files) == digest
    assert CODEC.probe(files) == facts
    assert mido.MidiFile(files["main"]).tracks[0][0].text.startswith("studio:{")
    assert CODEC.make_thumbnail(files).size == (256, 192)


@pytest.mark.parametrize("length", [1, 100, 127, 128, 16_300, 16_384, 999_000])
def test_recipes_of_any_length(length, midi, tmp_path, recipe):
    long = recipe.model_copy(update={"params": {"prompt": "x" * length}})
    files = CODEC.encode(midi, tmp_path)
    CODEC.embed_recipe(files, recipe)
    CODEC.embed_recipe(files, long)
    assert CODEC.extract_recipe(files["main"]) == long
    assert CODEC.probe(files)["notes"] == 3


def test_a_recipe_too_long_for_other_readers_goes_beside(midi, tmp_path, recipe):
    long = recipe.model_copy(update={"params": {"prompt": "x" * 1_000_000}})
    files = CODEC.embed_recipe(CODEC.encode(midi, tmp_path), long)
    assert list(files) == ["main", "recipe"]
    assert CODEC.probe(files)["notes"] == 3
    assert CODEC.extract_recipe(files["main"]) == long


def test_hash_is_of_the_music(midi, tmp_path):
    digest = CODEC.hash_payload(CODEC.encode(midi, tmp_path))
    midi.tracks[0].insert(1, mido.MetaMessage("track_name", name="Lento"))
    assert CODEC.hash_payload(CODEC.encode(midi, tmp_path)) == digest
    midi.tracks[1][0] = midi.tracks[1][0].copy(note=61)
    assert CODEC.hash_payload(CODEC.encode(midi, tmp_path)) != digest


def test_bytes_and_files(midi, tmp_path):
    buffer = io.BytesIO()
    midi.save(file=buffer)
    files = CODEC.encode(buffer.getvalue(), tmp_path)
    taken = CODEC.encode(files["main"], tmp_path / "out")
    assert taken["main"].read_bytes() == buffer.getvalue()


def test_notes_left_on_and_struck_again_end(tmp_path):
    on = mido.Message("note_on", note=60, velocity=9)
    track = [on, on.copy(time=480), mido.MetaMessage("end_of_track", time=480)]
    files = CODEC.encode(build(track), tmp_path)
    assert CODEC.probe(files)["notes"] == 2
    assert CODEC.probe(files)["seconds"] == 1.0


@pytest.mark.parametrize(
    "data",
    [
        b"MThd",
        b"MThd\0\0\0\x06\0\1\0\1\x01\xe0MTrk\0\0\0\x09\0\x90",
        b"MThd\0\0\0\x06\0\1\0\1\xe2\x50MTrk\0\0\0\4\0\xff\x2f\0",
        b"MThd\0\0\0\x06\0\1\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0",
        b"RIFF a song",
        b"",
    ],
)
def test_damaged_midi(data, tmp_path):
    with pytest.raises(InvalidInputError):
        CODEC.encode(data, tmp_path)


def test_impossible_length(tmp_path):
    slow = mido.MetaMessage("set_tempo", tempo=2**24 - 1)
    with pytest.raises(InvalidInputError, match="seconds"):
        CODEC.encode(build([slow, *note(60, 2**27)]), tmp_path)


def test_refuses_other_payloads(tmp_path):
    for payload in (3, "a tune", None):
        with pytest.raises(InvalidInputError, match="a score is"):
            CODEC.encode(payload, tmp_path)


@pytest.fixture
def xml(tmp_path):
    path = tmp_path / "a.musicxml"
    path.write_text(XML)
    return path


def test_musicxml(xml, tmp_path, recipe):
    files = CODEC.encode(xml, tmp_path / "out")
    facts = {"tracks": 1, "notes": 3, "seconds": 4.0, "ticks_per_beat": 2, "bpm": 60.0}
    assert CODEC.probe(files) == facts
    marked = CODEC.embed_recipe(files, recipe)
    assert list(marked) == ["main", "recipe"]
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.make_thumbnail(marked).size == (256, 192)


def test_musicxml_hash_is_of_the_music(xml, tmp_path):
    digests = []
    for old, new in (("mine", "yours"), (">\n<", ">\n\n  <"), ("<step>C", "<step>D")):
        other = tmp_path / "b.musicxml"
        other.write_text(XML.replace(old, new))
        digests.append(CODEC.hash_payload({"main": other}))
    assert digests[:2] == [CODEC.hash_payload({"main": xml})] * 2 != digests[1:]


def test_mxl(xml, tmp_path):
    path = tmp_path / "a.mxl"
    container = '<container><rootfiles><rootfile full-path="s/a.xml"/></rootfiles></container>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("s/a.xml", XML)
    assert CODEC.hash_payload({"main": path}) == CODEC.hash_payload({"main": xml})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
    with pytest.raises(InvalidInputError, match="names no score"):
        CODEC.probe({"main": path})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", container)
    with pytest.raises(InvalidInputError):
        CODEC.probe({"main": path})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<a>" * 99, "deeply"),
        ('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', "entities"),
        ("<html/>", "not partwise"),
        ("hello", "damaged"),
        (XML.replace("<step>C", "<step>X"), "damaged"),
        (XML.replace("<duration>4", "<duration>1e99"), "beats"),
        (XML.replace("<duration>4", "<duration>nan"), "beats"),
        (XML[:900], "damaged"),
    ],
)
def test_damaged_musicxml(text, fault, tmp_path):
    path = tmp_path / "a.musicxml"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=fault):
        CODEC.probe({"main": path})


def test_piano_roll_of_no_note_and_of_many(tmp_path):
    assert CODEC.make_thumbnail(CODEC.encode(build([]), tmp_path)).size == (256, 192)
    track = [message for i in range(300) for message in note(i % 128, 480, channel=i % 16)]
    assert CODEC.make_thumbnail(CODEC.encode(build(track), tmp_path)).size == (256, 192)
