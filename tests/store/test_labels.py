from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.codecs import Codecs
from studio.database import Database
from studio.store import NewAsset, SearchQuery, Store
from studio.store.fsck import check_store
from studio.store.labels import (
    COLLECTION,
    find_collections,
    find_tags,
    is_counted_right,
    name_collection,
    rename_collection,
)
from studio.store.schema import SCRIPTS

MakeAsset = Callable[..., NewAsset]
BEFORE_COUNTS = 2
"""Scripts of the first release that had neither counts nor colours in the text index."""


def find_plan(database: Database, call: Callable[[], object]) -> list[str]:
    """Return the plans of the queries that `call` makes."""
    asked: list[tuple[str, object]] = []
    query = database.query
    database.query = lambda sql, values=(): asked.append((sql, values)) or query(sql, values)  # type: ignore[method-assign,func-returns-value]
    try:
        call()
    finally:
        database.query = query  # type: ignore[method-assign]
    return [
        row["detail"]
        for sql, values in asked
        for row in query(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[arg-type]
    ]


def test_listing_tags_looks_at_no_asset(store: Store, make: MakeAsset) -> None:
    store.add(make(tags=("a", "b", "collection/c")))
    for user in (None, "local"):
        plan = find_plan(store.database, lambda user=user: find_tags(store.database, user=user))
        assert plan == ["SEARCH tag_counts USING PRIMARY KEY (tag>? AND tag<?)"]
        assert find_tags(store.database, user=user) == [("a", 1), ("b", 1)]
        assert find_collections(store.database, user=user) == [("c", 1)]
    assert (
        find_tags(store.database, user="ann") == find_collections(store.database, user="ann") == []
    )


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "tag", "untag", "trash", "restore", "purge", "set aside", "rename"]
        ),
        st.integers(0, 4),
        st.sampled_from(["red", "Wall", COLLECTION + "x", COLLECTION + "Y"]),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(ACTIONS)
def test_counts_follow_whatever_happens(
    store: Store, make: MakeAsset, actions: list[tuple[str, int, str]]
) -> None:
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM assets; DELETE FROM assets_text")
    ids: list[str] = []
    for action, place, tag in actions:
        if action == "add":
            ids.append(store.add(make(tags=(tag,), user="ann" if place % 2 else "bob")).id)
        if not ids or action == "add":
            continue
        id = ids[place % len(ids)]
        if action == "tag":
            store.tag(id, add=(tag,))
        elif action == "untag":
            store.tag(id, remove=(tag,))
        elif action == "trash":
            store.trash([id])
        elif action == "restore":
            store.restore([id])
        elif action == "set aside":
            with store.database.transaction() as connection:
                connection.execute("UPDATE assets SET state = 2 WHERE id = ?", (id,))
        elif action == "rename":
            with store.database.transaction() as connection:
                rename_collection(connection, "x", "y", user="ann")
        elif store.purge([id]):
            ids.remove(id)
        assert is_counted_right(store.database)
    for tag, count in find_tags(store.database):
        assert store.count(SearchQuery(tags=(tag,))) == count > 0


def test_each_user_writes_a_collection_in_its_own_way(store: Store, make: MakeAsset) -> None:
    for user, name in (("ann", "Old  Walls"), ("bob", "OLD WALLS")):
        id = store.add(make(user=user)).id
        with store.database.transaction() as connection:
            store.tag(id, [name_collection(connection, name, [user])])
    assert find_collections(store.database, user="ann") == [("Old Walls", 1)]
    assert find_collections(store.database, user="bob") == [("OLD WALLS", 1)]
    assert [count for _, count in find_collections(store.database)] == [2]
    assert store.get(id).collections == ("OLD WALLS",)
    assert store.get(id).tags == ("collection/old walls",)


def test_wrong_counts_are_found_and_mended(store: Store, make: MakeAsset) -> None:
    store.add(make(tags=("a",)))
    with store.database.transaction() as connection:
        connection.execute("UPDATE tag_counts SET total = 7")
    assert [problem.kind for problem in check_store(store).problems] == ["tag-counts"]
    check_store(store, repair=True)
    assert check_store(store).is_clean
    assert find_tags(store.database) == [("a", 1)]


def test_a_home_of_the_first_release_is_brought_up(
    home: Path, make: MakeAsset, codecs: Codecs
) -> None:
    database = Database(home / "studio.db")
    store = Store(database, home, codecs)
    id = store.add(make(title="brick", tags=("a",), facts={"colours": ["red"]})).id
    with database.transaction() as connection:
        for row in list(connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'")):
            connection.execute(f"DROP TRIGGER {row['name']}")
        connection.execute("DROP TABLE tag_counts; DROP TABLE collection_names")
        connection.execute("INSERT INTO assets_text(assets_text) VALUES('delete-all')")
        connection.execute(
            "UPDATE schema_versions SET version = ? WHERE component = 'store'", (BEFORE_COUNTS,)
        )
    database.close()
    database = Database(home / "studio.db")
    again = Store(database, home, codecs)
    assert find_tags(database) == [("a", 1)]
    (found,) = again.search(SearchQuery(text="bri", colour="red")).records
    assert found.id == id
    assert again.count(SearchQuery(text="bri", colour="blue")) == 0
    assert len(SCRIPTS) > BEFORE_COUNTS
    database.close()
