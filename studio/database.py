"""One SQLite file, through apsw: connections per thread, transactions, schema versions.

Two strangers keep their tables here, the job table and the asset store, so that `app` can finish
a job and insert its asset in ONE transaction.
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from studio.errors import StoreError

Row = dict[str, Any]
Bindings = Sequence[Any] | Mapping[str, Any]
Script = str | Callable[[apsw.Connection], None]
"""A step from one version of some tables to the next: SQL, or what SQL cannot say."""

_BUSY_MS = 30_000


class Database:
    """A SQLite file in WAL mode; safe from any thread, shared between processes.

    Args:
        path: the file; made if it is not there.
        vfs: name of the SQLite file layer to go through; None for the system's own.

    Raises:
        StoreError: the file cannot be opened, read or written; names the file.
    """

    def __init__(self, path: Path, vfs: str | None = None) -> None:
        self.path = path
        self._vfs = vfs
        self._local = threading.local()
        # Weak: the connection of a thread that ended is closed, and is not kept for ever.
        self._all: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._write_lock = threading.RLock()
        self._versions: dict[str, int] = {}
        self.connection  # opened now, so that a bad path is told now  # noqa: B018

    @property
    def connection(self) -> apsw.Connection:
        """This thread's connection."""
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open()
            self._local.connection = connection
        return connection

    def query(self, sql: str, bindings: Bindings = ()) -> list[Row]:
        """Run one statement and return its rows as dicts."""
        with _as_store_errors(self.path):
            # The names are asked for once: a page of the library is hundreds of rows.
            cursor = self.connection.cursor()
            cursor.row_trace = None
            cursor.execute(sql, bindings)
            try:
                names = [column[0] for column in cursor.get_description()]
            except apsw.ExecutionCompleteError:  # no row
                return []
            return [dict(zip(names, row, strict=True)) for row in cursor]

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[apsw.Connection]:
        """Write: all of the block or nothing. Blocks nest (the outermost decides).

        Args:
            durable: wait until the disk has it (`synchronous=FULL`). An acknowledgement must
                never stand on a transaction that is not durable; progress may.
        """
        connection = self.connection
        if connection.in_transaction:
            yield connection
            return
        with self._write_lock, _as_store_errors(self.path):
            self._set_durable(connection, durable)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                if not connection.get_autocommit():  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise
            try:
                connection.execute("COMMIT")
            except apsw.Error:
                if not connection.get_autocommit():
                    connection.execute("ROLLBACK")
                raise

    def settle(self) -> None:
        """Make sure of how the last transaction ended, if its end failed.

        SQLite takes it back when the disk fails at its last sync; but all its bytes may be there,
        and after a crash it would come true. A durable write in its place leaves no doubt.
        """
        with self.transaction() as connection:
            (row,) = connection.execute("PRAGMA user_version")
            connection.execute(f"PRAGMA user_version = {row['user_version']}")

    def migrate(self, component: str, scripts: Sequence[Script]) -> None:
        """Bring a component's tables up to date; script i makes version i + 1."""
        sql = "CREATE TABLE IF NOT EXISTS schema_versions(component TEXT PRIMARY KEY, version INT)"
        if not self.query("SELECT 1 FROM sqlite_master WHERE name = 'schema_versions'"):
            self.query(sql)
        select = "SELECT version FROM schema_versions WHERE component = ?"
        rows = self.query(select, (component,))
        if rows and rows[0]["version"] == len(scripts):
            return
        with self.transaction() as connection:
            rows = list(connection.execute(select, (component,)))
            version = rows[0]["version"] if rows else 0
            if version > len(scripts):
                raise StoreError(
                    "{path}: made by a newer Studio; update Studio, or name another home",
                    path=self.path,
                )
            for script in scripts[version:]:
                if isinstance(script, str):
                    connection.execute(script)
                else:
                    script(connection)
            connection.execute(
                "INSERT INTO schema_versions VALUES(?, ?) "
                "ON CONFLICT(component) DO UPDATE SET version = excluded.version",
                (component, len(scripts)),
            )

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for connection in list(self._all):
                connection.close()
            self._all.clear()
        self._local = threading.local()

    def _open(self) -> apsw.Connection:
        with _as_store_errors(self.path):
            connection = apsw.Connection(str(self.path), vfs=self._vfs)
            connection.set_busy_timeout(_BUSY_MS)
            _start_log(connection)
            connection.execute("PRAGMA foreign_keys=ON")
            connection.row_trace = _trace_row
        with self._guard:
            self._all.add(connection)
        self._set_durable(connection, True)
        return connection

    def _set_durable(self, connection: apsw.Connection, durable: bool) -> None:
        if getattr(self._local, "durable", None) != durable:
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._local.durable = durable


def _start_log(connection: apsw.Connection) -> None:
    """Have the file written through a log (WAL).

    SQLite waits for nobody here: who opens a new file while another process does is refused.
    """
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


@contextmanager
def all_or_nothing(connection: apsw.Connection) -> Iterator[None]:
    """Inside a transaction: let a caller that goes on after an error keep no half of a thing."""
    connection.execute("SAVEPOINT thing")
    try:
        yield
    except BaseException:
        if not connection.get_autocommit():  # a full disk has rolled back everything already
            connection.execute("ROLLBACK TO thing; RELEASE thing")
        raise
    connection.execute("RELEASE thing")


def _trace_row(cursor: apsw.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says into a `StoreError` with a remedy."""
    try:
        yield
    except apsw.FullError as error:
        raise StoreError("{path}: the disk is full; free some space", path=path) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise StoreError(
            "{path}: cannot be written; choose another folder with --home or STUDIO_HOME",
            path=path,
        ) from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise StoreError(
            "{path}: is damaged; run `studio fsck`, or restore it from a backup", path=path
        ) from error
    except (apsw.IOError, apsw.BusyError) as error:
        raise StoreError(
            "{path}: {fault}; check the disk and other programs that use it",
            path=path,
            fault=error,
        ) from error
