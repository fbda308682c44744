import struct
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image
from studio_textures import Export, FromImage, MakeSeamless, Pbr, Sheet
from studio_textures.from_image import FromImageParams

from studio import Studio
from studio.errors import InvalidInputError, JobCancelledError, StudioError
from studio.generator import InputAsset, JobContext
from studio.media import MediaType
from studio.testing import check_generator


@pytest.mark.parametrize("generator", [FromImage, MakeSeamless, Pbr, Export, Sheet])
def test_the_generators_keep_the_contract(generator):
    check_generator(generator).assert_ok()


def make_job(path, tmp_path, *, title="", seeds=(1,), report=None, is_cancelled=None):
    asset = InputAsset("a", MediaType.IMAGE, path, {"image": path}, title=title)
    return JobContext(
        seeds,
        {"image": [asset], "albedo": [asset]},
        tmp_path,
        report or (lambda *_: None),
        is_cancelled or (lambda: False),
    )


def save(img, path):
    Image.fromarray((np.asarray(img) * 255).astype(np.uint8)).save(path)
    return path


def run(path, tmp_path, **params):
    given = FromImageParams(
        **{"width": 64, "height": 64, "method": "quilting", "straighten": "no", **params}
    )
    (artifact,) = FromImage(None, "cpu").generate(given, make_job(path, tmp_path))
    return artifact


def test_from_picture_to_material_in_the_library(tmp_path, wall):
    picture = save(wall, tmp_path / "brick.png")
    with Studio(home=tmp_path / "home", workers="inline") as studio:
        (made,) = studio.generate(
            "textures.from_image",
            seed=3,
            inputs={"image": picture},
            width=128,
            height=128,
            straighten="no",
        )
        assert made.metrics["seam_ratio"] < 1.3
        (material,) = studio.generate("textures.pbr", inputs={"albedo": made})
        assert {"albedo", "height", "normal_gl", "normal_dx", "roughness"} <= set(material.files)
        red, _, blue = np.asarray(Image.open(material.files["albedo"]).convert("RGB")).mean((0, 1))
        assert red > blue + 10  # the name says brick, the picture is grey
        with pytest.raises(StudioError, match="method"):
            studio.generate("textures.from_image", inputs={"image": picture}, method="paint")


@pytest.mark.parametrize(
    ("params", "method"),
    [({"method": "auto"}, "courses"), ({"method": "quilting"}, "quilting")],
)
def test_walls_are_laid_unless_another_method_is_wished(tmp_path, wall, params, method):
    artifact = run(save(wall, tmp_path / "w.png"), tmp_path, width=120, height=120, **params)
    assert artifact.info["method"] == method
    assert artifact.payload.size == (120, 120)


def test_a_tilted_wall_is_straightened_and_laid(tmp_path, tilted_wall):
    path = save(tilted_wall, tmp_path / "w.png")
    artifact = run(path, tmp_path, method="auto", straighten="auto", width=160, height=160)
    assert artifact.info == {"method": "courses", "straightened": True}
    assert not run(path, tmp_path, straighten="no").info["straightened"]


def test_pixel_art_is_quilted_with_its_own_colours(tmp_path):
    rng = np.random.default_rng(0)
    art = rng.random((5, 3))[rng.integers(5, size=(48, 48))]
    artifact = run(save(art, tmp_path / "art.png"), tmp_path, method="auto")
    assert artifact.info["method"] == "quilting"
    assert len(artifact.payload.getcolors()) <= 5


def test_a_grey_picture_stays_grey(tmp_path):
    grey = np.random.default_rng(0).random((64, 64))
    out = np.asarray(run(save(grey, tmp_path / "g.png"), tmp_path).payload)
    assert out.shape == (64, 64, 3)
    assert (out == out[..., :1]).all()


@pytest.mark.parametrize("method", ["quilting", "patch_sw"])
def test_a_large_job_stops_within_half_a_second(tmp_path, method):
    noise = np.random.default_rng(0).random((256, 256, 3))
    path = save(noise, tmp_path / "n.png")
    cancelled = threading.Event()
    asked = []

    def report(done, total, _):
        if done * 100 >= 3 * total and not cancelled.is_set():
            cancelled.set()
            asked.append(time.process_time())

    job = make_job(path, tmp_path, report=report, is_cancelled=cancelled.is_set)
    params = FromImageParams(width=1024, height=1024, method=method, straighten="no")
    with pytest.raises(JobCancelledError):
        list(FromImage(None, "cpu").generate(params, job))
    assert time.process_time() - asked[0] < 2.0  # half a second on an idle machine


def test_progress_never_runs_backwards(tmp_path, wall):
    seen = []
    path = save(wall, tmp_path / "w.png")
    job = make_job(path, tmp_path, seeds=(1, 2), report=lambda *step: seen.append(step[:2]))
    list(
        FromImage(None, "cpu").generate(FromImageParams(width=96, height=96, straighten="no"), job)
    )
    done = [step[0] for step in seen]
    assert done == sorted(done)
    assert seen[-1] == (200, 200)
    assert len(set(done)) > 10


def bomb(path, side):
    """A PNG that claims side x side pixels in a few bytes."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(10_000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def spoil(path, how):
    noise = Image.fromarray((np.random.default_rng(0).random((64, 64, 3)) * 255).astype(np.uint8))
    if how == "one pixel":
        Image.new("RGB", (1, 1)).save(path)
    elif how == "enormous":
        bomb(path, 30_000)
    elif how == "text":
        path.write_text("not a picture\n")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "truncated":
        noise.save(path)
        path.write_bytes(path.read_bytes()[:2000])
    elif how == "corrupt":
        noise.save(path)
        data = bytearray(path.read_bytes())
        data[200:400] = bytes(200)
        path.write_bytes(data)


@pytest.mark.parametrize(
    "how", ["one pixel", "enormous", "text", "empty", "truncated", "corrupt", "missing"]
)
def test_bad_pictures_are_refused_by_name(tmp_path, how):
    path = tmp_path / "picture.png"
    spoil(path, how)
    with pytest.raises(InvalidInputError, match=r"picture\.png"):
        run(path, tmp_path)


def odd_picture(path, kind):
    rng = np.random.default_rng(0)
    noise = (rng.random((40, 64, 4)) * 255).astype(np.uint8)
    if kind == "cmyk":
        path = path.with_suffix(".jpg")
        Image.fromarray(noise).convert("RGB").convert("CMYK").save(path)
    elif kind == "16 bit":
        Image.fromarray(rng.integers(65535, size=(40, 64), dtype=np.uint16)).save(path)
    elif kind == "alpha":
        Image.fromarray(noise).save(path)
    elif kind == "palette":
        Image.fromarray(noise).convert("RGB").quantize(8).save(path)
    elif kind == "animated":
        frames = [Image.fromarray(np.roll(noise, i, 0)) for i in range(3)]
        path = path.with_suffix(".gif")
        frames[0].save(path, save_all=True, append_images=frames[1:])
    elif kind == "turned":
        path = path.with_suffix(".jpg")
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(noise).convert("RGB").save(path, exif=exif)
    return path


@pytest.mark.parametrize("kind", ["cmyk", "16 bit", "alpha", "palette", "animated", "turned"])
def test_odd_pictures_work(tmp_path, kind):
    artifact = run(odd_picture(tmp_path / "p.png", kind), tmp_path, width=32, height=48)
    assert artifact.payload.size == (32, 48)
    assert artifact.payload.mode == ("RGBA" if kind == "alpha" else "RGB")
    assert np.asarray(artifact.payload).std() > 5
