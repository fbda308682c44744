"""The feed: what happens in the home, numbered, for any number of clients.

A thread reads changes and appends them to a ring. A client is only a place in it: a slow one falls
behind and is told to read everything anew ("reset"), a vanished one costs nothing, and one that
comes back with the number of the last event it saw goes on where it was.
"""

import asyncio
import json
import logging
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from studio.app.changes import Change, ChangeReader
from studio.app.studio import Studio
from studio.events import Event, JobProgressed

KEPT = 4096
"""Events a client may fall behind."""

_LOOK = 0.1  # seconds between looks at what other processes did
_GAP = 0.03  # seconds between looks at least

_log = logging.getLogger("studio.server")


@dataclass(frozen=True)
class Entry:
    """An event in the ring; `text` is its JSON."""

    seq: int
    kind: str
    user: str
    text: str


@dataclass(frozen=True)
class Batch:
    """What a client gets: events after its place, its new place, and whether it missed some."""

    entries: list[Entry]
    place: int
    has_gap: bool


class Ring:
    """The newest events; safe from any thread."""

    def __init__(self, size: int = KEPT) -> None:
        self.boot = secrets.token_hex(4)
        self._size = size
        self._entries: list[Entry] = []
        self._next = 1
        self._guard = threading.Lock()

    @property
    def newest(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._next - 1

    def append(self, changes: list[Change]) -> None:
        """Number changes and keep them."""
        with self._guard:
            for change in changes:
                text = json.dumps(change.data, separators=(",", ":"))
                self._entries.append(Entry(self._next, change.kind, change.user, text))
                self._next += 1
            if len(self._entries) > 2 * self._size:
                del self._entries[: -self._size]

    def read(self, place: int) -> Batch:
        """Return what came after `place`."""
        with self._guard:
            newest = self._next - 1
            behind = newest - place
            if behind <= 0:
                return Batch([], newest if behind < 0 else place, behind < 0)
            if behind > len(self._entries):
                return Batch([], newest, True)
            return Batch(self._entries[-behind:], newest, False)

    def name(self, place: int) -> str:
        """Return the id of a place, for the client to come back with."""
        return f"{self.boot}-{place}"

    def find(self, id: str) -> int | None:
        """Return the place of an id; None if it is not of this ring, or too old."""
        boot, _, number = id.partition("-")
        if boot != self.boot or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        place = int(number)
        return place if self.newest - len(self._entries) <= place <= self.newest else None


class Feed:
    """Fills a ring from a home and wakes those who listen. Starts with the first of them."""

    def __init__(self, studio: Studio) -> None:
        self.ring = Ring()
        self.studio = studio
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._guard = threading.Lock()
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def is_closing(self) -> bool:
        """The server ends."""
        return self._closing.is_set()

    @property
    def listeners(self) -> int:
        """How many clients are connected."""
        return len(self._listeners)

    def start(self) -> None:
        """Begin to read, if that was not begun before."""
        with self._guard:
            if self._thread is not None or self.is_closing:
                return
            home = self.studio
            reader = ChangeReader(home.assets.store.database, home.config.home)
            self._unsubscribe = home.events.subscribe(self._note)
            self._thread = threading.Thread(
                target=self._loop, args=(reader,), name="studio-feed", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """End the thread and every stream."""
        self._closing.set()
        self._wake.set()
        self._unsubscribe()
        self._ring_bells()
        if self._thread is not None:
            self._thread.join()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Event]:
        """Return a bell that rings whenever there may be something new."""
        listener = (asyncio.get_running_loop(), asyncio.Event())
        self._listeners.add(listener)
        try:
            yield listener[1]
        finally:
            self._listeners.discard(listener)

    def _note(self, event: Event) -> None:
        if not isinstance(event, JobProgressed):  # those are read at the pace of the look
            self._wake.set()

    def _loop(self, reader: ChangeReader) -> None:
        while not self.is_closing:
            self._wake.wait(_LOOK)
            self._wake.clear()
            try:
                changes = reader.read()
            except Exception:
                _log.exception("changes could not be read")
                self._closing.wait(1.0)
                continue
            if changes:
                self.ring.append(changes)
                self._ring_bells()
            self._closing.wait(_GAP)

    def _ring_bells(self) -> None:
        for loop, bell in list(self._listeners):
            try:
                loop.call_soon_threadsafe(bell.set)
            except RuntimeError:  # its loop has ended
                self._listeners.discard((loop, bell))
