import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import InvalidInputError, StoreError
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import Disk, NewAsset, SearchQuery, Store
from studio.store.blobs import BlobStore

MakeAsset = Callable[..., NewAsset]
ListBlobs = Callable[[Store], list[str]]
BuildRecipe = Callable[..., Recipe]


def write(path: Path, data: bytes = b"brick") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_file(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "Old Brick.PNG")
    got = store.import_file(path, tags=("mine",), user="ann")
    assert (got.kind, got.title, got.source) == (MediaType.IMAGE, "Old Brick", "imported")
    assert (got.tags, got.user, got.info) == (("mine",), "ann", {"file": "Old Brick.PNG"})
    assert got.facts == {"bytes": 5, "colours": ["red"]}
    assert got.path.read_bytes() == b"brick"
    assert path.exists()
    assert store.import_file(write(tmp_path / "a.txt"), title="Poem").title == "Poem"


def test_the_same_again(store: Store, tmp_path: Path, list_blobs: ListBlobs) -> None:
    first = store.import_file(write(tmp_path / "a.png"), tags=("one",))
    again = store.import_file(write(tmp_path / "b.jpg"), tags=("two",))
    assert again.id == first.id
    assert again.tags == ("one", "two")
    store.trash([first.id])
    assert not store.import_file(tmp_path / "a.png").trashed
    assert store.count(SearchQuery()) == 1
    assert len(list_blobs(store)) == 1
    assert store.import_file(write(tmp_path / "a.wav")).id != first.id  # another kind


def test_the_same_as_one_made_here(store: Store, make: MakeAsset, tmp_path: Path) -> None:
    made = store.add(make(b"brick"))
    assert store.import_file(write(tmp_path / "a.png")).id == made.id


def test_a_lost_file_comes_back(store: Store, tmp_path: Path) -> None:
    first = store.import_file(write(tmp_path / "a.png"))
    first.path.unlink()
    again = store.import_file(tmp_path / "a.png")
    assert again.id == first.id
    assert first.path.read_bytes() == b"brick"


def test_another_process_was_faster(
    store: Store, tmp_path: Path, make: MakeAsset, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = store.stage

    def stage_late(files: dict[str, Path], *, move: bool = True) -> object:
        monkeypatch.setattr(store, "stage", stage)
        store.add(make(b"brick", title="first"))
        return stage(files, move=move)

    monkeypatch.setattr(store, "stage", stage_late)
    got = store.import_file(write(tmp_path / "a.png"), tags=("t",))
    assert (got.title, got.tags) == ("first", ("t",))
    assert store.count(SearchQuery()) == 1
    assert got.path.is_file()


def test_a_recipe_inside_is_kept_but_proves_nothing(
    store: Store, tmp_path: Path, build_recipe: BuildRecipe
) -> None:
    recipe = build_recipe(3, prompt="moss")
    got = store.import_file(write(tmp_path / "a.png", b"recipe:" + recipe.to_json().encode()))
    assert got.recipe == recipe
    assert got.seed == 3
    assert store.count(SearchQuery(text="moss")) == 1
    assert store.find_by_recipe(recipe.key) == []


def bad_paths(folder: Path) -> dict[str, tuple[Path, str]]:
    (folder / "link.png").symlink_to(write(folder / "good.png"))
    (folder / "lost.png").symlink_to(folder / "nowhere")
    (folder / "linked").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.png")
    return {
        "missing": (folder / "no.png", "no such file"),
        "link": (folder / "link.png", "is a link"),
        "dangling": (folder / "lost.png", "is a link"),
        "linked folder": (folder / "linked", "is a link"),
        "pipe": (folder / "pipe.png", "not a plain file"),
        "empty": (write(folder / "empty.png", b""), "is empty"),
        "below a file": (folder / "good.png" / "x.png", "cannot be read"),
        "damaged": (write(folder / "bad.png", b"a bad one"), "is damaged"),
        "unknown": (write(folder / "a.xyz"), "'.xyz' are not known"),
        "no ending": (write(folder / "noending"), "not known"),
        "no maps": (write(folder / "photos" / "photo.png").parent, "without maps"),
        "empty map": (write(folder / "m" / "a_Color.png", b"").parent, "is empty"),
        "bad map": (write(folder / "n" / "a_Color.png", b"bad").parent, "is damaged"),
    }


def test_bad_paths(store: Store, tmp_path: Path, list_blobs: ListBlobs) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path, fault in bad_paths(folder).values():
        with pytest.raises(InvalidInputError, match=fault) as caught:
            store.import_file(path)
        assert str(path) in str(caught.value)
        assert list_blobs(store) == []
        assert list(store.blobs.incoming.iterdir()) == []
        assert store.count(SearchQuery()) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_and_folder(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a_Color.png")
    path.chmod(0)
    with pytest.raises(InvalidInputError, match="may not be read"):
        store.import_file(path)
    path.parent.chmod(0)
    with pytest.raises(InvalidInputError, match="may not be read"):
        store.import_file(path.parent)
    path.parent.chmod(0o700)


def test_an_unreadable_file_for_anybody(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, list_blobs: ListBlobs
) -> None:
    def refuse(*_: object) -> BinaryIO:
        raise PermissionError(errno.EACCES, "denied")

    path = write(tmp_path / "a.png")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidInputError, match="may not be read"):
        store.import_file(path)
    monkeypatch.undo()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InvalidInputError, match="may not be read"):
        store.import_file(tmp_path)
    monkeypatch.undo()
    assert list_blobs(store) == []


