import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from studio.codecs import Codecs, encode_artifact, load_image
from studio.codecs.image import ImageCodec, build_picture, save_png, shrink
from studio.codecs.recipe_png import SIGNATURE, iterate_chunks
from studio.errors import InvalidInputError
from studio.generator import Artifact
from studio.media import MediaType
from studio.recipe import Recipe

CODEC = ImageCodec()
RNG = np.random.default_rng(7)
COLOUR = RNG.integers(0, 256, (5, 7, 3), np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress(b"\0" * (height * (width + 1)) if width * height < 10**6 else b"\0")
    return SIGNATURE + head + b"".join(chunks) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("payload", "mode"),
    [
        (COLOUR, "RGB"),
        (COLOUR[:, :, 0], "L"),
        (COLOUR[:, :, :1], "L"),
        (RNG.integers(0, 256, (5, 7, 4), np.uint8), "RGBA"),
        (RNG.integers(0, 65536, (5, 7), np.uint16), "I;16"),
        (RNG.integers(0, 65536, (5, 7, 3), np.uint16), "RGB"),
        (RNG.random((5, 7, 3)), "RGB"),
        (RNG.random((5, 7)) > 0.5, "L"),
        (Image.new("1", (7, 5), 1), "L"),
        (Image.new("CMYK", (7, 5), (10, 200, 0, 0)), "RGB"),
        (Image.new("F", (7, 5), 0.5), "L"),
        (Image.new("LA", (7, 5), (9, 128)), "LA"),
        (Image.new("RGB", (7, 5)).quantize(4), "RGB"),
    ],
)
def test_encodes_every_payload_the_same_way_twice(payload, mode, tmp_path):
    first = CODEC.encode(payload, tmp_path)["main"]
    data = first.read_bytes()
    assert CODEC.encode(payload, tmp_path)["main"].read_bytes() == data
    facts = CODEC.probe({"main": first})
    assert facts == {"width": 7, "height": 5, "mode": mode, "format": "png", "frames": 1}


def test_array_values_survive(tmp_path):
    path = CODEC.encode(COLOUR, tmp_path)["main"]
    assert np.array_equal(np.asarray(load_image(path)), COLOUR)
    deep = RNG.integers(0, 65536, (5, 7), np.uint16)
    path = CODEC.encode(deep, tmp_path)["main"]
    assert np.array_equal(np.asarray(load_image(path, deep=True)), deep)
    assert np.array_equal(np.asarray(load_image(path)), np.rint(deep / 257).astype(np.uint8))
    path = CODEC.encode(np.array([[0.0, 0.5, 1.0, 1.2]]), tmp_path)["main"]
    assert np.asarray(load_image(path)).tolist() == [[0, 128, 255, 255]]


@pytest.mark.parametrize(
    "payload",
    [
        np.zeros((5, 7, 2), np.uint8),
        np.zeros((0, 7, 3), np.uint8),
        np.zeros((3,), np.uint8),
        np.full((4, 4), np.nan),
        np.full((4, 4), 200.0),
        np.zeros((4, 4), np.int64),
        Image.new("RGB", (0, 3)),
        "a string",
        None,
    ],
)
def test_refuses_what_is_no_picture(payload, tmp_path):
    with pytest.raises(InvalidInputError):
        CODEC.encode(payload, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_takes_files_over_without_touching_them(tmp_path, recipe):
    source = save(tmp_path / "mine.PNG", Image.fromarray(COLOUR))
    before = source.read_bytes()
    folder = tmp_path / "out"
    files = CODEC.embed_recipe(CODEC.encode({"main": source}, folder), recipe)
    assert files == {"main": folder / "main.png"}
    assert source.read_bytes() == before
    assert CODEC.hash_payload(files) == CODEC.hash_payload({"main": source})


@pytest.mark.parametrize("name", ["recipe", "a/b", "", ".."])
def test_refuses_hostile_file_names(name, tmp_path):
    source = save(tmp_path / "a.png", Image.fromarray(COLOUR))
    with pytest.raises(InvalidInputError):
        CODEC.encode({name: source}, tmp_path / "out")


def test_artifact_is_complete(tmp_path, recipe):
    artifact = Artifact(Image.fromarray(COLOUR).resize((600, 400)), MediaType.IMAGE)
    encoded = encode_artifact(Codecs(), artifact, recipe, tmp_path)
    assert CODEC.extract_recipe(encoded.files["main"]) == recipe
    assert CODEC.hash_payload(encoded.files) == encoded.payload_hash
    with Image.open(encoded.thumbnail) as picture:
        assert picture.size == (256, 171)


def test_hash_is_of_pixels_only(tmp_path, recipe):
    image = Image.fromarray(COLOUR)
    files = {"main": save(tmp_path / "a.png", image)}
    same = {"main": save(tmp_path / "b.png", image, compress_level=0, dpi=(72, 72))}
    tiff = {"main": save(tmp_path / "c.tif", image)}
    other = {"main": save(tmp_path / "d.png", image.transpose(Image.Transpose.ROTATE_90))}
    digest = CODEC.hash_payload(files)
    assert CODEC.hash_payload(same) == digest == CODEC.hash_payload(tiff)
    assert CODEC.hash_payload(other) != digest
    grey = image.quantize(8)
    palette = {"main": save(tmp_path / "e.png", grey)}
    colours = {"main": save(tmp_path / "f.png", grey.convert("RGB"))}
    assert CODEC.hash_payload(palette) == CODEC.hash_payload(colours)


def test_hash_covers_every_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), (40 * i, 0, 0)) for i in range(3)]
    paths = []
    for name, order in (("a", [0, 1, 2]), ("b", [0, 2, 1])):
        first, *rest = [frames[i] for i in order]
        paths.append(
            save(tmp_path / f"{name}.png", first, save_all=True, append_images=rest, duration=50)
        )
    assert CODEC.probe({"main": paths[0]})["frames"] == 3
    assert CODEC.hash_payload({"main": paths[0]}) != CODEC.hash_payload({"main": paths[1]})
    assert load_image(paths[0]).getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tif", "tga", "gif"])
