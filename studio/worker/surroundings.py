"""What a job may change in its process and the next one must find as it was."""

import gc
import os
import signal
import sys
import threading
import warnings
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD,
            signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2)  # fmt: skip
_MODULES = ("builtins", "json", "os", "posixpath", "io", "time", "math", "struct", "hashlib")


class Surroundings:
    """A snapshot: folder, variables, streams, signal handlers, umask, limits of Python's own.

    Also functions of the few modules that everything leans on. What a plugin does to other modules
    it does to all plugins of its environment; one that is not to be trusted with that belongs into
    an environment of its own.
    """

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._environ = dict(os.environ)
        self._mask = os.umask(0o022)
        os.umask(self._mask)
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._path = list(sys.path)
        self._functions = {
            name: {key: value for key, value in vars(sys.modules[name]).items() if callable(value)}
            for name in _MODULES
            if name in sys.modules
        }
        self._depth = sys.getrecursionlimit()
        self._filters = list(warnings.filters)
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._is_main = threading.current_thread() is threading.main_thread()
        self._handlers: dict[int, Any] = {
            number: signal.getsignal(number) for number in _SIGNALS if self._is_main
        }

    def restore(self) -> None:
        """Put back what is not as it was."""
        for name, functions in self._functions.items():
            vars(sys.modules[name]).update(functions)
        os.umask(self._mask)
        if dict(os.environ) != self._environ:
            os.environ.clear()
            os.environ.update(self._environ)
        sys.stdin, sys.stdout, sys.stderr = self._streams
        sys.path[:] = self._path
        sys.setrecursionlimit(self._depth)
        if list(warnings.filters) != self._filters:
            with (
                warnings.catch_warnings()
            ):  # leaving it makes what is known of filters be read anew
                pass
            warnings.filters[:] = self._filters  # type: ignore[index]
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        sys.settrace(None)
        sys.setprofile(None)
        gc.enable()
        if self._is_main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in self._handlers.items():
                if handler is not None and signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
        try:
            os.chdir(self._folder)
        except OSError:
            os.chdir("/")
