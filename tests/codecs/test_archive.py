import io
import stat
import zipfile

import pytest
from PIL import Image

from studio.codecs.archive import ArchiveCodec, format_size
from studio.codecs.zips import list_members, write_zip
from studio.errors import InvalidInputError

CODEC = ArchiveCodec()


@pytest.fixture
def made(tmp_path):
    source = tmp_path / "c.bin"
    source.write_bytes(b"c" * 5000)
    members = {"b/b.txt": b"b" * 400, "a.txt": b"a", "c.bin": source}
    return write_zip(tmp_path / "made.zip", members)


def damaged(path, name="a.txt", content=b"a", **changes):
    """A zip whose one member has the attributes given."""
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo(name)
        for field, value in changes.items():
            setattr(info, field, value)
        archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def test_round_trip(made, tmp_path, recipe):
    files = CODEC.encode(made, tmp_path / "out")
    assert CODEC.probe(files) == {"files": 3, "unpacked": 5401}
    digest = CODEC.hash_payload(files)
    marked = CODEC.embed_recipe(files, recipe)
    assert marked == files
    assert CODEC.embed_recipe(files, recipe) == files
    assert CODEC.extract_recipe(files["main"]) == recipe
    assert CODEC.hash_payload(files) == digest == CODEC.hash_payload({"main": made})
    with zipfile.ZipFile(files["main"]) as archive:
        assert archive.testzip() is None
        assert archive.read("b/b.txt") == b"b" * 400


def test_the_same_content_is_the_same_file(made, tmp_path):
    again = write_zip(
        tmp_path / "again.zip", {"c.bin": b"c" * 5000, "a.txt": b"a", "b/b.txt": b"b" * 400}
    )
    assert CODEC.hash_payload({"main": again}) == CODEC.hash_payload({"main": made})
    twice = [write_zip(tmp_path / f"{n}.zip", {"z": b"1", "y": b"2"}) for n in (1, 2)]
    assert twice[0].read_bytes() == twice[1].read_bytes()


def test_long_recipe_or_foreign_comment_goes_beside(made, tmp_path, recipe):
    long = recipe.model_copy(update={"params": {"prompt": "x" * 70_000}})
    files = CODEC.encode(made, tmp_path / "out")
    assert "recipe" in CODEC.embed_recipe(files, long)
    assert CODEC.extract_recipe(files["main"]) == long
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = b"made by hand"
    files = CODEC.encode(made, tmp_path / "two")
    assert "recipe" in CODEC.embed_recipe(files, recipe)
    with zipfile.ZipFile(files["main"]) as archive:
        assert archive.comment == b"made by hand"


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a\\b", "C:a", "a\nb"])
def test_hostile_names(name, tmp_path):
    path = damaged(tmp_path / "a.zip", name)
    with pytest.raises(InvalidInputError, match="leaves its folder"):
        list_members(path)
    with pytest.raises(InvalidInputError, match="cannot hold"):
        write_zip(tmp_path / "b.zip", {name: b""})


def test_links_and_bombs(tmp_path, monkeypatch):
    link = damaged(tmp_path / "a.zip", external_attr=(stat.S_IFLNK | 0o777) << 16, create_system=3)
    with pytest.raises(InvalidInputError, match="link"):
        CODEC.probe({"main": link})
    monkeypatch.setattr("studio.codecs.zips.RATIO_FREE", 1 << 20)
    bomb = damaged(tmp_path / "b.zip", content=bytes(3 << 20))
    with pytest.raises(InvalidInputError, match="bomb"):
        CODEC.encode(bomb, tmp_path / "out")
    monkeypatch.setattr("studio.codecs.zips.MAX_TOTAL", 1 << 20)
    with pytest.raises(InvalidInputError, match="unpacked"):
        list_members(bomb)
    monkeypatch.setattr("studio.codecs.zips.MAX_MEMBERS", 0)
    with pytest.raises(InvalidInputError, match="files"):
        list_members(bomb)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "1")
        archive.writestr("A.TXT", "2")
    with pytest.raises(InvalidInputError, match="twice"):
        list_members(tmp_path / "a.zip")


def test_encrypted(tmp_path):
    path = damaged(tmp_path / "a.zip")
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="encrypted"):
        CODEC.probe({"main": path})


def test_wrong_checksum_and_cut_short(made):
    data = made.read_bytes()
    place = data.index(b"a.txt") + len(b"a.txt")
    made.write_bytes(data[:place] + b"\xff" + data[place + 1 :])
    assert len(list_members(made)) == 3
    for call in (CODEC.probe, CODEC.hash_payload):
        with pytest.raises(InvalidInputError, match="damaged"):
            call({"main": made})
    made.write_bytes(data[:-30])
    with pytest.raises(InvalidInputError, match="damaged"):
        CODEC.encode(made, made.parent / "out")
    assert CODEC.extract_recipe(made) is None


def test_no_archive(tmp_path):
    with pytest.raises(InvalidInputError, match="not int"):
        CODEC.encode(3, tmp_path)


def test_thumbnail_is_the_preview_or_the_list(made, tmp_path):
    assert CODEC.make_thumbnail({"main": made}).size == (256, 192)
    buffer = io.BytesIO()
    Image.new("RGB", (512, 100), (9, 200, 9)).save(buffer, "PNG")
    path = write_zip(tmp_path / "b.zip", {"x/preview.png": buffer.getvalue(), "a": b""})
    picture = CODEC.make_thumbnail({"main": path})
    assert picture.size == (256, 50) and picture.getpixel((3, 3)) == (9, 200, 9)
    path = write_zip(tmp_path / "c.zip", {"preview.png": b"oops"})
    assert CODEC.make_thumbnail({"main": path}).size == (256, 192)


def test_sizes_for_people():
    sizes = [format_size(n) for n in (0, 999, 1500, 250_000, 3_400_000, 7 * 10**9)]
    assert sizes == ["0 bytes", "999 bytes", "1.5 kB", "250 kB", "3.4 MB", "7.0 GB"]
