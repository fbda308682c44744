import errno
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import AssetNotFoundError, InvalidInputError, InvalidParamsError, StoreError
from studio.ids import is_id
from studio.media import MediaType
from studio.recipe import CheckpointRef, Recipe
from studio.store import Disk, NewAsset, SearchQuery, Store

MakeAsset = Callable[..., NewAsset]
ListBlobs = Callable[[Store], list[str]]
BuildRecipe = Callable[..., Recipe]


def test_everything_given_comes_back(
    store: Store, make: MakeAsset, tmp_path: Path, build_recipe: BuildRecipe
) -> None:
    recipe = build_recipe(7, prompt="old brick").model_copy(
        update={"checkpoint": CheckpointRef(name="tiny", sha256="ab")}
    )
    picture = tmp_path / "t.webp"
    picture.write_bytes(b"webp")
    new = make(
        {"height": b"h", "albedo": b"a"},
        kind=MediaType.TEXTURE,
        title="Brick \ud800",
        recipe=recipe,
        thumbnail=picture,
        facts={"width": 4},
        metrics={"seam_ratio": 1.1},
        info={"method": "quilting", "odd": Path("/x")},
        licence="CC0-1.0",
        tags=("Red", "red ", "dark  stone"),
        user="ann",
        device="cpu",
        versions={"numpy": "2"},
        seconds=1.5,
        job="j1",
        output_index=3,
    )
    got = store.add(new)
    assert is_id(got.id)
    assert list(got.files) == ["height", "albedo"]
    assert got.path.read_bytes() == b"h"
    assert got.files["albedo"].read_bytes() == b"a"
    assert not any(path.exists() for path in new.files.values())
    assert got.recipe == recipe
    assert got.recipe_key == recipe.key
    assert (got.seed, got.generator, got.plugin) == (7, "textures.from_image", "studio-textures")
    assert (got.plugin_version, got.params) == ("1.0", {"prompt": "old brick"})
    assert got.checkpoint == CheckpointRef(name="tiny", sha256="ab")
    assert got.tags == ("dark stone", "red")
    assert (got.title, got.licence, got.user, got.device) == ("Brick ?", "CC0-1.0", "ann", "cpu")
    assert got.info == {"method": "quilting", "odd": "/x"}
    assert (got.facts, got.metrics) == ({"width": 4}, {"seam_ratio": 1.1})
    assert (got.seconds, got.job, got.output_index, got.size) == (1.5, "j1", 3, 2)
    assert (got.rating, got.notes, got.source, got.trashed) == (0, "", "generated", False)
    assert got.versions == {"numpy": "2"}
    thumbnail = store.thumbnails.find(got.id)
    assert thumbnail is not None
    assert thumbnail.read_bytes() == b"webp"
    assert picture.exists()


def test_without_a_recipe(store: Store, make: MakeAsset) -> None:
    got = store.add(make())
    assert (got.recipe, got.recipe_key, got.seed, got.generator) == (None, "", None, "")
    assert (got.plugin, got.plugin_version, got.checkpoint, got.params) == ("", "", None, {})
    assert store.find_by_recipe("") == []


def test_a_home_can_be_moved(store: Store, make: MakeAsset, home: Path, codecs: Codecs) -> None:
    id = store.add(make(b"here")).id
    store.database.close()
    there = home.with_name("there")
    shutil.move(home, there)
    database = Database(there / "studio.db")
    moved = Store(database, there, codecs)
    assert moved.get(id).path.read_bytes() == b"here"
    assert moved.get(id).path.is_relative_to(there)
    database.close()


def test_get_by_prefix(store: Store, make: MakeAsset) -> None:
    first, second = store.add(make()).id, store.add(make()).id
    assert store.get(first).id == first
    assert store.get(f" {first.upper()} ").id == first
    common = next(i for i in range(26) if first[i] != second[i])
    assert store.get(first[: common + 1]).id == first
    with pytest.raises(AssetNotFoundError, match="more than one"):
        store.get(first[:common])
    for text in ("", "zzz", "%", "_", "{", first + "0", "\ud800", "a' OR 1=1"):
        with pytest.raises(AssetNotFoundError):
            store.get(text)


