"""Strikes: a plugin that keeps ending its worker is suspended until somebody enables it.

A strike is a worker that ended through what a plugin did: a crash, an exit, silence, a broken
conversation. Want of memory, a kill from outside and an ignored cancel are none: they happen to
the best. The record is in the database, so that it outlives the host.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.database import Database
from studio.errors import PluginLoadError
from studio.plugins import PluginInfo

LIMIT = 3
WINDOW = 3600.0

_SCHEMA = (
    """
    CREATE TABLE strikes(plugin TEXT NOT NULL, at REAL NOT NULL, reason TEXT NOT NULL);
    CREATE INDEX strikes_by_plugin ON strikes(plugin, at);
    CREATE TABLE suspensions(
        plugin TEXT PRIMARY KEY, since REAL NOT NULL, count INT NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
)


@dataclass(frozen=True)
class Suspension:
    """A plugin that may not run.

    Attributes:
        since: unix seconds.
        count: workers it ended.
        reason: how it ended the last one.
    """

    plugin: str
    since: float
    count: int
    reason: str


class Strikes:
    """Which plugins ended how many workers, and which are suspended.

    Args:
        limit: worker deaths within `window` seconds that suspend a plugin.
        clock: unix seconds.
    """

    def __init__(
        self,
        database: Database,
        limit: int = LIMIT,
        window: float = WINDOW,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._limit = limit
        self._window = window
        self._clock = clock
        database.migrate("strikes", _SCHEMA)

    def note_death(self, plugin: str, reason: str) -> bool:
        """Book a worker that `plugin` ended; True if that suspends it."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM strikes WHERE at < ?", (now - self._window,))
            connection.execute("INSERT INTO strikes VALUES(?, ?, ?)", (plugin, now, reason))
            rows = connection.execute(
                "SELECT count(*) AS count FROM strikes WHERE plugin = ?", (plugin,)
            )
            count = next(iter(rows))["count"]
            if count < self._limit:
                return False
            connection.execute(
                "INSERT INTO suspensions VALUES(?, ?, ?, ?) ON CONFLICT(plugin) DO UPDATE "
                "SET count = excluded.count, reason = excluded.reason",
                (plugin, now, count, reason),
            )
        return True

    def is_suspended(self, plugin: str) -> bool:
        """Tell whether it may not run."""
        sql = "SELECT 1 FROM suspensions WHERE plugin = ?"
        return bool(self._database.query(sql, (plugin,)))

    def check(self, plugin: str) -> None:
        """Check that a plugin may run.

        Raises:
            PluginLoadError: it is suspended; says why and how to enable it.
        """
        rows = self._database.query("SELECT * FROM suspensions WHERE plugin = ?", (plugin,))
        for found in (Suspension(**row) for row in rows):
            raise PluginLoadError(
                "plugin '{plugin}' is suspended: it ended {count} workers, the last one: {reason}; "
                "mend or update it, then run `studio plugin enable {plugin}`",
                plugin=plugin,
                count=found.count,
                reason=found.reason,
            )

    def list_suspended(self) -> list[Suspension]:
        """List the suspended plugins by name."""
        rows = self._database.query("SELECT * FROM suspensions ORDER BY plugin")
        return [Suspension(**row) for row in rows]

    def enable(self, plugin: str) -> bool:
        """Forget a plugin's strikes and let it run; True if it was suspended."""
        was_suspended = self.is_suspended(plugin)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM strikes WHERE plugin = ?", (plugin,))
            connection.execute("DELETE FROM suspensions WHERE plugin = ?", (plugin,))
        return was_suspended

    def mark(self, plugins: Iterable[PluginInfo]) -> list[PluginInfo]:
        """Say of those that are suspended that they are, and why."""
        causes = {
            item.plugin: f"ended {item.count} workers, the last one: {item.reason}; "
            f"`studio plugin enable {item.plugin}`"
            for item in self.list_suspended()
        }
        return [
            plugin.model_copy(update={"status": "suspended", "cause": causes[plugin.name]})
            if plugin.name in causes and plugin.environment != "host"
            else plugin
            for plugin in plugins
        ]
