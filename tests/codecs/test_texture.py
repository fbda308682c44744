import numpy as np
import pytest
from PIL import Image

from studio.codecs import Codecs, encode_artifact
from studio.codecs.colours import COLOURS
from studio.codecs.texture import MAPS, TextureCodec, load_material
from studio.errors import InvalidInputError
from studio.generator import Artifact
from studio.media import MediaType

CODEC = TextureCodec()
SIDE = 32


@pytest.fixture
def maps():
    rng = np.random.default_rng(3)
    grey = rng.random((SIDE, SIDE)).astype(np.float32)
    normal = np.dstack((np.full_like(grey, 0.5), np.full_like(grey, 0.75), np.ones_like(grey)))
    return {
        "roughness": grey,
        "glow_mask": grey,
        "normal_gl": normal,
        "height": grey,
        "albedo": Image.new("RGB", (SIDE, SIDE), (150, 80, 60)),
    }


def test_maps_are_written_by_what_they_hold(maps, tmp_path, recipe):
    encoded = encode_artifact(Codecs(), Artifact(maps, MediaType.TEXTURE), recipe, tmp_path)
    names = ["albedo", "height", "normal_gl", "roughness", "glow_mask"]
    assert list(encoded.files) == names
    colours = encoded.facts.pop("colours")
    assert encoded.facts == {"width": SIDE, "height": SIDE, "maps": names}
    assert colours
    assert set(colours) <= set(COLOURS)
    modes = {}
    for name, path in encoded.files.items():
        with Image.open(path) as picture:
            modes[name] = picture.mode
        assert CODEC.extract_recipe(path) == recipe
    assert modes == {
        "albedo": "RGB",
        "height": "I;16",
        "normal_gl": "RGB",
        "roughness": "L",
        "glow_mask": "L",
    }
    assert CODEC.hash_payload(encoded.files) == encoded.payload_hash
    with Image.open(encoded.thumbnail) as picture:
        assert picture.size == (256, 256)


def test_height_keeps_sixteen_bits(maps, tmp_path):
    files = CODEC.encode(maps, tmp_path)
    loaded = load_material(files)
    assert np.abs(loaded["height"] - maps["height"]).max() < 1 / 65535
    bytes_in = {**maps, "height": np.full((SIDE, SIDE), 255, np.uint8)}
    assert load_material(CODEC.encode(bytes_in, tmp_path))["height"].min() == 1.0
    coloured = {**maps, "height": Image.new("RGB", (SIDE, SIDE), (51, 51, 51))}
    assert load_material(CODEC.encode(coloured, tmp_path))["height"].max() == pytest.approx(0.2)


def test_hash_depends_on_every_map_and_name(maps, tmp_path):
    digest = CODEC.hash_payload(CODEC.encode(maps, tmp_path))
    for name in maps:
        changed = dict(maps)
        moved = changed.pop(name)
        if name != "albedo":
            assert CODEC.hash_payload(CODEC.encode(changed, tmp_path)) != digest
            changed["another"] = moved
        else:
            changed["albedo"] = Image.new("RGB", (SIDE, SIDE), (150, 80, 61))
        assert CODEC.hash_payload(CODEC.encode(changed, tmp_path)) != digest
    again = dict(reversed(maps.items()))
    assert CODEC.hash_payload(CODEC.encode(again, tmp_path)) == digest


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"albedo": None}, "called albedo"),
        ({"roughness": np.zeros((8, 8))}, "same size"),
        ({"a-b": np.zeros((SIDE, SIDE))}, "cannot be called"),
        ({"recipe": np.zeros((SIDE, SIDE))}, "cannot be called"),
        ({3: np.zeros((SIDE, SIDE))}, "cannot be called"),
        ({"ao": "nothing"}, "a picture is"),
        ({"height": np.full((SIDE, SIDE), np.nan)}, "0..1"),
    ],
)
def test_refuses_odd_textures(maps, change, fault, tmp_path):
    maps |= change
    with pytest.raises(InvalidInputError, match=fault):
        CODEC.encode({name: m for name, m in maps.items() if m is not None}, tmp_path)
    with pytest.raises(InvalidInputError, match="mapping"):
        CODEC.encode(Image.new("RGB", (4, 4)), tmp_path)


def test_probe_refuses_damage_and_other_sizes(maps, tmp_path):
    files = CODEC.encode(maps, tmp_path)
    Image.new("L", (4, 4)).save(files["roughness"])
    with pytest.raises(InvalidInputError, match="same size"):
        CODEC.probe(files)
    files["roughness"].write_bytes(b"oops")
    with pytest.raises(InvalidInputError, match="roughness"):
        CODEC.probe(files)
    del files["albedo"]
    with pytest.raises(InvalidInputError, match="albedo"):
        CODEC.probe(files)


def test_files_are_taken_over(maps, tmp_path):
    made = CODEC.encode(maps, tmp_path / ".." / tmp_path.name)
    files = CODEC.encode(dict(reversed(made.items())), tmp_path / "out")
    assert list(files) == list(made)
    assert CODEC.hash_payload(files) == CODEC.hash_payload(made)


def test_material_fills_in_what_can_be_derived(maps, tmp_path):
    packed = {
        "albedo": Image.new("L", (SIDE, SIDE), 100),
        "normal_dx": maps["normal_gl"],
        "orm": np.full((SIDE, SIDE, 3), (1.0, 0.4, 0.2)),
    }
    loaded = load_material(CODEC.encode(packed, tmp_path), side=8)
    assert set(loaded) == {"albedo", "normal_gl", "ao", "roughness", "metallic"}
    assert loaded["albedo"].shape == (8, 8, 3)
    assert loaded["roughness"].mean() == pytest.approx(0.4)
    assert loaded["normal_gl"][..., 1].mean() == pytest.approx(0.25, abs=0.01)


def test_thumbnail_falls_back_to_the_albedo(maps, tmp_path):
    files = CODEC.encode(maps, tmp_path)
    Image.new("L", (5, 3)).save(files["roughness"])
    assert CODEC.make_thumbnail(files).size == (SIDE, SIDE)


def test_thumbnail_of_a_wide_and_of_a_tiny_material(tmp_path):
    wide = CODEC.encode({"albedo": np.full((16, 48, 3), 0.5)}, tmp_path)
    assert CODEC.make_thumbnail(wide).size == (256, 256)
    tiny = CODEC.encode({"albedo": np.full((1, 1, 3), 0.5), "height": np.ones((1, 1))}, tmp_path)
    assert max(CODEC.make_thumbnail(tiny).size) <= 256


def test_known_maps_are_described():
    assert all(name.isidentifier() and kind.summary for name, kind in MAPS.items())
