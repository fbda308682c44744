import numpy as np
import pytest
from PIL import Image
from studio_training.dataset import Dataset, gather
from studio_training.plugin import MakeDataset

from studio.codecs.zips import write_zip
from studio.errors import InvalidInputError
from studio.generator import InputAsset
from studio.media import MediaType
from studio.testing import check_generator


def paint(path, seed, size=(8, 8), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "pictures"
    for number in range(12):
        paint(home / ("brick" if number % 2 else "moss wet") / f"{number}.png", number)
    paint(home / "copy.png", 3)
    (home / "brick" / "torn.png").write_bytes((home / "brick" / "1.png").read_bytes()[:60])
    (home / "brick" / "empty.jpg").touch()
    (home / "notes.txt").write_text("no picture")
    return home


def test_a_folder_is_read_whole(folder, make_job):
    dataset = gather(make_job()[0], str(folder), MediaType.IMAGE)
    assert dataset.labels == {"brick": 6, "moss_wet": 6}
    assert len(dataset.examples) == 12
    assert len(dataset.duplicates) == 1
    assert {name for name, _ in dataset.broken} == {"brick/torn.png", "brick/empty.jpg"}
    assert all(why for _, why in dataset.broken)
    assert len(dataset.train) + len(dataset.held_out) == 12


def test_the_same_file_always_falls_on_the_same_side(folder, make_job, tmp_path):
    def sides(home, share):
        dataset = gather(make_job()[0], str(home), MediaType.IMAGE, share)
        return {example.hash: example.is_held_out for example in dataset.examples}

    before = sides(folder, 0.5)
    assert 0 < sum(before.values()) < 12
    for number in range(20, 24):
        paint(folder / "new" / f"{number}.png", number)
    after = sides(folder, 0.5)
    assert {key: after[key] for key in before} == before


def test_packed_and_unpacked_are_the_same(folder, make_job, tmp_path):
    job, _ = make_job()
    dataset = gather(job, str(folder), MediaType.IMAGE, 0.3)
    path = dataset.save(tmp_path / "d.zip")
    again = Dataset.load(path, tmp_path / "out")
    assert again.hash == dataset.hash
    assert [e.name for e in again.examples] == [e.name for e in dataset.examples]
    assert [e.is_held_out for e in again.examples] == [e.is_held_out for e in dataset.examples]
    assert again.examples[0].path.read_bytes() == dataset.examples[0].path.read_bytes()
    assert dataset.save(tmp_path / "e.zip").read_bytes() == path.read_bytes()


def test_sources_are_joined(folder, make_job, tmp_path):
    path = gather(make_job()[0], str(folder), MediaType.IMAGE).save(tmp_path / "d.zip")
    new = paint(tmp_path / "new.png", 99)
    old = folder / "brick" / "1.png"
    inputs = {
        "dataset": [InputAsset("d", MediaType.ARCHIVE, path, {"main": path})],
        "pictures": [InputAsset(n, MediaType.IMAGE, p, {"main": p}, title=n)
                     for n, p in (("new", new), ("old", old))],
    }  # fmt: skip
    dataset = gather(make_job(inputs=inputs)[0], "", MediaType.IMAGE)
    assert len(dataset.examples) == 13
    assert len(dataset.duplicates) == 1


@pytest.mark.parametrize("case", ["none", "missing", "empty", "texts", "broken"])
def test_nothing_to_learn_from_is_refused(case, make_job, tmp_path):
    home = tmp_path / "f"
    if case != "missing":
        home.mkdir()
    if case == "texts":
        (home / "a.txt").write_text("hello")
    if case == "broken":
        (home / "a.png").write_bytes(b"no picture")
    with pytest.raises(InvalidInputError) as raised:
        gather(make_job()[0], "" if case == "none" else str(home), MediaType.IMAGE)
    expected = {"missing": "there is no folder", "broken": "a.png"}.get(case, "nothing was given")
    assert expected in str(raised.value)


@pytest.mark.parametrize(
    "members",
    [
        {"a.txt": b"x"},
        {"dataset.json": b"[]"},
        {"dataset.json": b'{"examples": [{"name": "../x"}]}'},
    ],
)
def test_other_zips_are_refused(members, tmp_path):
    path = write_zip(tmp_path / "x.zip", members)
    with pytest.raises(InvalidInputError, match=r"training\.dataset"):
        Dataset.load(path, tmp_path / "out")


def test_names_in_a_manifest_cannot_leave_the_folder(tmp_path):
    row = b'{"examples":[{"name":"../evil.png","hash":"a","label":"","held_out":false}]}'
    path = write_zip(tmp_path / "x.zip", {"dataset.json": row, "evil.png": b"x"})
    with pytest.raises(InvalidInputError):
        Dataset.load(path, tmp_path / "out" / "in")
    assert not (tmp_path / "out" / "evil.png").exists()


def test_the_generator_keeps_the_contract(folder):
    check_generator(MakeDataset, params={"folder": str(folder)}).assert_ok()
