from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import InvalidParamsError
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import BlobRef, NewAsset, SearchQuery, Store
from studio.store.rows import insert_asset
from studio.store.search import build_page_sql, build_statement, guess_size

MakeAsset = Callable[..., NewAsset]
BuildRecipe = Callable[..., Recipe]
Q = SearchQuery

ROWS = 20_000
BASE = 1_700_000_000_000  # milliseconds


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """20,000 assets, one a second: "brick" everywhere, the tag "rare" on 20, a tenth trashed."""
    home: Path = tmp_path_factory.mktemp("large")
    database = Database(home / "studio.db")
    store = Store(database, home, Codecs())
    with database.transaction(durable=False) as connection:
        for i in range(ROWS):
            new = NewAsset(
                kind=MediaType.IMAGE if i % 3 else MediaType.TEXTURE,
                files={},
                payload_hash=str(i),
                title=f"Brick {i}",
                tags=("half",) * (i % 2) + ("rare",) * (i % 1000 == 1),
                user="ann" if i % 100 == 7 else "local",
                trashed=i % 10 == 0,
            )
            blobs = {"main": BlobRef(f"{i:064x}", 1, ".png")}
            insert_asset(connection, store.ids.new_id(BASE + i * 1000), new, blobs)
        connection.execute("UPDATE assets SET rating = 4 WHERE n % 50 = 0 AND title LIKE '%1'")
    yield store
    database.close()


def list_titles(store: Store, query: SearchQuery) -> list[str]:
    return [record.title for record in store.search(query).records]


def walk(store: Store, **fields: object) -> list[str]:
    """Return the ids on all pages."""
    found: list[str] = []
    cursor = None
    while True:
        page = store.search(SearchQuery(**{"limit": 3, **fields, "cursor": cursor}))  # type: ignore[arg-type]
        found += [record.id for record in page.records]
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert page.records


PLANNED = [
    Q(text="brick", colour="red"),
    Q(),
    Q(trashed=True),
    Q(kind=MediaType.TEXTURE),
    Q(generator="textures.from_image"),
    Q(generator="textures.from_image", kind=MediaType.TEXTURE, user="ann"),
    Q(rating_min=3),
    Q(rating_min=3, kind=MediaType.TEXTURE),
    Q(user="ann"),
    Q(created_after=5.0, created_before=1e10),
    Q(tags=("half",)),
    Q(tags=("half", "rare"), kind=MediaType.IMAGE),
    Q(text="brick"),
    Q(text="brick wall", kind=MediaType.IMAGE, tags=("half",), rating_min=2),
]


@pytest.mark.parametrize("cursor", [None, "1"])
@pytest.mark.parametrize("query", PLANNED, ids=range(len(PLANNED)))
def test_plans_neither_scan_nor_sort(large: Store, query: SearchQuery, cursor: str | None) -> None:
    query = SearchQuery(**{**vars(query), "cursor": cursor})
    statement = build_statement(large.database, query)
    assert statement is not None
    sql = build_page_sql(statement, query)
    rows = large.database.query(f"EXPLAIN QUERY PLAN {sql}", [*statement.values, 61])
    plan = [row["detail"] for row in rows]
    assert "TEMP B-TREE" not in " ".join(plan)
    for step in plan:
        is_index = step.startswith("SEARCH") or "VIRTUAL TABLE INDEX" in step
        assert is_index or "CORRELATED" in step, plan
    if not (query.text or query.tags):
        assert any("COVERING INDEX" in step for step in plan), plan


def test_a_word_and_a_colour_are_crossed_in_the_text_index(large: Store) -> None:
    """Else a colour that none of the word's assets has would be looked for on all of them."""
    statement = build_statement(large.database, Q(text="brick", colour="#ff0000"))
    assert statement is not None
    assert "colourred" in statement.values[0]


def test_a_word_is_counted_by_the_text_index_alone(store: Store, make: MakeAsset) -> None:
    ids = [store.add(make(title=f"brick {i}")).id for i in range(5)]
    asked: list[str] = []
    query = store.database.query
    store.database.query = lambda sql, values=(): asked.append(sql) or query(sql, values)  # type: ignore[method-assign,func-returns-value]
    assert store.count(Q(text="bri")) == 5
    assert not any("assets_text AS x CROSS JOIN assets" in sql for sql in asked)
    store.trash(ids[:2])
    assert store.count(Q(text="bri")) == 3
    assert store.count(Q(text="bri", trashed=True)) == 2
    assert store.count(Q(text="bri", user="ann")) == 0
    assert store.count(Q(text="***")) == 0


