"""Stills are decoded once for all that is wanted of them."""

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from studio.codecs import Codecs, encode_artifact, pictures
from studio.codecs.image import save_png
from studio.codecs.pictures import decode_frames, decode_once
from studio.errors import InvalidInputError
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


def test_a_profile_that_cannot_be_read_back_is_refused(tmp_path, recipe):
    picture = Image.fromarray(make_pixels())
    picture.info["icc_profile"] = bytes(3 << 20)
    with pytest.raises(InvalidInputError, match="damaged"):
        encode_artifact(Codecs(), Artifact(picture, MediaType.IMAGE), recipe, tmp_path)


def test_a_path_that_is_written_again_is_what_was_written_last(tmp_path):
    path = tmp_path / "a.png"
    first, second = Image.fromarray(make_pixels()), Image.fromarray(make_pixels(9)).convert("P")
    with decode_once():
        for picture, side in ((first, 8), (second, 9), (first, 8)):
            save_png(picture, path)
            (frame,) = decode_frames(path)
            assert frame.size == (side, side)


def test_the_thumbnail_does_not_overwrite_a_file_of_that_name(tmp_path, recipe):
    names, made = ("main", "thumbnail"), tmp_path / "made"
    made.mkdir()
    for name in names:
        Image.fromarray(make_pixels(300)).save(tmp_path / f"{name}.jpeg")
    payload = {name: tmp_path / f"{name}.jpeg" for name in names}
    got = encode_artifact(Codecs(), Artifact(payload, MediaType.IMAGE), recipe, made)
    assert Codecs().get(MediaType.IMAGE).hash_payload(got.files) == got.payload_hash
    with Image.open(got.files["thumbnail"]) as image:
        assert image.size == (300, 300)


@pytest.mark.parametrize(("mode", "ending"), [("RGB", ".jpeg"), ("L", ".jpeg"), ("RGBA", ".webp")])
def test_thumbnails_are_as_small_as_their_colours_allow(tmp_path, recipe, mode, ending):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, ::2] = (255, 0, 0)
    picture = Image.fromarray(pixels).convert(mode)
    got = encode_artifact(Codecs(), Artifact(picture, MediaType.IMAGE), recipe, tmp_path)
    assert got.thumbnail.suffix == ending
    with Image.open(got.thumbnail) as image:
        assert image.size == (32, 32)
        if mode == "RGB":
            red = np.asarray(image.convert("RGB"))[:, :, 0].astype(int)
            assert abs(red[:, ::2] - red[:, 1::2]).min() > 150, "each line keeps its colour"


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
