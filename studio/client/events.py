"""What happens on a server, as an iterator that survives a broken line."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from studio.client.connection import Connection, UnreachableError

_SILENCE = 40.0  # seconds after which the line is taken for broken; the server beats every 15
_PAUSE = 0.5


@dataclass(frozen=True)
class RemoteEvent:
    """Something that happened.

    Attributes:
        kind: "job", "progress", "asset", "worker", "run", or "reset": read everything anew.
        id: its number, to go on after.
    """

    kind: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)


def iterate_events(
    connection: Connection, after: str = "", patience: float | None = None
) -> Iterator[RemoteEvent]:
    """Yield events for ever; close the iterator to end it.

    Args:
        connection: to the server.
        after: id of the last event seen; "" begins now.
        patience: seconds to go on trying while the server does not answer; None is for ever.

    Raises:
        StudioError: the server refuses, or did not answer for too long.
    """
    last, lost = after, time.monotonic()
    while True:
        try:
            with connection.stream("events", {"after": last}, timeout=_SILENCE) as response:
                for event in parse_events(response.iter_lines()):
                    last, lost = event.id or last, time.monotonic()
                    if event.kind not in ("", "hello"):
                        yield event
        except httpx.TransportError as error:
            if patience is not None and time.monotonic() - lost > patience:
                raise UnreachableError(
                    "{url}: {fault}; does `studio serve` run there?",
                    url=connection.url,
                    fault=str(error) or type(error).__name__,
                ) from error
        time.sleep(_PAUSE)


def parse_events(lines: Iterator[str]) -> Iterator[RemoteEvent]:
    """Turn lines of `text/event-stream` into events; one without a kind only carries its id."""
    kind, id, data = "", "", list[str]()
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            yield RemoteEvent(kind, id, json.loads("\n".join(data)) if data else {})
            kind, data = "", []
        elif name == "event":
            kind = value
        elif name == "id":
            id = value
        elif name == "data":
            data.append(value)
