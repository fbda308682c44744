"""`logs/studio.log`: JSON lines, shared by all processes of a home, kept small.

Library code only calls `logging.getLogger`; the composition root opens the log.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from studio.config import Config

MAX_BYTES = 5 << 20
KEPT = 3
"""Older files kept: studio.log.1 is the newest of them."""

EVENTS = "studio.jobs"
"""Logger of what happens to jobs and workers."""

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "fields", "taskName"}


class JsonFormatter(logging.Formatter):
    """Makes one JSON object of a record: time, level, logger, event, pid, and its own fields.

    Fields are what is given as `extra=`, and what `extra={"fields": {...}}` holds.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        extra = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        extra |= getattr(record, "fields", {})
        data: dict[str, Any] = {
            "time": format_time(extra.pop("time", record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "pid": record.process,
            **extra,
        }
        if record.exc_info:
            data["traceback"] = self.formatException(record.exc_info)
        return json.dumps(data, ensure_ascii=False, default=str)


def format_time(seconds: float) -> str:
    """Say a time in UTC as ISO 8601, with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03}Z"


class SharedFileHandler(logging.Handler):
    """Appends lines to a file that other processes append to as well, and rotates it.

    A line is one `write` to a file opened for appending, so lines do not mix. The file is opened
    at the first record. What a full disk refuses is lost: the log must not stop a job.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        super().__init__()
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._file = -1

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            line = (self.format(record) + "\n").encode("utf-8", "replace")
            self._open()
            if os.fstat(self._file).st_size + len(line) > self._max_bytes:
                self._rotate()
            os.write(self._file, line)
        except OSError:
            pass
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        self._close_file()
        super().close()

    def _open(self) -> None:
        """Open the file, again if another process has put a new one in its place."""
        if self._file >= 0:
            try:
                if os.path.samestat(os.fstat(self._file), self.path.stat()):
                    return
            except FileNotFoundError:
                pass
            self._close_file()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _rotate(self) -> None:
        try:
            with FileLock(f"{self.path}.lock", timeout=0):
                if self.path.stat().st_size > self._max_bytes // 2:  # else somebody has done it
                    for number in range(self._kept, 0, -1):
                        older = self._get_older(number)
                        if older.exists():
                            older.replace(self._get_older(number + 1))
                    self.path.replace(self._get_older(1))
                    self._get_older(self._kept + 1).unlink(missing_ok=True)
        except (Timeout, OSError):
            return  # somebody is at it: a few lines more in the old file do no harm
        self._open()

    def _get_older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


class _LastResort(logging.Handler):
    """What Python does for a program that has set up no logging; ends of jobs are told anyway."""

    def emit(self, record: logging.LogRecord) -> None:
        if logging.lastResort is not None and record.name != EVENTS:
            logging.lastResort.handle(record)


def open_log(config: "Config") -> Callable[[], None]:
    """Send what the package `studio` logs to the home's log; call what is returned to stop.

    Where the program has set up no logging of its own, warnings go on to stderr.
    """
    handler = SharedFileHandler(config.home / "logs" / "studio.log")
    handler.setFormatter(JsonFormatter())
    handler.setLevel(config.log_level.upper())
    logger = logging.getLogger("studio")
    before = logger.level
    added: list[logging.Handler] = [handler]
    if not logging.getLogger().handlers and not logger.handlers:
        added.append(_LastResort(logging.WARNING))
    for one in added:
        logger.addHandler(one)
    if not before or before > handler.level:
        logger.setLevel(handler.level)

    def close() -> None:
        for one in added:
            logger.removeHandler(one)
        handler.close()
        logger.setLevel(before)

    return close


def open_console(level: str) -> Callable[[], None]:
    """Write what the package `studio` logs from a level on to stderr, one plain line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.setLevel(level.upper())
    logger = logging.getLogger("studio")
    logger.addHandler(handler)
    return lambda: logger.removeHandler(handler)
