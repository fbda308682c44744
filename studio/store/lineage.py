"""Walking from an asset up to all it came from, and down to all that came from it."""

from studio.database import Database

_MOST = 500
"""Nodes in either direction; a graph to look at is never this large."""

_UP = """
    WITH RECURSIVE walk(n) AS (
        SELECT ?1 UNION SELECT parent FROM lineage JOIN walk ON lineage.child = walk.n LIMIT ?2
    ) SELECT n FROM walk
"""
_DOWN = """
    WITH RECURSIVE walk(n) AS (
        SELECT ?1 UNION SELECT child FROM lineage JOIN walk ON lineage.parent = walk.n LIMIT ?2
    ) SELECT n FROM walk
"""
_EDGES = """
    SELECT p.id AS parent, c.id AS child, slot FROM lineage
    JOIN assets AS p ON p.n = parent JOIN assets AS c ON c.n = child
    WHERE child IN (SELECT value FROM json_each(?1))
        AND parent IN (SELECT value FROM json_each(?1))
    ORDER BY child, slot, position
"""


def find_ancestors(database: Database, number: int, most: int = _MOST) -> set[int]:
    """Return the numbers of an asset and all it came from, at most `most`."""
    return {row["n"] for row in database.query(_UP, (number, most))}


def find_family(database: Database, number: int) -> tuple[list[int], bool]:
    """Return the numbers of the whole lineage, oldest first, and whether that is all of it."""
    up = find_ancestors(database, number)
    down = {row["n"] for row in database.query(_DOWN, (number, _MOST))}
    return sorted(up | down), max(len(up), len(down)) < _MOST


def find_edges(database: Database, numbers: str) -> list[tuple[str, str, str]]:
    """Return (parent id, child id, slot) of the edges among assets, each slot in its order.

    Args:
        database: of the home.
        numbers: a JSON list of them.
    """
    rows = database.query(_EDGES, (numbers,))
    return [(row["parent"], row["child"], row["slot"]) for row in rows]
