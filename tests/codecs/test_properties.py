"""What holds for any input: random pictures survive, random bytes are refused politely."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.codecs import Codecs
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe

CODECS = Codecs()
HEADS = {
    MediaType.IMAGE: {
        ".png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\2\x08\2\0\0\0",
        ".jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        ".gif": b"GIF89a\2\0\2\0",
        ".webp": b"RIFF\x20\0\0\0WEBPVP8X",
        ".bmp": b"BM",
        ".tif": b"II*\0\x08\0\0\0\2\0",
        ".tga": b"",
    },
    MediaType.TEXTURE: {".png": b"\x89PNG\r\n\x1a\n"},
    MediaType.AUDIO: {".wav": b"RIFF\x20\0\0\0WAVEfmt ", ".flac": b"fLaC", ".mp3": b"\xff\xfb"},
    MediaType.SCORE: {
        ".mid": b"MThd\0\0\0\x06\0\1\0\1\x01\xe0MTrk\0\0\0\x20",
        ".musicxml": b"<score-partwise>",
        ".mxl": b"PK\x03\x04",
        ".abc": b"X:1\nK:C\n",
    },
    MediaType.TEXT: {".txt": b""},
    MediaType.CHECKPOINT: {".safetensors": b"\x10\0\0\0\0\0\0\0{"},
    MediaType.REPORT: {".json": b"{"},
    MediaType.ARCHIVE: {".zip": b"PK\x03\x04"},
}
CASES = [(kind, suffix) for kind, heads in HEADS.items() for suffix in heads]


@pytest.mark.parametrize(("kind", "suffix"), CASES)
@settings(max_examples=60, derandomize=True)
@given(data=st.binary(max_size=90), headed=st.booleans())
def test_random_bytes_are_refused_or_read(tmp_path_factory, kind, suffix, data, headed):
    path = tmp_path_factory.getbasetemp() / f"random{suffix}"
    path.write_bytes(HEADS[kind][suffix] * headed + data)
    codec = CODECS.get(kind)
    files = {"albedo" if kind is MediaType.TEXTURE else "main": path}
    try:
        codec.probe(files)
        codec.hash_payload(files)
        codec.make_thumbnail(files)
    except InvalidInputError as fault:
        assert "random" in str(fault)
    codec.extract_recipe(path)


@settings(derandomize=True)
@given(
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr"]),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    data=st.data(),
    prompt=st.text(),
)
def test_any_picture_survives(tmp_path_factory, mode, size, data, prompt):
    image = Image.new(mode, size)
    if mode not in ("F", "I"):
        length = len(image.tobytes())
        image = Image.frombytes(mode, size, data.draw(st.binary(min_size=length, max_size=length)))
    codec = CODECS.get(MediaType.IMAGE)
    folder = tmp_path_factory.getbasetemp()
    files = codec.encode(image, folder)
    digest = codec.hash_payload(files)
    recipe = Recipe(generator="a.b", plugin="a", plugin_version="1", params={"prompt": prompt})
    codec.embed_recipe(files, recipe)
    assert codec.extract_recipe(files["main"]) == recipe
    assert codec.hash_payload(files) == digest
    facts = codec.probe(files)
    assert (facts["width"], facts["height"]) == size
    copy = codec.encode(files["main"], folder / "copy")
    assert codec.hash_payload(copy) == digest
    assert max(codec.make_thumbnail(copy).size) == max(size)


@settings(max_examples=80, derandomize=True)
@given(
    suffix=st.sampled_from(["png", "jpg", "webp", "tif", "gif", "bmp", "tga"]),
    place=st.floats(0, 1),
    patch=st.binary(min_size=1, max_size=6),
)
def test_pictures_with_changed_bytes(tmp_path_factory, suffix, place, patch):
    path = tmp_path_factory.getbasetemp() / f"patched.{suffix}"
    Image.radial_gradient("L").crop((90, 90, 110, 106)).convert("RGB").save(path)
    data = path.read_bytes()
    start = int(place * (len(data) - 1))
    path.write_bytes(data[:start] + patch + data[start + len(patch) :])
    codec = CODECS.get(MediaType.IMAGE)
    try:
        codec.probe({"main": path})
        codec.hash_payload({"main": path})
        codec.make_thumbnail({"main": path})
    except InvalidInputError as fault:
        assert "patched" in str(fault)
    codec.extract_recipe(path)
