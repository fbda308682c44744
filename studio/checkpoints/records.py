"""What the database remembers: added checkpoints, hashes of files, approvals."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.checkpoints.found import Source, iterate_files
from studio.database import Database
from studio.errors import CheckpointError

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in all)."""

_SCHEMA = (
    """
    CREATE TABLE checkpoints(
        name TEXT PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, revision TEXT NOT NULL,
        sha256 TEXT NOT NULL, size INTEGER NOT NULL, licence TEXT NOT NULL, added REAL NOT NULL
    );
    CREATE TABLE checkpoint_hashes(
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE checkpoint_approvals(sha256 TEXT PRIMARY KEY, added REAL NOT NULL) WITHOUT ROWID;
    """,
)
_BLOCK = 4 << 20
_FRESH_NS = 2_000_000_000


@dataclass(frozen=True)
class Added:
    """A checkpoint the user added, as it was then."""

    name: str
    source: Source
    path: Path
    revision: str
    sha256: str
    size: int
    licence: str


class CheckpointTable:
    """The tables of this room."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("checkpoints", _SCHEMA)

    def find(self, name: str) -> Added | None:
        """Return an added checkpoint, or None."""
        rows = self._database.query("SELECT * FROM checkpoints WHERE name = ?", (name,))
        return _build_added(rows[0]) if rows else None

    def find_all(self) -> list[Added]:
        """Return all added checkpoints, by name."""
        rows = self._database.query("SELECT * FROM checkpoints ORDER BY name")
        return [_build_added(row) for row in rows]

    def save(self, added: Added) -> None:
        """Remember a checkpoint; one of the same name is replaced."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    added.name, added.source, str(added.path), added.revision,
                    added.sha256, added.size, added.licence, time.time(),
                ),
            )  # fmt: skip

    def forget(self, name: str) -> None:
        """Forget an added checkpoint."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM checkpoints WHERE name = ?", (name,))

    def is_approved(self, sha256: str) -> bool:
        """Say whether the user trusts a file that is not safetensors."""
        sql = "SELECT 1 FROM checkpoint_approvals WHERE sha256 = ?"
        return bool(self._database.query(sql, (sha256,)))

    def approve(self, sha256: str) -> None:
        """Remember that the user trusts a file."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO checkpoint_approvals VALUES(?, ?)", (sha256, time.time())
            )

    def find_hash(self, path: Path) -> str | None:
        """Return the hash of a file or folder if it is known and nothing has changed since."""
        try:
            hashes = {file: self._find_known(file) for file in iterate_files(path)}
        except OSError:
            return None
        known = {file: sha256 for file, sha256 in hashes.items() if sha256 is not None}
        return _combine(path, known) if len(known) == len(hashes) > 0 else None

    def get_hash(
        self, path: Path, on_progress: Progress | None = None, *, fresh: bool = False
    ) -> str:
        """Return sha256 of a file; of the sorted `name hash` lines of a folder.

        Args:
            path: what to hash.
            on_progress: told of bytes read.
            fresh: read the files even if their hashes are known.

        Raises:
            CheckpointError: a file cannot be read.
        """
        files = list(iterate_files(path))
        try:
            total = sum(file.stat().st_size for file in files)
            done = 0
            hashes: dict[Path, str] = {}
            for file in files:
                known = self._find_known(file)
                mark = _find_mark(file)  # before it is read: what comes meanwhile is not this
                if known is None or fresh:
                    hashes[file] = self._hash_file(file, done, total, on_progress)
                else:
                    hashes[file] = known
                # A known one is kept as it is, else a file that rotted would pass its next check.
                if known is None and mark is not None:
                    self._keep_hash(file, mark, hashes[file])
                done += file.stat().st_size
        except OSError as error:
            raise CheckpointError(
                "{path}: cannot be read: {fault}", path=path, fault=error.strerror or error
            ) from error
        return _combine(path, hashes)

    def _find_known(self, file: Path) -> str | None:
        status = file.stat()
        rows = self._database.query(
            "SELECT sha256 FROM checkpoint_hashes WHERE path = ? AND size = ? AND mtime_ns = ?",
            (str(file.absolute()), status.st_size, status.st_mtime_ns),
        )
        return str(rows[0]["sha256"]) if rows else None

    def _hash_file(self, file: Path, done: int, total: int, on_progress: Progress | None) -> str:
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                done += len(block)
                if on_progress is not None:
                    on_progress(done, total)
        return digest.hexdigest()

    def _keep_hash(self, file: Path, mark: tuple[int, int], sha256: str) -> None:
        with self._database.transaction(durable=False) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO checkpoint_hashes VALUES(?, ?, ?, ?)",
                (str(file.absolute()), *mark, sha256),
            )


def _find_mark(file: Path) -> tuple[int, int] | None:
    """Return size and time, by which a file is known; None if it was written this moment.

    It may be written again without its time moving on.
    """
    status = file.stat()
    is_fresh = time.time_ns() - status.st_mtime_ns <= _FRESH_NS
    return None if is_fresh else (status.st_size, status.st_mtime_ns)


def _combine(path: Path, hashes: dict[Path, str]) -> str:
    if not path.is_dir():
        return hashes[path]
    lines = [f"{file.relative_to(path).as_posix()} {sha256}\n" for file, sha256 in hashes.items()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _build_added(row: dict[str, object]) -> Added:
    values = {key: value for key, value in row.items() if key != "added"}
    return Added(**{**values, "path": Path(str(row["path"]))})  # type: ignore[arg-type]