def test_reads_every_format(suffix, tmp_path):
    path = save(tmp_path / f"a.{suffix}", Image.new("RGB", (64, 48), (200, 30, 30)))
    facts = CODEC.probe({"main": path})
    assert (facts["width"], facts["height"], facts["frames"]) == (64, 48, 1)
    red, green, _ = load_image(path).convert("RGB").getpixel((5, 5))
    assert red > 180 and green < 60
    assert CODEC.make_thumbnail({"main": path}).size == (64, 48)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_exif_orientation_is_respected(suffix, tmp_path):
    image = Image.new("RGB", (64, 32), "black")
    image.paste((255, 255, 255), (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    path = save(tmp_path / f"a.{suffix}", image, exif=exif)
    loaded = load_image(path).convert("L")
    assert loaded.size == (32, 64)
    assert loaded.getpixel((16, 8)) > 200 and loaded.getpixel((16, 56)) < 50
    facts = CODEC.probe({"main": path})
    assert (facts["width"], facts["height"]) == (32, 64)
    assert CODEC.make_thumbnail({"main": path}).size == (32, 64)


def test_unreadable_exif_means_upright(tmp_path):
    path = save(tmp_path / "a.jpg", Image.new("RGB", (8, 4)), exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert load_image(path).size == (8, 4)


def test_palettes_alpha_and_depth(tmp_path):
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    path = save(tmp_path / "a.png", palette, transparency=1)
    assert load_image(path).getpixel((0, 0)) == (10, 20, 30, 0)
    path = save(tmp_path / "b.png", Image.new("LA", (4, 4), (9, 100)))
    assert load_image(path).getpixel((0, 0)) == (9, 9, 9, 100)
    path = save(tmp_path / "c.png", Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3))
    assert load_image(path).getpixel((0, 0)) == (1, 2, 3, 0)
    path = save(tmp_path / "d.tif", Image.new("F", (4, 4), 0.25))
    assert load_image(path).getpixel((0, 0)) == 64
    stretched = Image.fromarray(np.array([[0, 1000], [500, 250]], np.float32))
    assert np.asarray(load_image(save(tmp_path / "e.tif", stretched))).tolist() == [
        [0, 255],
        [128, 64],
    ]
    wide = Image.fromarray(np.array([[-10, 100000]], np.int32))
    assert np.asarray(load_image(save(tmp_path / "f.tif", wide))).tolist() == [[0, 255]]
    path = save(tmp_path / "g.tif", Image.fromarray(np.full((2, 2), np.nan, np.float32)))
    with pytest.raises(InvalidInputError, match="finite"):
        load_image(path)


def test_colours_are_srgb(tmp_path):
    path = save(tmp_path / "a.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0)))
    red, green, blue = load_image(path).getpixel((4, 4))
    assert red > 200 and green < 60 and blue < 60
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save(tmp_path / "b.png", Image.new("RGB", (8, 8), (9, 90, 190)), icc_profile=lab)
    assert load_image(path).getpixel((0, 0)) == (9, 90, 190)
    path = save(tmp_path / "c.png", Image.new("RGB", (8, 8), (9, 90, 190)), icc_profile=b"junk")
    assert load_image(path).getpixel((0, 0)) == (9, 90, 190)


def test_a_wide_gamut_is_converted(tmp_path):
    """A profile whose red and blue are exchanged turns red into blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    profile = profile.replace(b"rXYZ", b"swap").replace(b"bXYZ", b"rXYZ").replace(b"swap", b"bXYZ")
    path = save(tmp_path / "a.png", Image.new("RGB", (8, 8), (250, 5, 5)), icc_profile=profile)
    red, _, blue = load_image(path).getpixel((0, 0))
    assert red < 30 and blue > 220
    assert "icc_profile" not in load_image(path).info


def test_rare_modes(tmp_path):
    path = save(tmp_path / "a.tif", Image.new("LAB", (4, 4), (255, 128, 128)))
    assert min(load_image(path).getpixel((0, 0))) > 250
    assert CODEC.probe(CODEC.encode(Image.new("LAB", (4, 4)), tmp_path))["mode"] == "RGB"
    assert CODEC.probe(CODEC.encode(Image.new("I", (4, 4), 700), tmp_path))["mode"] == "L"


def test_one_pixel(tmp_path):
    files = CODEC.encode(Image.new("RGB", (1, 1)), tmp_path)
    assert CODEC.probe(files)["width"] == 1
    assert CODEC.make_thumbnail(files).size == (1, 1)


def test_metadata_of_the_payload_is_not_written(tmp_path):
    image = Image.fromarray(COLOUR)
    image.info = {"comment": "made at noon", "dpi": (72, 72)}
    save_png(image, tmp_path / "a.png")
    kinds = {kind for kind, _, _ in iterate_chunks((tmp_path / "a.png").read_bytes(), tmp_path)}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}


BAD = {
    "empty.png": (b"", "empty"),
    "text.png": (b"hello, I am a letter\n", "not a picture but text"),
    "zip.png": (b"PK\x03\x04aaaaaaaa", "a zip"),
    "page.jpg": (b"%PDF-1.4 aaaa", "a PDF"),
    "phone.jpg": (b"\0\0\0\x18ftypheic", "HEIC"),
    "noise.png": (bytes(range(1, 64)), "unknown data"),
    "huge.png": (png(30000, 30000), "too large"),
    "long.png": (png(300000, 1), "too large"),
    "header.png": (png(64, 64)[:30], "damaged"),
    "cut.png": (png(64, 64)[:-30], "damaged"),
    "bytes.png": (png(64, 64).replace(b"IDAT", b"IDAT\xff\xff\xff"), "damaged"),
    "ztxt.png": (png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(9 << 20)))), "damaged"),
    "iccp.png": (png(8, 8, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(9 << 20)))), "damaged"),
    "short.tga": (b"\0" * 10, "damaged"),
    "short.webp": (b"RIFF\xff\xff\0\0WEBPVP8 \xff\xff", "damaged"),
    "short.gif": (b"GIF89a\x10\0\x10\0", "damaged"),
    "short.tif": (b"II*\0\x08\0\0\0", "damaged"),
    "short.bmp": (b"BM" + b"\0" * 20, "damaged"),
    "short.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named_and_explained(name, tmp_path):
    data, fault = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    for call in (
        CODEC.probe,
        CODEC.hash_payload,
        CODEC.make_thumbnail,
        lambda files: load_image(files["main"]),
        lambda files: CODEC.encode(files["main"], tmp_path / "out"),
    ):
        with pytest.raises(InvalidInputError, match=fault) as caught:
            call({"main": path})
        assert name.rpartition(".")[2] in str(caught.value)


def test_truncated_jpeg(tmp_path):
    image = Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8))
    path = save(tmp_path / "a.jpg", image)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(InvalidInputError, match="cut short"):
        CODEC.probe({"main": path})


def test_missing_folder_and_device(tmp_path):
    for path, fault in (
        (tmp_path / "none.png", "no such file"),
        (tmp_path, "folder"),
        (Path(os.devnull), "ordinary"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (tmp_path / "a\0b", "cannot be read"),
    ):
        with pytest.raises(InvalidInputError, match=fault):
            load_image(path)
    with pytest.raises(InvalidInputError, match="no file besides"):
        CODEC.probe({"recipe": tmp_path / "recipe.json"})


def test_no_permission(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", Image.fromarray(COLOUR))

    def refuse(*_, **__):
        raise PermissionError("no")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InvalidInputError, match="permissions"):
        load_image(path)


def test_endless_animation_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.codecs.pictures.MAX_FRAME_PIXELS", 100)
    frames = [Image.new("RGB", (8, 8), (40 * i, 0, 0)) for i in range(3)]
    path = save(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(InvalidInputError, match="animation"):
        CODEC.probe({"main": path})


def test_a_large_picture_is_allowed_and_silent(tmp_path):
    """Above Pillow's own limit, which warns, and below ours."""
    path = save(tmp_path / "a.png", Image.new("1", (10_000, 9_500)), compress_level=1)
    assert CODEC.probe({"main": path})["width"] == 10_000


def test_shrink_leaves_small_pictures_alone():
    assert shrink(Image.new("RGB", (10, 3))).size == (10, 3)
    assert shrink(Image.new("L", (5000, 2))).size == (256, 1)
    assert build_picture(Image.new("P", (2, 2))).mode == "P"


def test_formats_without_room_get_a_sidecar(tmp_path, recipe: Recipe):
    path = save(tmp_path / "main.webp", Image.fromarray(COLOUR))
    files = CODEC.embed_recipe({"main": path}, recipe)
    assert files == {"main": path, "recipe": tmp_path / "recipe.json"}
    assert CODEC.extract_recipe(path) == recipe
    assert CODEC.probe(files)["format"] == "webp"
    assert CODEC.hash_payload(files) == CODEC.hash_payload({"main": path})
