"""What a plugin may do to the world outside its job: write where it is allowed to, and no more.

Two nets. The kernel's (`studio.worker.landlock`) holds for all code, and exists on Linux only.
Python's own audit hook is everywhere and names the file in a clear error, but C code and other
programs slip through it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from studio.worker.landlock import restrict_writes

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SYSTEM = ("/dev", f"/proc/{os.getpid()}")

_CHANGED: dict[str, tuple[int, ...]] = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (0, 1),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
    "os.setxattr": (0,),
    "os.removexattr": (0,),
}
"""Audit event -> which of its arguments name what is changed."""


class ConfinedError(PermissionError):
    """A plugin wanted to write, or to signal, where it may not."""


def confine(folders: Iterable[str], strangers: Iterable[int]) -> None:
    """Let this process write only in `folders`, from now on and for good.

    Args:
        folders: those that exist now; what is made in them later is in them.
        strangers: processes that it may not signal: the host, the guard.
    """
    places = [os.path.realpath(path) for path in (*folders, *_SYSTEM, f"/proc/{os.getpid()}")]
    restrict_writes(places)
    sys.addaudithook(build_watch(places, frozenset(strangers)))


def build_watch(
    places: Sequence[str], strangers: frozenset[int]
) -> Callable[[str, tuple[Any, ...]], None]:
    """Build the audit hook; it raises `ConfinedError`."""
    roots = tuple(f"{place.rstrip('/')}/" for place in places)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _check_open(arguments, roots)
        elif event in _CHANGED:
            for index in _CHANGED[event]:
                _check_place(arguments[index], roots)
        elif event in ("os.kill", "os.killpg"):
            _check_signal(event, arguments, strangers)

    return watch


def _check_open(arguments: tuple[Any, ...], roots: tuple[str, ...]) -> None:
    path, _, flags = arguments
    if not isinstance(flags, int) or not flags & _WRITING:
        return
    _check_place(path, roots)
    if isinstance(path, str | bytes) and os.path.islink(path):
        _check_place(os.path.realpath(path), roots)


def _check_place(path: Any, roots: tuple[str, ...]) -> None:
    if path is None or isinstance(path, int):
        return  # a file that was opened before, which was checked
    name = os.fsdecode(path)
    # The last part itself may be a link that is about to be replaced or removed.
    folder, last = os.path.split(os.path.abspath(name))
    place = os.path.join(os.path.realpath(folder), last)
    if not f"{place}/".startswith(roots):
        raise ConfinedError(1, "a plugin may write only in its job's scratch folder", name)


def _check_signal(event: str, arguments: tuple[Any, ...], strangers: frozenset[int]) -> None:
    pid, number = arguments[0], arguments[1]
    is_foreign = pid in strangers or (event == "os.kill" and pid == -1)
    if is_foreign and number not in (0, signal.SIGCONT):
        raise ConfinedError(1, "a plugin may signal only its own processes", str(pid))
