import pytest
from PIL import Image

from studio.codecs.text import TextCodec, load_text
from studio.errors import InvalidInputError

CODEC = TextCodec()


def test_round_trip(tmp_path, recipe):
    files = CODEC.encode("One fine day,\nniño ♪\n", tmp_path)
    assert files["main"].read_bytes() == "One fine day,\nniño ♪\n".encode()
    assert CODEC.probe(files) == {"words": 5, "lines": 2, "characters": 21}
    digest = CODEC.hash_payload(files)
    marked = CODEC.embed_recipe(files, recipe)
    assert list(marked) == ["main", "recipe"]
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.hash_payload(marked) == digest


def test_line_ends_and_marks_do_not_count(tmp_path):
    digests = set()
    for number, data in enumerate(
        (b"a\nb", b"a\r\nb", b"\xef\xbb\xbfa\nb", "a\nb".encode("utf-16"))
    ):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(data)
        digests.add(CODEC.hash_payload({"main": path}))
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"", "empty"), (b"caf\xe9", "UTF-8"), (b"a\0b", "binary"), (b"\xff\xfea", "UTF-8")],
)
def test_bad_texts(data, fault, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match=fault):
        load_text(path)


def test_bad_payloads(tmp_path, monkeypatch):
    for payload in (3, "", "\ud800"):
        with pytest.raises(InvalidInputError):
            CODEC.encode(payload, tmp_path)
    monkeypatch.setattr("studio.codecs.text.MAX_TEXT", 10)
    with pytest.raises(InvalidInputError, match="too large"):
        CODEC.encode("a" * 11, tmp_path)


@pytest.mark.parametrize("text", ["x", "\n\n  \n", "w" * 500, "tab\there\n" * 40, "漢字かな" * 60])
def test_thumbnail_of_any_text(text, tmp_path):
    picture = CODEC.make_thumbnail(CODEC.encode(text, tmp_path))
    assert picture.size == (256, 192)


def test_thumbnail_shows_the_text(tmp_path):
    pictures = [
        CODEC.make_thumbnail(CODEC.encode(text, tmp_path))
        for text in ("a word", "b word", "b word")
    ]
    assert pictures[0].tobytes() != pictures[1].tobytes() == pictures[2].tobytes()
    assert isinstance(pictures[0], Image.Image)
