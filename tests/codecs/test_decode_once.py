"""Stills are decoded once for all that is wanted of them."""

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from studio.codecs import Codecs, encode_artifact, pictures
from studio.codecs.pictures import decode_frames, decode_once
from studio.generator import Artifact
from studio.media import MediaType


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


def test_an_artifact_is_decoded_once(tmp_path, decoded, recipe):
    encode_artifact(Codecs(), Artifact(make_pixels(), MediaType.IMAGE), recipe, tmp_path)
    assert decoded == [(8, 8)]
    decoded.clear()
    maps = {"albedo": make_pixels(16), "height": make_pixels(16)[..., 0]}
    (tmp_path / "maps").mkdir()
    encode_artifact(Codecs(), Artifact(maps, MediaType.TEXTURE), recipe, tmp_path / "maps")
    assert sorted(decoded) == [(16, 16)] * 2


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
