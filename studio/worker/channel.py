"""Both pipes of a worker on one thread: lines in, lines out, and neither side can block."""

import os
import selectors
import threading
from collections import deque
from subprocess import Popen

from studio.worker.protocol import MAX_LINE

_CHUNK = 1 << 16


class LineTooLongError(ValueError):
    """The worker wrote more than `MAX_LINE` bytes without an end of line."""


class Channel:
    """Lines to and from a child process. All but `post` belong to the thread that made it.

    Attributes:
        is_ended: the child closed its pipe.
    """

    def __init__(self, process: Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.is_ended = False
        self._stdin, self._stdout = process.stdin, process.stdout
        self._outbox: deque[bytes] = deque()
        self._unsent = memoryview(b"")
        self._part = bytearray()
        self._lock = threading.Lock()
        self._wake_out, self._wake_in = os.pipe()
        for fd in (self._stdin.fileno(), self._stdout.fileno(), self._wake_in, self._wake_out):
            os.set_blocking(fd, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._wake_out, selectors.EVENT_READ)

    def post(self, line: bytes) -> None:
        """Send a line when the child takes it. Any thread."""
        with self._lock:
            if not self._stdin.closed:
                self._outbox.append(line + b"\n")
        self.wake()

    def wake(self) -> None:
        """Make a `poll` in progress return. Any thread."""
        with self._lock:
            if self._wake_in >= 0:
                try:
                    os.write(self._wake_in, b"!")
                except BlockingIOError:
                    pass  # it is awake already

    def poll(self, timeout: float) -> list[bytes]:
        """Write what can be written, and return the lines that came within `timeout` seconds.

        Raises:
            LineTooLongError: see `MAX_LINE`.
        """
        self._write()
        for key, _ in self._selector.select(timeout):
            if key.fd == self._wake_out:
                os.read(self._wake_out, _CHUNK)
        self._write()
        return self._read()

    def close(self) -> None:
        """Close the pipes; the child sees the end of its orders."""
        with self._lock:
            self._selector.close()
            self._stdin.close()
            self._stdout.close()
            os.close(self._wake_in)
            os.close(self._wake_out)
            self._wake_in = -1

    def _read(self) -> list[bytes]:
        try:
            data = os.read(self._stdout.fileno(), _CHUNK)
        except BlockingIOError:
            return []
        if not data:
            self.is_ended = True
            return []
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = bytes(self._part) + lines[0]
            self._part = bytearray()
        self._part += rest
        if max(map(len, [*lines, self._part])) > MAX_LINE:
            raise LineTooLongError
        return lines

    def _write(self) -> None:
        """Write as much as the pipe takes, and watch it while something is left."""
        with self._lock:
            try:
                while self._unsent or self._outbox:
                    self._unsent = self._unsent or memoryview(self._outbox.popleft())
                    self._unsent = self._unsent[os.write(self._stdin.fileno(), self._unsent) :]
            except BlockingIOError:
                self._watch_stdin(True)
                return
            except BrokenPipeError:
                self._outbox.clear()
                self._unsent = memoryview(b"")
            self._watch_stdin(False)

    def _watch_stdin(self, wanted: bool) -> None:
        watched = self._stdin in self._selector.get_map()
        if wanted and not watched:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        elif watched and not wanted:
            self._selector.unregister(self._stdin)
