import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.store import FsckReport, NewAsset, SearchQuery, Store, check_store

MakeAsset = Callable[..., NewAsset]
ListBlobs = Callable[[Store], list[str]]


def kinds(report: FsckReport) -> list[str]:
    return sorted(problem.kind for problem in report.problems)


def damage(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def age(path: Path) -> None:
    then = time.time() - 7200
    os.utime(path, (then, then))


def find_in_quarantine(report: FsckReport) -> list[str]:
    assert report.quarantine is not None
    return sorted(path.name for path in report.quarantine.iterdir())


@pytest.fixture
def record_id(store: Store, make: MakeAsset) -> str:
    store.add(make(b"sound"))
    return store.add(make(b"precious", title="brick")).id


def test_a_sound_home(store: Store, make: MakeAsset, record_id: str) -> None:
    store.add(make(parents=(("image", record_id),), tags=("t",), trashed=True))
    for deep in (False, True):
        for repair in (False, True):
            report = check_store(store, deep=deep, repair=repair)
            assert report.is_clean
            assert (report.assets, report.files, report.quarantine) == (3, 3, None)
    assert not (store.folder / "quarantine").exists()


def test_a_missing_file_and_its_return(store: Store, tmp_path: Path, record_id: str) -> None:
    store.get(record_id).path.unlink()
    report = check_store(store)
    assert [(item.kind, item.subject) for item in report.problems] == [("missing-file", record_id)]
    assert "--repair" in report.problems[0].advice
    assert not report.problems[0].repaired
    assert store.count(SearchQuery()) == 2  # looking changes nothing

    report = check_store(store, repair=True)
    assert report.problems[0].repaired
    assert f"asset-{record_id}.json" in find_in_quarantine(report)
    assert store.count(SearchQuery()) == 1
    assert store.count(SearchQuery(trashed=True)) == 0
    assert store.restore([record_id]) == 0
    assert store.purge_trash() == 0
    assert check_store(store).is_clean  # known, hidden

    path = tmp_path / "again.png"
    path.write_bytes(b"precious")
    store.stage({"main": path})
    assert kinds(check_store(store)) == ["whole-again"]
    assert kinds(check_store(store, repair=True)) == ["whole-again"]
    assert store.count(SearchQuery(text="brick")) == 1
    assert check_store(store, deep=True).is_clean


def test_what_was_in_the_trash_returns_to_it(store: Store, record_id: str) -> None:
    store.trash([record_id])
    path = store.get(record_id).path
    path.rename(path.with_name("elsewhere"))
    check_store(store, repair=True)
    path.with_name("elsewhere").rename(path)
    check_store(store, repair=True)
    assert store.count(SearchQuery(trashed=True)) == 1


def test_a_torn_file(store: Store, record_id: str) -> None:
    path = store.get(record_id).path
    damage(path, b"prec")
    assert kinds(check_store(store)) == ["missing-file", "wrong-size"]
    report = check_store(store, repair=True)
    assert path.name in find_in_quarantine(report)
    assert not path.exists()
    assert store.count(SearchQuery()) == 1


def test_a_changed_file_is_found_by_looking_deep(store: Store, record_id: str) -> None:
    path = store.get(record_id).path
    damage(path, b"PRECIOUS")
    assert check_store(store).is_clean
    assert kinds(check_store(store, deep=True)) == ["missing-file", "wrong-hash"]
    report = check_store(store, deep=True, repair=True)
    assert report.quarantine is not None
    assert (report.quarantine / path.name).read_bytes() == b"PRECIOUS"
    assert "report.json" in find_in_quarantine(report)
    assert check_store(store, deep=True).is_clean


def test_forgotten_files(store: Store, record_id: str, list_blobs: ListBlobs) -> None:
    before = list_blobs(store)
    orphan = store.blobs.folder / "0" / ("0" * 64)
    part = store.blobs.incoming / "part"
    tree = store.blobs.incoming / "tree"
    stray = store.blobs.folder / "stray.txt"
    for path in (orphan, part, stray):
        path.write_bytes(b"x")
    tree.mkdir()
    assert check_store(store).is_clean  # they may be on their way in
    for path in (orphan, part, tree, stray):
        age(path)
    age(store.get(record_id).path)
    assert kinds(check_store(store)) == ["orphan-file"] * 4
    report = check_store(store, repair=True)
    assert set(find_in_quarantine(report)) == {"0" * 64, "part", "tree", "stray.txt", "report.json"}
    assert list_blobs(store) == before
    assert check_store(store).is_clean


def test_a_reused_forgotten_file_is_young_again(store: Store, make: MakeAsset) -> None:
    new = make(b"x")
    path = store.blobs.get_path(store.stage(new.files)["main"])
    age(path)
    store.stage(make(b"x").files)
    assert check_store(store).is_clean


def test_an_unreadable_row(store: Store, record_id: str) -> None:
    with store.database.transaction() as connection:
        connection.execute("UPDATE assets SET recipe = '{nonsense' WHERE id = ?", (record_id,))
    report = check_store(store)
    assert [(item.kind, item.subject) for item in report.problems] == [
        ("unreadable-row", record_id)
    ]
    report = check_store(store, repair=True)
    assert report.quarantine is not None
    assert "{nonsense" in (report.quarantine / f"asset-{record_id}.json").read_text()
    assert len(store.search(SearchQuery()).records) == 1
    assert check_store(store).is_clean


def test_an_asset_without_files(store: Store, record_id: str) -> None:
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM files WHERE asset = ?", (store.get_number(record_id),))
    assert "unreadable-row" in kinds(check_store(store))


def test_dangling_rows(store: Store, make: MakeAsset, record_id: str) -> None:
    child = store.add(make(parents=(("image", record_id),), tags=("t",)))
    connection = store.database.connection
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM assets WHERE id = ?", (record_id,))
    connection.execute("INSERT INTO tags VALUES('lost', 5)")
    connection.execute("PRAGMA foreign_keys = ON")
    assert kinds(check_store(store)) == ["dangling-row"] * 3 + ["search-index"]
    report = check_store(store, repair=True)
    assert {"lineage.json", "files.json", "tags.json"} <= set(find_in_quarantine(report))
    assert store.get_lineage(child.id).edges == ()
    assert check_store(store).is_clean


def test_a_lost_search_entry(store: Store, record_id: str) -> None:
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM assets_text")
    assert store.count(SearchQuery(text="brick")) == 0
    assert kinds(check_store(store)) == ["search-index"]
    check_store(store, repair=True)
    assert store.count(SearchQuery(text="brick")) == 1
    assert check_store(store).is_clean


def test_a_damaged_database(store: Store, make: MakeAsset) -> None:
    for _ in range(30):
        store.add(make(title="brick " * 200))
    path = store.database.path
    store.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.database.close()
    data = bytearray(path.read_bytes())
    for start in range(4096 * 3, len(data) - 4096, 4096):
        data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    report = check_store(store, repair=True)
    assert "database" in kinds(report)
    assert str(path) in {problem.subject for problem in report.problems}
