"""Tags and collections as lists to choose from: which there are, and on how many assets.

A collection is a tag that begins with `COLLECTION`. Tags are kept in lower case; how people write
a collection is kept beside it, each user's for itself.
"""

import json
from collections.abc import Iterable, Mapping

import apsw

from studio.database import Database
from studio.store.text import clean_tag, clean_text, index_asset

COLLECTION = "collection/"
"""A collection is a tag that begins so; faces show it without."""

_NEXT = "collection0"
"""The first text behind every collection."""


def find_tags(
    database: Database, prefix: str = "", *, user: str | None = None, limit: int = 50
) -> list[tuple[str, int]]:
    """Return tags that begin so, in order, with how many assets of the library have them."""
    start = " ".join(clean_text(prefix).casefold().split())
    terms = "tag >= ? AND tag < ? AND NOT (tag >= ? AND tag < ?)"
    values = (start, start + "\U0010ffff", COLLECTION, _NEXT)
    return _list_counts(database, terms, values, user, limit)


def find_collections(
    database: Database, *, user: str | None = None, limit: int = 1000
) -> list[tuple[str, int]]:
    """Return the collections by name, with how many assets of the library are in them."""
    found = _list_counts(database, "tag >= ? AND tag < ?", (COLLECTION, _NEXT), user, limit)
    names = find_names(database, [tag for tag, _ in found])
    shown = {tag: name for (tag, owner), name in names.items() if user in (None, owner)}
    return [(shown.get(tag, tag.removeprefix(COLLECTION)), count) for tag, count in found]


def find_names(database: Database, tags: Iterable[str]) -> Mapping[tuple[str, str], str]:
    """Return (tag, user) -> how that user writes the collection."""
    sql = "SELECT * FROM collection_names WHERE tag IN (SELECT value FROM json_each(?))"
    rows = database.query(sql, (json.dumps(list(tags)),))
    return {(row["tag"], row["user"]): row["name"] for row in rows}


def name_collection(connection: apsw.Connection, name: str, users: Iterable[str]) -> str:
    """Note how a collection is written that is about to be made; return its tag.

    One that has assets keeps its name.
    """
    tag = clean_tag(COLLECTION + name)
    for user in users:
        sql = "SELECT 1 FROM tag_counts WHERE tag = ? AND user = ? AND total > 0"
        if not list(connection.execute(sql, (tag, user))):
            _keep_name(connection, tag, user, name)
    return tag


def rename_collection(
    connection: apsw.Connection, name: str, new: str, *, user: str | None = None
) -> int:
    """Give a collection another name, or only other capitals; return how many assets it has.

    Args:
        connection: in a transaction.
        name: of the collection.
        new: if there is one of that name, the two become one.
        user: whose assets; None: everybody's.
    """
    old, tag = clean_tag(COLLECTION + name), clean_tag(COLLECTION + new)
    owners = _find_owners(connection, old, user)
    if old != tag:
        _drop(connection, old, owners)
        connection.executemany(
            "INSERT OR IGNORE INTO tags VALUES(?, ?)", [(tag, number) for number in owners]
        )
        for number in owners:
            index_asset(connection, number)
    for owner in set(owners.values()):
        _keep_name(connection, tag, owner, new)
    return len(owners)


def remove_collection(connection: apsw.Connection, name: str, *, user: str | None = None) -> int:
    """Take every asset out of a collection, which is gone by that; return how many there were."""
    tag = clean_tag(COLLECTION + name)
    owners = _find_owners(connection, tag, user)
    _drop(connection, tag, owners)
    for number in owners:
        index_asset(connection, number)
    return len(owners)


def rebuild_counts(connection: apsw.Connection) -> None:
    """Count anew what the triggers keep."""
    connection.execute("DELETE FROM tag_counts")
    connection.execute(f"INSERT INTO tag_counts {_COUNTED}")


def is_counted_right(database: Database) -> bool:
    """Tell whether the counts are those of the rows."""
    kept = "SELECT tag, user, total FROM tag_counts WHERE total > 0"
    odd = "SELECT 1 FROM (SELECT * FROM ({}) EXCEPT SELECT * FROM ({}))"
    sql = f"{odd.format(kept, _COUNTED)} UNION ALL {odd.format(_COUNTED, kept)} LIMIT 1"
    return not database.query(sql)


_COUNTED = (
    "SELECT t.tag, a.user, count(*) AS total FROM tags AS t CROSS JOIN assets AS a "
    "ON a.n = t.asset WHERE a.state = 0 GROUP BY t.tag, a.user"
)


def _list_counts(
    database: Database, terms: str, values: tuple[str, ...], user: str | None, limit: int
) -> list[tuple[str, int]]:
    sql = (
        f"SELECT tag, sum(total) AS total FROM tag_counts WHERE {terms} "
        f"{'AND user = ?' if user is not None else ''} AND total > 0 "
        "GROUP BY tag ORDER BY tag LIMIT ?"
    )
    owner = () if user is None else (clean_text(user),)
    return [(row["tag"], row["total"]) for row in database.query(sql, (*values, *owner, limit))]


def _find_owners(connection: apsw.Connection, tag: str, user: str | None) -> dict[int, str]:
    """Return number -> user of the assets that have a tag, those in the trash too."""
    sql = (
        "SELECT a.n, a.user FROM tags AS t CROSS JOIN assets AS a ON a.n = t.asset "
        f"WHERE t.tag = ? {'AND a.user = ?' if user is not None else ''}"
    )
    values = (tag,) if user is None else (tag, clean_text(user))
    return {row["n"]: row["user"] for row in connection.execute(sql, values)}


def _drop(connection: apsw.Connection, tag: str, owners: Mapping[int, str]) -> None:
    connection.executemany(
        "DELETE FROM tags WHERE tag = ? AND asset = ?", [(tag, number) for number in owners]
    )
    connection.executemany(
        "DELETE FROM collection_names WHERE tag = ? AND user = ?",
        [(tag, user) for user in set(owners.values())],
    )


def _keep_name(connection: apsw.Connection, tag: str, user: str, name: str) -> None:
    written = " ".join(clean_text(name).split())
    connection.execute(
        "INSERT OR REPLACE INTO collection_names VALUES(?, ?, ?)", (tag, user, written)
    )
