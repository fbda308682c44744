"""Finding assets: which numbers a query means, a page at a time, by key and never by offset."""

from dataclasses import dataclass, field
from typing import Any

from studio.codecs.colours import get_colour
from studio.database import Database
from studio.errors import InvalidParamsError
from studio.store.records import SearchQuery
from studio.store.schema import LIVE, NUMBER_SHIFT, TRASHED
from studio.store.text import build_match, clean_tag, clean_text

_MOST = 1000
_RARE = 500
"""A tag on fewer assets than this leads; no other condition can leave more to look at."""


@dataclass
class Statement:
    """SQL in the making: what leads (and orders), what must hold, and the values."""

    lead: str = "assets AS a"
    key: str = "a.n"
    terms: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, term: str, *values: Any) -> None:
        """Ask for one more condition."""
        self.terms.append(term)
        self.values += values

    @property
    def where(self) -> str:
        """The conditions."""
        return " AND ".join(self.terms)


def find_numbers(database: Database, query: SearchQuery) -> tuple[list[int], str | None]:
    """Return the numbers of a page, newest first, and the next cursor.

    Raises:
        InvalidParamsError: the limit, rating, a tag or the cursor is not one.
    """
    if not 1 <= query.limit <= _MOST:
        raise InvalidParamsError(
            "limit {limit}: must be 1 to {most} assets a page", limit=query.limit, most=_MOST
        )
    statement = build_statement(database, query)
    if statement is None:
        return [], None
    sql = build_page_sql(statement, query)
    rows = database.query(sql, [*statement.values, query.limit + 1])
    numbers = [row["n"] for row in rows]
    if len(numbers) <= query.limit:
        return numbers, None
    numbers.pop()
    return numbers, f"{numbers[-1]:x}"


def count_assets(database: Database, query: SearchQuery) -> int:
    """Count all that a query means, over all pages."""
    statement = build_statement(database, query)
    if statement is None:
        return 0
    is_plain = query == SearchQuery(text=query.text, limit=query.limit) and query.text.strip()
    if is_plain and _is_trash_small(database):
        return _count_matches(database, query)
    sql = f"SELECT count(*) AS total FROM {statement.lead} WHERE {statement.where}"
    total: int = database.query(sql, statement.values)[0]["total"]
    return total


def _count_matches(database: Database, query: SearchQuery) -> int:
    """Count by the text index alone, and take off what is in the trash: a tenth of the time."""
    sql = (
        "SELECT (SELECT count(*) FROM assets_text WHERE assets_text MATCH ?1) - (SELECT count(*) "
        "FROM assets AS a CROSS JOIN assets_text AS x ON x.rowid = a.n "
        "WHERE a.state > 0 AND x.assets_text MATCH ?1) AS total"
    )
    total: int = database.query(sql, (build_match(query),))[0]["total"]
    return total


def _is_trash_small(database: Database) -> bool:
    sql = "SELECT count(*) AS total FROM (SELECT 1 FROM assets WHERE state > 0 LIMIT ?)"
    return bool(database.query(sql, (_RARE,))[0]["total"] < _RARE)


def guess_size(database: Database, generator: str, sample: int) -> float | None:
    """Return the mean bytes of the newest results of a generator; None if there are none."""
    sql = (
        "SELECT avg(size) AS size FROM (SELECT size FROM assets INDEXED BY assets_generator "
        "WHERE state = ? AND generator = ? ORDER BY n DESC LIMIT ?)"
    )
    size: float | None = database.query(sql, (LIVE, clean_text(generator), sample))[0]["size"]
    return size


def build_page_sql(statement: Statement, query: SearchQuery) -> str:
    """Return the SELECT of a page; adds the cursor's condition to the statement."""
    if query.cursor is not None:
        statement.add(f"{statement.key} < ?", _read_cursor(query.cursor))
    return (
        f"SELECT {statement.key} AS n FROM {statement.lead} WHERE {statement.where} "
        f"ORDER BY {statement.key} DESC LIMIT ?"
    )


