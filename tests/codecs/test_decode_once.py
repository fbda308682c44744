"""Stills are decoded once for all that is wanted of them."""

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from studio.codecs import Codecs, encode_artifact, pictures
from studio.codecs.pictures import decode_frames, decode_once
from studio.generator import Artifact
from studio.media import MediaType

SRGB = ImageCms.createProfile("sRGB")


@pytest.fixture
def decoded(monkeypatch):
    """Sizes of the pictures whose pixels were decoded."""
    sizes, load = [], PngImageFile.load_prepare

    def count(self):
        sizes.append(self.size)
        return load(self)

    monkeypatch.setattr(PngImageFile, "load_prepare", count)
    return sizes


def make_pixels(side=8):
    return np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)


def test_a_file_that_is_taken_over_is_decoded_once(tmp_path, decoded, recipe):
    path, folder = tmp_path / "a.png", tmp_path / "made"
    Image.fromarray(make_pixels()).save(path)
    folder.mkdir()
    encode_artifact(Codecs(), Artifact(path, MediaType.IMAGE), recipe, folder)
    assert decoded == [(8, 8)]


def test_what_was_just_written_is_not_read_back(tmp_path, decoded, recipe):
    encode_artifact(Codecs(), Artifact(make_pixels(), MediaType.IMAGE), recipe, tmp_path)
    maps = {"albedo": make_pixels(16), "roughness": make_pixels(16)[..., 0]}
    (tmp_path / "maps").mkdir()
    encode_artifact(Codecs(), Artifact(maps, MediaType.TEXTURE), recipe, tmp_path / "maps")
    assert decoded == []


def build_pictures():
    plain = Image.fromarray(make_pixels())
    keyed = plain.copy()
    keyed.info["transparency"] = plain.getpixel((0, 0))
    tagged = plain.copy()
    tagged.info |= {"icc_profile": ImageCms.ImageCmsProfile(SRGB).tobytes(), "comment": "no"}
    deep = Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 999)
    modes = [plain.convert(mode) for mode in ("L", "RGBA", "LA", "P", "1", "CMYK", "F")]
    return [plain, *modes, keyed, tagged, deep]


@pytest.mark.parametrize("number", range(len(build_pictures())))
def test_unread_it_is_what_reading_would_give(tmp_path, recipe, monkeypatch, number):
    picture, made = build_pictures()[number], []
    for name in ("unread", "read"):
        (tmp_path / name).mkdir()
        made.append(
            encode_artifact(Codecs(), Artifact(picture, MediaType.IMAGE), recipe, tmp_path / name)
        )
        monkeypatch.setattr("studio.codecs.image.keep_still", lambda *_: None)
    unread, read = made
    assert (unread.payload_hash, unread.facts) == (read.payload_hash, read.facts)
    assert unread.files["main"].read_bytes() == read.files["main"].read_bytes()
    assert unread.thumbnail.read_bytes() == read.thumbnail.read_bytes()


def test_what_is_kept_is_a_copy_and_forgotten(tmp_path, decoded, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(make_pixels()).save(path)
    with decode_once():
        for _ in range(3):
            (frame,) = decode_frames(path)
            assert (np.asarray(frame) == make_pixels()).all()
            frame.paste((0, 0, 0), (0, 0, 8, 8))
    assert len(decoded) == 1
    (_,), (_,) = decode_frames(path), decode_frames(path)
    assert len(decoded) == 3
    monkeypatch.setattr(pictures, "MOST_KEPT", 63)
    with decode_once():
        (_,), (_,) = decode_frames(path), decode_frames(path)
    assert len(decoded) == 5, "too large to keep"