def test_the_size_of_results_is_guessed_from_a_few_rows(large: Store) -> None:
    asked: list[tuple[str, object]] = []
    query = large.database.query
    large.database.query = lambda sql, values=(): asked.append((sql, values)) or query(sql, values)  # type: ignore[method-assign,func-returns-value]
    try:
        assert guess_size(large.database, "", 20) == 1.0
        assert guess_size(large.database, "none.such", 20) is None
    finally:
        large.database.query = query  # type: ignore[method-assign]
    for sql, values in asked:
        plan = [row["detail"] for row in query(f"EXPLAIN QUERY PLAN {sql}", values)]  # type: ignore[arg-type]
        assert any("USING INDEX assets_generator" in step for step in plan), plan
        assert "TEMP B-TREE" not in " ".join(plan)


def test_a_page_of_a_job_looks_only_at_its_outputs(large: Store) -> None:
    query = Q(job="j")
    statement = build_statement(large.database, query)
    assert statement is not None
    sql = build_page_sql(statement, query)
    rows = large.database.query(f"EXPLAIN QUERY PLAN {sql}", [*statement.values, 61])
    assert "SEARCH a USING INDEX assets_output (job=?)" in rows[0]["detail"]


def test_pages_of_a_large_library(large: Store) -> None:
    live = [i for i in range(ROWS) if i % 10]
    assert large.count(Q()) == len(live)
    page = large.search(Q())
    assert [record.title for record in page.records] == [f"Brick {i}" for i in live[:-61:-1]]
    deep = large.search(Q(created_before=(BASE + 100_000) / 1000))
    assert [record.title for record in deep.records] == [
        f"Brick {i}" for i in range(99, 32, -1) if i % 10
    ][:60]
    assert deep.records[0].created == (BASE + 99_000) / 1000
    assert large.count(Q(created_after=BASE / 1000 + 5, created_before=BASE / 1000 + 8)) == 3
    assert large.count(Q(text="brick")) == len(live)
    assert large.count(Q(text="brick", kind=MediaType.TEXTURE)) == sum(1 for i in live if not i % 3)
    assert list_titles(large, Q(text="12345")) == ["Brick 12345"]
    assert large.count(Q(tags=("rare",))) == large.count(Q(tags=("half", "rare"))) == 20
    assert large.count(Q(tags=("half", "rare"), text="brick 1001")) == 1
    assert large.count(Q(user="ann")) == 200
    assert large.count(Q(trashed=True)) == 2000
    rated = large.count(Q(rating_min=4))
    assert 0 < rated == large.count(Q(rating_min=1, user=None))
    assert large.count(Q(rating_min=5)) == 0


def test_text_looks_at_title_prompt_tags_notes_and_generator(
    store: Store, make: MakeAsset, build_recipe: BuildRecipe
) -> None:
    recipe = build_recipe(1, prompt="Mossy Ruín", nested={"words": ["lichen", 5]}, size=512)
    id = store.add(make(title="Tile-7", tags=("game ready",), recipe=recipe)).id
    store.note(id, "Für später")
    for text in ("tile", "TILE-7", "mos ruin", "ruín", "lich", "game", "ready", "fur spa",
                 "textures.from_image", "textur", "image", "  tile   moss "):  # fmt: skip
        assert store.count(Q(text=text)) == 1, text
    for text in ("wood", "tile wood", "512", "oss", "5", "!!!", '* "', "NOT"):
        assert store.count(Q(text=text)) == 0, text


def test_stars_follow_the_search(store: Store, make: MakeAsset) -> None:
    id = store.add(make(title="brick")).id
    assert store.count(Q(text="brick", rating_min=1)) == 0
    store.rate(id, 3)
    assert store.count(Q(text="brick", rating_min=3)) == 1
    assert store.count(Q(text="brick", rating_min=4)) == 0
    store.rate(id, 0)
    assert store.count(Q(text="brick", rating_min=1)) == 0


