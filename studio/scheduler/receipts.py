"""Receipts: who asked under which key for what, so that a request sent twice is queued once."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.database import Database
from studio.errors import StudioError

KEPT = 7 * 24 * 3600.0
"""Seconds a receipt is kept."""

_SCHEMA = """
CREATE TABLE receipts(
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    jobs TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY(user, key)
) WITHOUT ROWID;
CREATE INDEX receipts_by_age ON receipts(created);
"""


class UsedKeyError(StudioError):
    """The idempotency key came with another request before."""


@dataclass(frozen=True)
class Receipt:
    """What a request is known by.

    Attributes:
        key: made up by whoever asks.
        digest: of what is asked for.
    """

    user: str
    key: str
    digest: str


class Receipts:
    """The receipts of a home; a receipt and its jobs are one durable transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("receipts", (_SCHEMA,))

    def submit(self, receipt: Receipt | None, submit: Callable[[], list[str]]) -> list[str]:
        """Return the jobs of a receipt; where it is new, `submit()` queues them.

        Raises:
            UsedKeyError: the key was used for something else.
        """
        if receipt is None:
            return submit()
        with self._database.transaction() as connection:
            jobs = self.find(receipt)
            if jobs is not None:
                return jobs
            jobs = submit()
            now = time.time()
            connection.execute("DELETE FROM receipts WHERE created < ?", (now - KEPT,))
            connection.execute(
                "INSERT INTO receipts VALUES(?, ?, ?, ?, ?)",
                (receipt.user, receipt.key, receipt.digest, json.dumps(jobs), now),
            )
        return jobs

    def find(self, receipt: Receipt) -> list[str] | None:
        """Return the jobs of a receipt, None if it is new.

        Raises:
            UsedKeyError: as `submit`.
        """
        rows = self._database.query(
            "SELECT digest, jobs FROM receipts WHERE user = ? AND key = ?",
            (receipt.user, receipt.key),
        )
        if not rows:
            return None
        if rows[0]["digest"] != receipt.digest:
            raise UsedKeyError(
                "the key '{key}' was used for another request; take a new one for a new request",
                key=receipt.key,
            )
        jobs: list[str] = json.loads(rows[0]["jobs"])
        return jobs
