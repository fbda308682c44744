"""A worker's ties to its host: the pipes it talks on, and its end when the host ends."""

import ctypes
import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

_PR_SET_PDEATHSIG = 1
_OOM_SCORE = 500


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take fds 0 and 1 for the conversation; what libraries print goes where fd 2 goes.

    Returns:
        orders to read, events to write (unbuffered). Neither is inherited by child processes.
    """
    orders, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout, sys.stderr = _open_stream(1), _open_stream(2)
    faulthandler.enable(2)
    return os.fdopen(orders, "rb"), os.fdopen(events, "wb", buffering=0)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when process `parent` ends; leave if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def offer_to_oom_killer() -> None:
    """Ask the system to end this process before the host when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    except OSError:
        pass  # not Linux, or not allowed: the system chooses


@contextmanager
def redirect_output(path: Path) -> Iterator[None]:
    """Send fds 1 and 2 to the end of a file, also for C libraries and child processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        _point_output(log)
        if sys.stdout.closed or sys.stderr.closed:  # by an earlier job
            sys.stdout, sys.stderr = _open_stream(1), _open_stream(2)
        yield
    finally:
        _point_output(saved)
        os.close(log)
        os.close(saved)


def flush_output() -> None:
    """Write out what Python and C still hold back."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # a full disk, or a plugin closed it: the conversation goes on
    ctypes.CDLL(None).fflush(None)


def _open_stream(fd: int) -> TextIO:
    """Open fd 1 or 2 so that a crash loses no words, and closing it does not close the fd."""
    return open(fd, "w", buffering=1, errors="backslashreplace", closefd=False)


def _point_output(fd: int) -> None:
    flush_output()
    os.dup2(fd, 1)
    os.dup2(fd, 2)