def test_ids_ascend_with_insertion(store: Store, make: MakeAsset) -> None:
    ids = [store.add(make()).id for _ in range(20)]
    assert ids == sorted(ids)
    page = store.search(SearchQuery())
    assert [record.id for record in page.records] == ids[::-1]


def test_an_output_is_stored_once(store: Store, make: MakeAsset, list_blobs: ListBlobs) -> None:
    store.add(make(b"a", job="j", output_index=0))
    with pytest.raises(StoreError, match="job j: its output 0"):
        store.add(make(b"b", job="j", output_index=0))
    store.add(make(b"c", job="j", output_index=1))
    store.add(make(b"d"))
    store.add(make(b"e"))
    assert [record.output_index for record in store.find_by_job("j")] == [0, 1]
    assert len(list_blobs(store)) == 4  # b was taken back


def test_insert_is_part_of_the_callers_transaction(
    store: Store, make: MakeAsset, list_blobs: ListBlobs
) -> None:
    new = make(b"x", title="unheard of", tags=("t",))
    blobs = store.stage(new.files)
    with pytest.raises(RuntimeError), store.database.transaction() as connection:
        store.insert(connection, new, blobs)
        raise RuntimeError("the job lost its token")
    assert store.count(SearchQuery()) == 0
    assert store.count(SearchQuery(text="unheard")) == 0
    assert len(list_blobs(store)) == 1
    store.discard(blobs.values())
    assert list_blobs(store) == []


def test_a_failed_insert_leaves_no_half_in_a_transaction_that_goes_on(
    store: Store, make: MakeAsset
) -> None:
    new = make(b"x", tags=("good", ""))
    blobs = store.stage(new.files)
    with store.database.transaction() as connection, pytest.raises(InvalidParamsError):
        store.insert(connection, new, blobs)
    assert store.count(SearchQuery()) == 0
    assert store.database.query("SELECT * FROM files") == []


def test_discard_keeps_what_an_asset_names(store: Store, make: MakeAsset) -> None:
    got = store.add(make(b"x"))
    blobs = store.stage(make(b"x").files)
    store.discard(blobs.values())
    assert got.path.read_bytes() == b"x"


def test_insert_refuses_a_blob_that_was_purged_meanwhile(store: Store, make: MakeAsset) -> None:
    new = make(b"x")
    blobs = store.stage(new.files)
    store.blobs.remove(blobs["main"])
    with pytest.raises(StoreError, match="make the asset again"):
        with store.database.transaction() as connection:
            store.insert(connection, new, blobs)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a\nb"])
def test_file_names_are_plain(
    store: Store, make: MakeAsset, name: str, list_blobs: ListBlobs
) -> None:
    files = {name: next(iter(make(b"x").files.values()))}
    with pytest.raises(InvalidInputError, match="plain word"):
        store.add(NewAsset(kind=MediaType.IMAGE, files=files, payload_hash="p"))
    assert list_blobs(store) == []


def test_an_asset_needs_a_file(store: Store) -> None:
    with pytest.raises(InvalidInputError):
        store.add(NewAsset(kind=MediaType.IMAGE, files={}, payload_hash="p"))


def test_a_full_disk_while_adding(
    home: Path, make: MakeAsset, list_blobs: ListBlobs, codecs: Codecs
) -> None:
    class Full(Disk):
        def sync_file(self, path: Path) -> None:
            raise OSError(errno.ENOSPC, "no space left on device")

    database = Database(home / "studio.db")
    store = Store(database, home, codecs, Full())
    new = make(b"x")
    with pytest.raises(StoreError, match="free some space"):
        store.add(new)
    assert list_blobs(store) == []
    assert store.count(SearchQuery()) == 0
    assert new.files["main"].exists()
    database.close()


def test_find_by_recipe(store: Store, make: MakeAsset, build_recipe: BuildRecipe) -> None:
    recipe = build_recipe(1)
    second = store.add(make(recipe=recipe, job="j", output_index=1)).id
    first = store.add(make(recipe=recipe, job="j", output_index=0)).id
    store.add(make(recipe=build_recipe(2)))
    store.add(make(recipe=recipe, source="imported"))
    gone = store.add(make(recipe=recipe, job="j", output_index=2, trashed=True)).id
    assert [record.id for record in store.find_by_recipe(recipe.key)] == [first, second]
    assert store.restore([gone]) == 1
    assert [record.id for record in store.find_by_recipe(recipe.key)] == [first, second, gone]


