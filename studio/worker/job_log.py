"""Logs that a plugin floods: cut to their beginning while it goes on writing at the end."""

import os
from pathlib import Path

LOG_LIMIT = 16 << 20
"""Longest log, bytes."""

_NOTE = b"\n[studio: this log grew beyond %d MiB; what followed its first %d MiB was dropped]\n"


def cap_log(path: Path, limit: int = LOG_LIMIT) -> bool:
    """Cut a log that is too long to its first half, with a note; True if it was.

    Whoever has it open for appending writes on after the note.
    """
    try:
        if path.stat().st_size <= limit:
            return False
        kept = limit // 2
        os.truncate(path, kept)
        with path.open("ab") as log:
            log.write(_NOTE % (limit >> 20, kept >> 20))
    except OSError:
        return False
    return True