def test_filters_are_exact_and_add_up(
    store: Store, make: MakeAsset, build_recipe: BuildRecipe
) -> None:
    a = store.add(make(title="x", kind=MediaType.TEXTURE, tags=("red", "old"), job="j",
                       output_index=0, recipe=build_recipe(1))).id  # fmt: skip
    b = store.add(make(title="x", tags=("red wall",), user="ann")).id
    everything: dict[str, object] = {
        "kind": MediaType.TEXTURE,
        "tags": ("Red",),
        "job": "j",
        "generator": "textures.from_image",
        "user": "local",
    }
    for text in ("", "x"):
        assert walk(store, text=text) == [b, a]
        for name, value in everything.items():
            assert walk(store, text=text, **{name: value}) == [a], name
        assert walk(store, text=text, **everything) == [a]
        assert walk(store, text=text, **{**everything, "user": "ann"}) == []
        assert walk(store, text=text, tags=("red", "old")) == [a]
        assert walk(store, text=text, tags=("red", "none")) == []
        assert walk(store, text=text, tags=("***",)) == []
        assert walk(store, text=text, generator="textures") == []


@pytest.mark.parametrize(
    "query",
    [Q(limit=0), Q(limit=1001), Q(cursor="zz"), Q(cursor=""), Q(cursor="-1"), Q(cursor="f" * 17),
     Q(rating_min=6), Q(rating_min=-1), Q(tags=("",))],
)  # fmt: skip
def test_a_query_that_is_none(store: Store, query: SearchQuery) -> None:
    with pytest.raises(InvalidParamsError):
        store.search(query)


def test_odd_times(store: Store, make: MakeAsset) -> None:
    store.add(make())
    assert store.count(Q(created_after=-5.0, created_before=1e300)) == 1
    assert store.count(Q(created_before=-1e300)) == 0


def test_the_last_page_has_no_cursor(store: Store, make: MakeAsset) -> None:
    for _ in range(4):
        store.add(make())
    page = store.search(Q(limit=2))
    assert page.next_cursor is not None
    last = store.search(Q(limit=2, cursor=page.next_cursor))
    assert len(last.records) == 2
    assert last.next_cursor is None


@settings(max_examples=150)
@given(st.text(max_size=40), st.text(max_size=10))
@example('" OR title:x*', "a")
@example("\0", "\ud800")
@example("NEAR(a b)", "^a -b +c (d) {e} : f*")
@example("'", "ﷺ")
def test_no_text_breaks_a_search(large: Store, text: str, generator: str) -> None:
    query = SearchQuery(text=text, generator=generator, limit=2)
    large.search(query)
    large.search(SearchQuery(text=text, limit=2, kind=MediaType.TEXT))


@settings(max_examples=60)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "S"]), max_size=30))
def test_what_was_written_is_found_by_each_of_its_words(
    store: Store, make: MakeAsset, title: str
) -> None:
    new = make(title=title)
    id = store.add(new).id
    words = [word for word in title.split() if any(c.isascii() and c.isalnum() for c in word)]
    for word in words:
        assert id in walk(store, text=word, limit=1000)
    store.trash([id])
    store.purge_trash()


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["page", "page", "add", "trash", "old"]), st.integers(0, 30)),
    max_size=25,
)


@settings(max_examples=30)
@given(ACTIONS, st.integers(1, 4), st.sampled_from(["", "brick"]), st.sampled_from([(), ("t",)]))
def test_paging_sees_each_asset_once_while_others_come_and_go(
    store: Store, actions: list[tuple[str, int]], limit: int, text: str, tags: tuple[str, ...]
) -> None:
    with store.database.transaction() as connection:
        connection.execute("DELETE FROM assets; DELETE FROM assets_text")

    def add(id: str) -> str:
        new = NewAsset(kind=MediaType.IMAGE, files={}, payload_hash="", title="brick", tags=("t",))
        with store.database.transaction(durable=False) as connection:
            insert_asset(connection, id, new, {"main": BlobRef("0" * 64, 1, "")})
        return id

    start = [add(store.ids.new_id()) for _ in range(12)]
    trashed: set[str] = set()
    seen: list[str] = []
    cursor = None
    for action, number in [*actions, *[("page", 0)] * 20]:
        if action == "add":
            add(store.ids.new_id())
        elif action == "old":
            add(store.ids.new_id(BASE + number))
        elif action == "trash":
            trashed.add(start[number % 12])
            store.trash([start[number % 12]])
        elif cursor != "end":
            page = store.search(SearchQuery(text=text, tags=tags, limit=limit, cursor=cursor))
            seen += [record.id for record in page.records]
            cursor = page.next_cursor or "end"
    if cursor == "end":
        assert set(start) - trashed <= set(seen)
    assert len(seen) == len(set(seen))
    times = [id[:10] for id in seen]
    assert times == sorted(times, reverse=True)
