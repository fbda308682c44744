"""The trash: out of sight at once, gone only when it is emptied."""

import time
from collections.abc import Iterable, Sequence

from studio.database import Database
from studio.store.blobs import BlobRef, BlobStore
from studio.store.schema import LIVE, TRASHED
from studio.store.thumbnails import Thumbnails


def move_to_trash(database: Database, numbers: Iterable[int]) -> int:
    """Move assets of the library to the trash; return how many were not there yet."""
    now = time.time()
    return _move(database, ((TRASHED, now, number, LIVE) for number in numbers))


def restore_from_trash(database: Database, numbers: Iterable[int]) -> int:
    """Move assets of the trash back to the library; return how many came."""
    return _move(database, ((LIVE, None, number, TRASHED) for number in numbers))


def _move(database: Database, moves: Iterable[tuple[int, float | None, int, int]]) -> int:
    """Make moves (to state, trashed when, number, from state); return how many there were."""
    sql = "UPDATE assets SET state = ?, trashed_at = ? WHERE n = ? AND state = ?"
    count = 0
    with database.transaction() as connection:
        for move in moves:
            connection.execute(sql, move)
            count += connection.changes()  # its own: what triggers change besides is not counted
    return count


def purge(
    database: Database,
    blobs: BlobStore,
    pictures: Thumbnails,
    before: float,
    numbers: Sequence[int] | None = None,
) -> int:
    """Remove for ever what was trashed before a time (unix s); return how many assets.

    Args:
        database: of the home.
        blobs: its files.
        pictures: its thumbnails.
        before: unix seconds.
        numbers: only among these; all when None.

    The rows go first: a crash in between leaves files that no row names, never a row without
    its files.
    """
    with database.transaction() as connection:
        sql = "SELECT n, id FROM assets WHERE state = ? AND trashed_at <= ?"
        doomed = list(connection.execute(sql, (TRASHED, before)))
        if numbers is not None:
            wanted = set(numbers)
            doomed = [row for row in doomed if row["n"] in wanted]
        refs: set[BlobRef] = set()
        for row in doomed:
            sql = "SELECT sha256, size, suffix FROM files WHERE asset = ?"
            refs |= {BlobRef(**file) for file in connection.execute(sql, (row["n"],))}
            connection.execute("DELETE FROM assets_text WHERE rowid = ?", (row["n"],))
            connection.execute("DELETE FROM assets WHERE n = ?", (row["n"],))
    remove_unnamed(database, blobs, refs)
    for row in doomed:
        pictures.remove(row["id"])
    return len(doomed)


def remove_unnamed(database: Database, blobs: BlobStore, refs: Iterable[BlobRef]) -> None:
    """Remove those blobs that no asset names.

    Under the write lock, where `Assets.insert` looks whether its blobs are there: so an asset
    that shares a blob with a purged one either keeps it or is refused, and is never torn.
    """
    with database.transaction(durable=False) as connection:
        for ref in refs:
            sql = "SELECT 1 FROM files WHERE sha256 = ? AND suffix = ? LIMIT 1"
            if not list(connection.execute(sql, (ref.sha256, ref.suffix))):
                blobs.remove(ref)
