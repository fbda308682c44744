from collections.abc import Callable

import pytest

from studio.errors import AssetNotFoundError
from studio.store import NewAsset, SearchQuery, Store

MakeAsset = Callable[..., NewAsset]
ListBlobs = Callable[[Store], list[str]]
IN_TRASH = SearchQuery(trashed=True)


def test_trash_and_restore(store: Store, make: MakeAsset) -> None:
    a, b = store.add(make(title="red")).id, store.add(make(title="blue")).id
    assert store.trash([a]) == 1
    assert store.trash([a]) == 0
    assert store.get(a).trashed
    assert [record.id for record in store.search(SearchQuery()).records] == [b]
    assert [record.id for record in store.search(IN_TRASH).records] == [a]
    assert store.count(SearchQuery(text="red")) == 0
    assert store.count(SearchQuery(text="red", trashed=True)) == 1
    assert store.restore([a, b]) == 1
    assert store.count(SearchQuery()) == 2
    assert not store.get(a).trashed


def test_all_or_none(store: Store, make: MakeAsset) -> None:
    a = store.add(make()).id
    with pytest.raises(AssetNotFoundError):
        store.trash([a, "zzz"])
    assert store.count(IN_TRASH) == 0


def test_purge_removes_rows_and_files_but_nothing_shared(
    store: Store, make: MakeAsset, list_blobs: ListBlobs
) -> None:
    shared = store.add(make({"main": b"shared", "mask": b"kept"}))
    doomed = store.add(make({"main": b"shared", "mask": b"gone"}, tags=("t",), title="doomed"))
    child = store.add(make(b"child", parents=(("image", doomed.id),)))
    picture = store.find_thumbnail(doomed.id)
    assert picture is not None
    store.trash([doomed.id])
    assert store.purge_trash(older_than=3600) == 0
    assert store.purge_trash() == 1
    with pytest.raises(AssetNotFoundError):
        store.get(doomed.id)
    assert [path.read_bytes() for path in shared.files.values()] == [b"shared", b"kept"]
    assert len(list_blobs(store)) == 3
    assert not picture.exists()
    assert store.get_lineage(child.id).edges == ()
    assert store.count(SearchQuery(text="doomed", trashed=True)) == 0
    assert store.database.query("SELECT * FROM tags") == []
    assert store.database.query("SELECT * FROM assets_text('doomed')") == []
    assert store.purge_trash() == 0


def test_born_in_the_trash(store: Store, make: MakeAsset) -> None:
    id = store.add(make(trashed=True)).id
    assert store.get(id).trashed
    assert store.count(SearchQuery()) == 0
    assert store.purge_trash() == 1
