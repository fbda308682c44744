"""Where a process writes, seen by Python's audit hook."""

import getpass
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: Final = {
    "os.mkdir": (0,),
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "sqlite3.connect": (0,),
}
"""Audit event -> which of its arguments are paths that change."""


class WriteWatch:
    """Notes every path that this process writes outside `scratch` while it is entered.

    Compiled libraries that open files themselves are seen only in `folders`, whose content is
    compared. Python's own cache files, devices, the user's cache folder and PyTorch's (made with
    the first optimiser) are passed over.

    Args:
        scratch: where writing is allowed.
        folders: small folders in which nothing may change.
    """

    def __init__(self, scratch: Path, folders: tuple[Path, ...] = ()) -> None:
        cache_home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        torch_name = f"torchinductor_{getpass.getuser()}"
        torch_home = os.environ.get("TORCHINDUCTOR_CACHE_DIR") or (
            Path(tempfile.gettempdir()) / torch_name
        )
        allowed = (scratch, Path(cache_home), torch_home, Path("/dev"), Path("/proc"))
        self._allowed = tuple(os.path.realpath(path) for path in allowed)
        self._folders = folders
        self._before: set[Path] = set()
        self._found: dict[str, None] = {}

    @property
    def found(self) -> list[str]:
        """Paths written, in order."""
        return list(self._found)

    def __enter__(self) -> Self:
        self._before = self._list_folders()
        _install_hook().append(self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _install_hook().remove(self._note)
        for path in sorted(self._list_folders() - self._before):
            self._add(str(path))

    def _list_folders(self) -> set[Path]:
        return {path for folder in self._folders for path in folder.rglob("*")}

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            has_flags = isinstance(flags, int) and flags & _WRITING
            if has_flags or (isinstance(mode, str) and set(mode) & set("wax+")):
                self._add(path)
            return
        for place in _CHANGES.get(event, ()):
            folder = arguments[-1] if event in ("os.mkdir", "os.remove", "os.rmdir") else None
            self._add(arguments[place], folder)

    def _add(self, path: Any, folder: object = None) -> None:
        """Note a path, unless it is a file descriptor, Python's cache, or allowed."""
        if not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.fsdecode(path)
        if name in ("", ":memory:"):
            return
        if isinstance(folder, int) and folder >= 0 and not os.path.isabs(name):
            name = os.path.join(os.path.realpath(f"/proc/self/fd/{folder}"), name)
        place = os.path.realpath(name)
        if "__pycache__" in Path(place).parts:
            return
        if not any(place == root or place.startswith(root + os.sep) for root in self._allowed):
            self._found[place] = None


Listener = Callable[[str, tuple[Any, ...]], None]


@cache
def _install_hook() -> list[Listener]:
    """Install the process's one audit hook, which cannot be removed; return its listeners."""
    listeners: list[Listener] = []
    busy = threading.local()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not listeners or (event != "open" and event not in _CHANGES):
            return
        if getattr(busy, "now", False):  # what a listener does itself
            return
        busy.now = True
        try:
            for listener in tuple(listeners):
                listener(event, arguments)
        finally:
            busy.now = False

    sys.addaudithook(hook)
    return listeners
