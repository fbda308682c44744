"""Whatever a user brings: a clear error or a result; never a half asset, never a dead worker."""

import errno
import io
import struct
import zlib

import pytest
from PIL import Image

from studio.errors import ConfigError, InvalidInputError, StoreError
from studio.scheduler.job import JobStatus
from studio.store import Disk


def make_png(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


PICTURE = Image.radial_gradient("L").resize((24, 16)).convert("RGB")
PNG = make_png(PICTURE)


def build_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def build_bomb():
    """A PNG of a few hundred bytes whose text chunk unpacks to 200 MB."""
    text = b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    return PNG[:33] + build_chunk(b"zTXt", text) + PNG[33:]


def build_huge():
    """A valid header that promises 30,000 x 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = build_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return PNG[:8] + build_chunk(b"IHDR", header) + body + build_chunk(b"IEND", b"")


REFUSED = {
    "empty.png": b"",
    "text.png": b"this is a letter, not a picture\n",
    "truncated.png": PNG[: len(PNG) // 2],
    "corrupt.png": PNG[:60] + bytes(b ^ 0x5A for b in PNG[60:-20]) + PNG[-20:],
    "huge.png": build_huge(),
    "noise.png": bytes(range(256)) * 20,
    "page.jpg": b"<html><body>404</body></html>",
    "archive.png": b"PK\x03\x04" + b"\0" * 60,
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_files_that_are_no_pictures_are_refused_by_name(studio, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(REFUSED[name])
    with pytest.raises(InvalidInputError, match=name):
        studio.generate("sample.invert", inputs={"image": path})
    assert studio.jobs.count() == {}
    assert list(studio.assets.search()) == []
    assert studio.assets.check(deep=True).is_clean
    assert studio.generate("sample.noise", seed=1, size=8)


def save_rotated(path):
    exif = Image.Exif()
    exif[0x0112] = 6
    PICTURE.save(path, exif=exif)


ODD = {
    "one.png": (lambda path: Image.new("RGB", (1, 1), "red").save(path), (1, 1)),
    "cmyk.jpg": (lambda path: PICTURE.convert("CMYK").save(path), (24, 16)),
    "deep.png": (lambda path: Image.new("I;16", (24, 16), 40_000).save(path), (24, 16)),
    "alpha.png": (lambda path: Image.new("RGBA", (24, 16), (9, 9, 9, 9)).save(path), (24, 16)),
    "palette.png": (lambda path: PICTURE.quantize(8).save(path), (24, 16)),
    "moving.gif": (
        lambda path: PICTURE.save(path, save_all=True, append_images=[PICTURE.rotate(90)]),
        (24, 16),
    ),
    "rotated.jpg": (save_rotated, (16, 24)),
    "bomb.png": (lambda path: path.write_bytes(build_bomb()), (24, 16)),
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_pictures_work_or_say_why(studio, tmp_path, name):
    save, size = ODD[name]
    save(tmp_path / name)
    try:
        (asset,) = studio.generate("sample.invert", inputs={"image": tmp_path / name})
    except InvalidInputError as error:
        assert name == "bomb.png"
        assert name in str(error)
    else:
        assert asset.image().size == size
    assert studio.assets.check(deep=True).is_clean


def test_missing_files_and_folders(studio, tmp_path):
    (tmp_path / "folder").mkdir()
    for value in (tmp_path / "gone.png", tmp_path / "folder", "no-such-asset"):
        with pytest.raises(InvalidInputError):
            studio.generate("sample.invert", inputs={"image": value})
    assert studio.jobs.count() == {}


def test_the_wrong_kind_of_asset(studio):
    (words,) = studio.generate("sample.words", seed=1)
    with pytest.raises(InvalidInputError, match="takes image, not text"):
        studio.generate("sample.invert", inputs={"image": words})


def test_an_input_that_vanished_fails_the_job_only(studio):
    (noise,) = studio.generate("sample.noise", seed=1, size=8)
    noise.path.chmod(0o644)
    noise.path.unlink()
    job = studio.submit("sample.invert", inputs={"image": noise})
    assert job.wait(60) is JobStatus.FAILED
    assert job.error is not None
    assert studio.generate("sample.noise", seed=2, size=8)
    assert not studio.assets.check().is_clean


def test_a_full_disk_fails_the_job_with_the_remedy(studio, monkeypatch):
    def refuse(self, path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Disk, "sync_file", refuse)
    job = studio.submit("sample.noise", seed=1, size=8, count=3)
    assert job.wait(60) is JobStatus.FAILED
    assert isinstance(job.error, StoreError)
    assert "full" in str(job.error)
    monkeypatch.undo()
    assert studio.jobs.retry([job.id]) == 1
    assert len(job.result(60)) == 3
    assert studio.assets.check(deep=True).is_clean


def test_a_home_that_cannot_be_written():
    from studio import Studio

    with pytest.raises(ConfigError, match="--home"):
        Studio("/proc/nowhere")
