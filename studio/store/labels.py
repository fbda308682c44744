"""Tags and collections as lists to choose from: which there are, and on how many assets."""

from studio.database import Database
from studio.store.schema import LIVE
from studio.store.text import clean_text

COLLECTION = "collection/"
"""A collection is a tag that begins so; faces show it without."""

_NEXT = "collection0"
"""The first text behind every collection."""


def find_tags(
    database: Database, prefix: str = "", *, user: str | None = None, limit: int = 50
) -> list[tuple[str, int]]:
    """Return tags that begin so, in order, with how many assets of the library have them."""
    start = " ".join(clean_text(prefix).casefold().split())
    terms = "t.tag >= ? AND t.tag < ? AND NOT (t.tag >= ? AND t.tag < ?)"
    values = (start, start + "\U0010ffff", COLLECTION, _NEXT)
    return _count(database, terms, values, user, limit)


def find_collections(
    database: Database, *, user: str | None = None, limit: int = 1000
) -> list[tuple[str, int]]:
    """Return the collections by name, with how many assets of the library are in them."""
    found = _count(database, "t.tag >= ? AND t.tag < ?", (COLLECTION, _NEXT), user, limit)
    return [(tag.removeprefix(COLLECTION), count) for tag, count in found]


def _count(
    database: Database, terms: str, values: tuple[str, ...], user: str | None, limit: int
) -> list[tuple[str, int]]:
    sql = (
        "SELECT t.tag, count(*) AS total FROM tags AS t CROSS JOIN assets AS a ON a.n = t.asset "
        f"WHERE {terms} AND a.state = ? {'AND a.user = ?' if user is not None else ''} "
        "GROUP BY t.tag ORDER BY t.tag LIMIT ?"
    )
    owner = () if user is None else (clean_text(user),)
    rows = database.query(sql, (*values, LIVE, *owner, limit))
    return [(row["tag"], row["total"]) for row in rows]
