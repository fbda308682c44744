"""The text index: what is written into it, and the user's words as a safe FTS5 query."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import apsw

from studio.errors import InvalidParamsError
from studio.store.records import SearchQuery

_LONGEST_TAG = 64
_LONGEST_WORDS = 20_000

_SELECT = """
    SELECT title, notes, kind, generator, rating, recipe,
        (SELECT group_concat(tag, ' , ') FROM tags WHERE asset = n) AS tags,
        (SELECT group_concat('colour' || colour, ' , ') FROM colours WHERE asset = n) AS colours
    FROM assets WHERE n = ?
"""


def index_asset(connection: apsw.Connection, number: int) -> None:
    """Write an asset's entry anew from its row and tags; inside the caller's transaction."""
    for row in connection.execute(_SELECT, (number,)):
        connection.execute(
            "INSERT OR REPLACE INTO assets_text(rowid, title, words, tags, notes, maker) "
            "VALUES(?, ?, ?, ?, ?, ?)",
            (
                number,
                row["title"],
                _collect_words(row["recipe"]),
                row["tags"] or "",
                row["notes"],
                f"{row['kind']} , {row['generator']} , stars{row['rating']} , "
                f"{row['colours'] or ''}",
            ),
        )


def index_all(connection: apsw.Connection) -> None:
    """Make the whole text index anew from the rows; inside the caller's transaction."""
    connection.execute("INSERT INTO assets_text(assets_text) VALUES('delete-all')")
    for row in list(connection.execute("SELECT n FROM assets")):
        index_asset(connection, row["n"])


def build_match(query: SearchQuery, colour: str | None = None) -> str | None:
    """Return the FTS5 query, or None where the text holds no letter or digit at all.

    Kind, generator, stars, tags and colour go in too: the index crosses lists of assets faster
    than the tables do, and the exact conditions are checked on what is left.
    """
    words = [word for word in clean_text(query.text).split() if _has_letter(word)]
    if not words:
        return None
    terms = [_quote(word) + " *" for word in words]
    if query.kind is not None:
        terms.append(f"maker : {_quote(query.kind.value)}")
    if query.generator and _has_letter(query.generator):
        terms.append(f"maker : {_quote(clean_text(query.generator))}")
    if query.rating_min:
        stars = " OR ".join(f"stars{stars}" for stars in range(query.rating_min, 6))
        terms.append(f"maker : ({stars})")
    if colour is not None:
        terms.append(f"maker : {_quote('colour' + colour)}")
    terms += [f"tags : {_quote(tag)}" for tag in map(clean_tag, query.tags) if _has_letter(tag)]
    return " AND ".join(terms)


def clean_text(text: str) -> str:
    """Return text that any program can store: no NUL, no half of a surrogate pair."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def clean_tag(tag: str) -> str:
    """Return a tag as it is kept: lower case, single spaces.

    Raises:
        InvalidParamsError: empty, or too long.
    """
    cleaned = " ".join(clean_text(tag).casefold().split())
    if not 1 <= len(cleaned) <= _LONGEST_TAG:
        raise InvalidParamsError(
            "tag '{tag}': must have 1 to {longest} letters", tag=tag, longest=_LONGEST_TAG
        )
    return cleaned


def _collect_words(recipe: str | None) -> str:
    """Join every text among a recipe's params: prompts, names of methods and materials."""
    if not recipe:
        return ""
    params = json.loads(recipe).get("params", {})
    return clean_text(" , ".join(_iterate_texts(params)))[:_LONGEST_WORDS]


def _iterate_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _iterate_texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _iterate_texts(part)


def _quote(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _has_letter(word: str) -> bool:
    """Tell whether the tokeniser would find anything in `word`."""
    return any(unicodedata.category(letter)[0] in "LN" for letter in word)