def test_find_checkpoint(store: Store, make: MakeAsset) -> None:
    old = store.add(make(kind=MediaType.CHECKPOINT, title="tiny"))
    new = store.add(make(kind=MediaType.CHECKPOINT, title="tiny"))
    picture = store.add(make(title="tiny"))
    for name, expected in [("tiny", new.id), (old.id, old.id)]:
        found = store.find_checkpoint(name)
        assert found is not None
        assert found.id == expected
    assert store.find_checkpoint(picture.id) is None
    assert store.find_checkpoint("big") is None


def test_rate_note_title_tag(store: Store, make: MakeAsset) -> None:
    id = store.add(make(title="brick", tags=("old",))).id
    assert store.rate(id, 4).rating == 4
    assert store.note(id, "for the castle").notes == "for the castle"
    assert store.set_title(id[:25], "Slate").title == "Slate"
    assert store.tag(id, add=("New", "old"), remove=("none",)).tags == ("new", "old")
    assert store.tag(id, remove=(" OLD",)).tags == ("new",)
    for text, total in [("brick", 0), ("slate castle new", 1), ("old", 0)]:
        assert store.count(SearchQuery(text=text)) == total
    for rating in (-1, 6, 2.5):
        with pytest.raises(InvalidParamsError):
            store.rate(id, rating)  # type: ignore[arg-type]
    for tag in ("", "  ", "x" * 65):
        with pytest.raises(InvalidParamsError):
            store.tag(id, add=(tag,))
    with pytest.raises(AssetNotFoundError):
        store.note("zzz", "")


def test_many_threads_add_at_once(store: Store, make: MakeAsset) -> None:
    assets = [make() for _ in range(24)]
    ids: list[str] = []
    errors: list[BaseException] = []

    def add(some: list[NewAsset]) -> None:
        try:
            ids.extend(store.add(new).id for new in some)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=add, args=(assets[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(ids)) == store.count(SearchQuery()) == 24


def test_more_in_a_millisecond_than_it_has_numbers(store: Store, make: MakeAsset) -> None:
    ids = [store.ids.new_id(1_000) for _ in range(3)]
    for id in ids:
        new = make()
        blobs = store.stage(new.files)
        store.ids.new_id = lambda fixed=id: fixed  # type: ignore[method-assign]
        with store.database.transaction() as connection:
            store.insert(connection, new, blobs)
    assert [record.created for record in store.search(SearchQuery()).records] == [1.0] * 3


def test_a_damaged_row_says_so(store: Store, make: MakeAsset) -> None:
    id = store.add(make()).id
    with store.database.transaction() as connection:
        connection.execute("UPDATE assets SET facts = '{' WHERE id = ?", (id,))
    with pytest.raises(StoreError, match="fsck"):
        store.get(id)


def test_pictures_are_made_again(store: Store, make: MakeAsset) -> None:
    id = store.add(make()).id
    path = store.find_thumbnail(id)
    assert path is not None
    assert path.parent.name == "thumbnails"
    assert store.thumbnails.find(id) == path
    path.unlink()
    assert store.thumbnails.find(id) is None
    assert store.find_thumbnail(id) == path
    assert path.is_file()


def test_pictures_of_older_versions_are_found_and_go_with_their_asset(
    store: Store, make: MakeAsset
) -> None:
    id = store.add(make()).id
    made = store.find_thumbnail(id)
    assert made is not None
    old = made.with_suffix(".webp")
    made.rename(old)
    assert store.find_thumbnail(id) == old
    store.thumbnails.remove(id)
    assert not old.exists()


def test_a_picture_that_cannot_be_made_is_none(
    store: Store, make: MakeAsset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = store.add(make(thumbnail=tmp_path / "missing.webp"))
    assert store.thumbnails.find(got.id) is None
    codec = store.codecs.get(MediaType.IMAGE)
    monkeypatch.setattr(codec, "make_thumbnail", lambda files: None)
    assert store.find_thumbnail(got.id) is None
    monkeypatch.setattr(codec, "make_thumbnail", lambda files: 1 / 0)
    assert store.find_thumbnail(got.id) is None
    assert [*(store.folder / "thumbnails").glob("*")] == []