def test_a_file_that_changes_while_it_is_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, list_blobs: ListBlobs
) -> None:
    path = write(tmp_path / "a.png")
    codec = store.codecs.get(MediaType.IMAGE)
    hash_payload = codec.hash_payload
    monkeypatch.setattr(
        codec, "hash_payload", lambda files: (hash_payload(files), write(path, b"other"))[0]
    )
    with pytest.raises(InvalidInputError, match="changed while"):
        store.import_file(path)
    assert list_blobs(store) == []


@pytest.mark.parametrize("call", ["write", "sync_file", "sync_folder", "rename"])
def test_a_full_disk(
    home: Path, tmp_path: Path, codecs: Codecs, call: str, list_blobs: ListBlobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    BlobStore(home / "blobs")
    disk = Disk()
    monkeypatch.setattr(disk, call, fail)
    database = Database(home / "studio.db")
    store = Store(database, home, codecs, disk)
    path = write(tmp_path / "a.png")
    with pytest.raises(StoreError, match="free some space"):
        store.import_file(path)
    assert list_blobs(store) == []
    assert store.count(SearchQuery()) == 0
    assert path.read_bytes() == b"brick"
    database.close()


def test_a_full_database(store: Store, tmp_path: Path, list_blobs: ListBlobs) -> None:
    connection = store.database.connection
    pages = next(iter(connection.execute("PRAGMA page_count")))["page_count"]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        for number in range(200):
            store.import_file(write(tmp_path / "a.txt", b"%d" % number * 10), title="x" * 4000)
    assert len(list_blobs(store)) == store.count(SearchQuery())


def test_a_folder_of_maps(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "Bricks001"
    for name in ("Color", "NormalGL", "Roughness"):
        write(folder / f"Bricks001_1K_{name}.png", name.encode())
    write(folder / "Bricks001.blend")
    got = store.import_file(folder)
    assert (got.kind, got.title) == (MediaType.TEXTURE, "Bricks001")
    assert list(got.files) == ["albedo", "normal_gl", "roughness"]
    assert got.path.read_bytes() == b"Color"
    assert got.info["ignored"] == ["Bricks001.blend"]
    assert store.import_file(folder).id == got.id


def test_a_packed_map_is_unpacked(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "T_Brick"
    folder.mkdir()
    Image.new("RGB", (2, 2), (10, 20, 30)).save(folder / "T_Brick_ORM.png")
    write(folder / "T_Brick_BC.png")
    write(folder / "T_Brick_R.png", b"own roughness")
    got = store.import_file(folder)
    assert set(got.files) == {"albedo", "roughness", "ao", "metallic"}
    assert got.files["roughness"].read_bytes() == b"own roughness"
    for name, value in (("ao", 10), ("metallic", 30)):
        with Image.open(got.files[name]) as picture:
            assert picture.mode == "L"
            assert picture.getpixel((0, 0)) == value
    assert list(store.blobs.incoming.iterdir()) == []


def test_real_pictures(home: Path, tmp_path: Path) -> None:
    """With the codecs of the product."""
    database = Database(home / "studio.db")
    store = Store(database, home)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "b.png", compress_level=1)
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    got = store.import_file(tmp_path / "a.png")
    assert got.facts["width"] == 40
    assert store.import_file(tmp_path / "b.png").id == got.id
    assert store.find_thumbnail(got.id) is not None
    for name in ("text.png", "cut.png"):
        with pytest.raises(InvalidInputError, match=name):
            store.import_file(tmp_path / name)
    assert store.count(SearchQuery()) == 1
    database.close()