def build_statement(database: Database, query: SearchQuery) -> Statement | None:
    """Choose what leads and collect the conditions; None where nothing can match."""
    if query.rating_min not in range(6):
        raise InvalidParamsError("rating {rating}: must be 0 to 5 stars", rating=query.rating_min)
    statement = Statement()
    tags = _sort_tags(database, query.tags)
    colour = None if query.colour is None else get_colour(query.colour)
    if query.text.strip():
        match = build_match(query, colour)
        if match is None:
            return None
        statement.lead = "assets_text AS x CROSS JOIN assets AS a ON a.n = x.rowid"
        statement.key = "x.rowid"
        statement.add("assets_text MATCH ?", match)
    elif tags:
        statement.lead = "tags AS t CROSS JOIN assets AS a ON a.n = t.asset"
        statement.key = "t.asset"
        statement.add("t.tag = ?", tags.pop(0))
    elif colour is not None:
        statement.lead = "colours AS c CROSS JOIN assets AS a ON a.n = c.asset"
        statement.key = "c.asset"
        statement.add("c.colour = ?", colour)
        colour = None
    else:
        statement.lead = _choose_index(query)
    for tag in tags:
        term = f"EXISTS (SELECT 1 FROM tags AS o WHERE o.tag = ? AND o.asset = {statement.key})"
        statement.add(term, tag)
    if colour is not None:
        owns = f"SELECT 1 FROM colours AS o WHERE o.colour = ? AND o.asset = {statement.key}"
        statement.add(f"EXISTS ({owns})", colour)
    _add_filters(statement, query)
    return statement


def _add_filters(statement: Statement, query: SearchQuery) -> None:
    statement.add("a.state = ?", TRASHED if query.trashed else LIVE)
    if query.kind is not None:
        statement.add("a.kind = ?", query.kind.value)
    if query.generator is not None:
        statement.add("a.generator = ?", clean_text(query.generator))
    if query.user is not None:
        statement.add("a.user = ?", clean_text(query.user))
    if query.job is not None:
        statement.add("a.job = ?", query.job)
    if query.rating_min:
        # The first term is literal: it is what lets SQLite use the index of rated assets.
        statement.add("a.rating > 0 AND a.rating >= ?", query.rating_min)
    if query.created_after is not None:
        statement.add(f"{statement.key} >= ?", _read_time(query.created_after))
    if query.created_before is not None:
        statement.add(f"{statement.key} < ?", _read_time(query.created_before))


def _choose_index(query: SearchQuery) -> str:
    """Name the index outright: without statistics the planner guesses, and guesses differ."""
    if query.job is not None:
        return "assets AS a INDEXED BY assets_output"
    if query.generator is not None:
        return "assets AS a INDEXED BY assets_generator"
    if query.rating_min:
        return "assets AS a INDEXED BY assets_rated"
    if query.kind is not None:
        return "assets AS a INDEXED BY assets_kind"
    if query.user is not None:
        return "assets AS a INDEXED BY assets_user"
    return "assets AS a INDEXED BY assets_page"


def _sort_tags(database: Database, tags: tuple[str, ...]) -> list[str]:
    """Return the tags, cleaned, a rare one first."""
    cleaned = sorted({clean_tag(tag) for tag in tags})
    sql = "SELECT count(*) AS total FROM (SELECT 1 FROM tags WHERE tag = ? LIMIT ?)"
    return sorted(cleaned, key=lambda tag: database.query(sql, (tag, _RARE))[0]["total"])


def _read_time(seconds: float) -> int:
    """Return the first number of a time."""
    bounded = min(max(seconds, 0.0), 1e11)
    return round(bounded * 1000) << NUMBER_SHIFT


def _read_cursor(cursor: str) -> int:
    try:
        number = int(cursor, 16)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise InvalidParamsError(
            "cursor '{cursor}': is not the cursor of a page; start from the first",
            cursor=cursor,
        )
    return number
