"""What lies beside a score: pages, positions, a print; and what is refused there."""

import json

import mido
import numpy as np
import pytest
from PIL import Image

from studio.codecs.score import ScoreCodec
from studio.errors import InvalidInputError

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'


@pytest.fixture
def files(tmp_path):
    midi = mido.MidiFile()
    tone = [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=480)]
    midi.tracks.append(mido.MidiTrack(tone))
    midi.save(tmp_path / "main.mid")
    (tmp_path / "page1.svg").write_bytes(SVG % b'<path d="M0 0L9 9"/>')
    (tmp_path / "follow.json").write_text(json.dumps({"moments": [[0, 0, 0.1, 0.2, 0.3, 1]]}))
    (tmp_path / "print.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "cover.png")
    names = ("main.mid", "page1.svg", "follow.json", "cover.png", "print.pdf")
    return {name.partition(".")[0]: tmp_path / name for name in names}


def test_pages_lie_beside_the_music(files, tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    codec = ScoreCodec()
    made = codec.encode(files, folder)
    assert list(made) == list(files) and codec.probe(made)["notes"] == 1
    assert codec.hash_payload(made) == codec.hash_payload({"main": made["main"]})
    assert np.asarray(codec.make_thumbnail(made).convert("RGB"))[0, 0].tolist() == [255, 0, 0]
    alone = codec.make_thumbnail({"main": made["main"]})
    assert alone.size != (40, 30)


def test_a_page_is_no_score(files):
    with pytest.raises(InvalidInputError):
        ScoreCodec().probe({"page1": files["page1"], "main": files["main"]})


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("page1", SVG % b"<script>alert(1)</script>", "more than draw"),
        ("page1", SVG % b'<path onclick="x()"/>', "more than draw"),
        ("page1", SVG % b'<use href="http://a.example/b.svg#c"/>', "more than draw"),
        ("page1", b'<!DOCTYPE x [<!ENTITY a "b">]>' + SVG % b"&a;", "entities"),
        ("page1", b"<svg><g>", "damaged"),
        ("follow", b"{", "JSON"),
        ("print", b"no PDF", "not a PDF"),
        ("cover", b"no picture", "cover"),
    ],
)
def test_what_does_more_or_less_is_refused(files, name, content, word):
    files[name].write_bytes(content)
    with pytest.raises(InvalidInputError, match=word):
        ScoreCodec().probe(files)
