"""Why a process ended, in words."""

import signal
from pathlib import Path

FROM_OUTSIDE = tuple(
    -number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
)
"""Exit statuses of a process that somebody else ended."""

DEVICE_LOST = 71
"""Exit status of a worker whose device is in a state that only a new process mends."""


def describe_exit(code: int) -> str:
    """Say what an exit status means; negative is a signal."""
    if code == DEVICE_LOST:
        return "lost its device to an error that only a new process mends"
    if code >= 0:
        return f"ended by itself with exit status {code}"
    try:
        name = f"signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        name = f"signal {-code}"
    if code in FROM_OUTSIDE:
        return f"was ended from outside by {name}"
    return f"crashed with {name}"


def read_last_line(path: Path, start: int = 0) -> str:
    """Return the last line of a log that says something, "" if none; at most 300 characters.

    Args:
        path: the log.
        start: bytes at its beginning that are older.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(start, size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
