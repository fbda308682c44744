"""Recipes inside files: PNG, JPEG, sidecars, and the line for other programs."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.codecs.image import ImageCodec
from studio.codecs.recipe_jpeg import embed_jpeg, extract_jpeg
from studio.codecs.recipe_png import embed_png, extract_png
from studio.codecs.recipe_text import format_parameters, parse_recipe
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.recipe import Recipe

# How AUTOMATIC1111 and those who follow it take the last line apart.
PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
recipes = st.builds(
    Recipe,
    generator=st.text(min_size=1),
    plugin=st.text(),
    plugin_version=st.text(),
    params=st.dictionaries(st.text(min_size=1), json_values, max_size=5),
    seed=st.integers(0, 2**63),
)


@settings(derandomize=True)
@given(recipe=recipes, other=recipes, size=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_round_trip_through_pictures(tmp_path_factory, recipe, other, size):
    folder = tmp_path_factory.mktemp("r")
    codec = ImageCodec()
    for name in ("main.png", "main.jpg", "main.bmp"):
        path = folder / name
        Image.new("RGB", size, (1, 2, 3)).save(path)
        digest = codec.hash_payload({"main": path})
        codec.embed_recipe({"main": path}, other)
        first = codec.embed_recipe({"main": path}, recipe)
        data = path.read_bytes()
        assert codec.embed_recipe({"main": path}, recipe) == first
        assert path.read_bytes() == data
        assert codec.extract_recipe(path) == recipe
        assert codec.hash_payload(first) == digest
        codec.probe(first)
        for file in folder.iterdir():
            file.unlink()


def test_long_recipes(tmp_path, recipe):
    long = recipe.model_copy(update={"params": {"prompt": "ü" * 200_000}})
    path = tmp_path / "main.png"
    Image.new("L", (4, 4)).save(path)
    embed_png(path, long)
    assert extract_png(path) == long
    jpeg = tmp_path / "main.jpg"
    Image.new("L", (4, 4)).save(jpeg)
    before = jpeg.read_bytes()
    assert not embed_jpeg(jpeg, long)
    assert jpeg.read_bytes() == before
    files = ImageCodec().embed_recipe({"main": jpeg}, long)
    assert ImageCodec().extract_recipe(files["main"]) == long


def test_png_is_what_other_programs_expect(tmp_path, recipe):
    path = tmp_path / "a.png"
    Image.new("RGB", (64, 48)).save(path)
    embed_png(path, recipe)
    with Image.open(path) as picture:
        texts = picture.text
    assert texts["studio"] == recipe.to_json()
    prompt, negative, line = texts["parameters"].split("\n")
    assert prompt == recipe.params["prompt"]
    assert negative == "Negative prompt: blurry"
    pairs = dict(PAIR.findall(line))
    assert pairs["Steps"] == "20" and pairs["CFG scale"] == "7.5"
    assert pairs["Seed"] == "42" and pairs["Size"] == "64x48"
    assert pairs["Model"] == "tiny" and pairs["Model hash"] == "cdcdcdcdcd"
    assert pairs["Generator"] == "textures.from_image"
    assert pairs["param z"] == "3"


def test_latin_text_is_a_plain_chunk(tmp_path, recipe):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    embed_png(path, recipe.model_copy(update={"params": {"prompt": "überall"}}))
    assert b"tEXtparameters\0\xfcberall\n" in path.read_bytes()


def test_parameters_without_a_prompt_are_one_line(recipe):
    bare = Recipe(generator="a.b", plugin="a", plugin_version="1", params={"note": 'x: "1", 2\n'})
    text = format_parameters(bare)
    assert "\n" not in text
    assert dict(PAIR.findall(text))["note"] == '"x: \\"1\\", 2\\n"'
    assert len(PAIR.findall(text)) >= 3  # fewer, and readers take the line for a prompt


def test_jpeg_pixels_and_segments_are_untouched(tmp_path, recipe):
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    Image.radial_gradient("L").save(path, exif=exif, comment=b"mine")
    before = path.read_bytes()
    assert embed_jpeg(path, recipe)
    after = path.read_bytes()
    scan = before.index(b"\xff\xda")
    assert after.endswith(before[scan:])
    with Image.open(path) as picture:
        assert picture.getexif()[0x010F] == "A camera"
    assert b"\xff\xfe\x00\x06mine" in after
    assert extract_jpeg(path) == recipe


def test_jpeg_without_exif_tells_other_programs(tmp_path, recipe):
    path = tmp_path / "a.jpg"
    Image.new("L", (8, 8)).save(path)
    for _ in range(2):
        assert embed_jpeg(path, recipe)
    with Image.open(path) as picture:
        comment = picture.getexif().get_ifd(0x8769)[0x9286]
    assert comment[8:].decode("utf-16-be") == format_parameters(recipe)
    assert path.read_bytes().count(b"Exif\0\0") == 1


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "null", "not json", '{"generator": 1}', "[" * 100_000, b"\xff\xfe", "NaN"],
)
def test_anything_else_is_no_recipe(text):
    assert parse_recipe(text) is None


def test_foreign_chunks_are_no_recipe(tmp_path, recipe):
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)
    clean = path.read_bytes()
    assert ImageCodec().extract_recipe(path) is None
    embed_png(path, recipe)
    path.write_bytes(path.read_bytes().replace(b'"generator"', b'"generatox"'))
    assert extract_png(path) is None
    path.write_bytes(clean[:50])
    assert extract_png(path) is None
    with pytest.raises(InvalidInputError, match="cut short"):
        embed_png(path, recipe)


def test_sidecars_belong_to_their_file(tmp_path, recipe):
    main, other = tmp_path / "main.webm", tmp_path / "holiday.webm"
    files = write_sidecar({"main": main}, recipe)
    assert files["recipe"].read_bytes() == recipe.to_json().encode() + b"\n"
    assert find_sidecar(main) == recipe
    assert find_sidecar(other) is None
    assert find_sidecar(other, alone=True) == recipe
    files["recipe"].rename(tmp_path / "holiday.recipe.json")
    assert find_sidecar(other) == recipe
    (tmp_path / "holiday.recipe.json").write_text("{}")
    assert find_sidecar(other) is None
