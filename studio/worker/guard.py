"""A worker's guard: the process between host and worker that outlives the worker by a moment.

Children that a plugin leaves behind, daemons too, fall to the guard, since it is their nearest
subreaper; when the worker has ended, for whatever reason, it ends them all and then ends the way
the worker did. It does nothing else and imports nothing of ours, hence is hard to upset.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 5.0
_SIGNALS = {signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGHUP}


def stand_guard(host: int) -> int:
    """Fork: the child returns and becomes the worker, the parent guards it and never returns.

    Args:
        host: pid of the process to end with.

    Returns:
        pid of the process the worker must end with: the guard; on systems without one, the host.
    """
    if sys.platform != "linux":
        return host
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != host:
        os._exit(0)
    guard = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
        os.setsid()  # its group can be killed without the guard
        return guard
    _leave_pipes()
    _end_like(_await_worker(worker))


def find_children(pid: int) -> list[int]:
    """Find the child processes of a process; none where the system does not tell."""
    children: list[int] = []
    try:
        for path in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (path / "children").read_text().split())
    except (OSError, ValueError):
        pass
    return children


def find_family(pid: int) -> list[int]:
    """Find the children of a process, theirs, and so on."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = find_children(waiting.pop())
        found += children
        waiting += children
    return found


def _leave_pipes() -> None:
    """Let go of the conversation, so that it ends when the worker does."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)


def _await_worker(worker: int) -> int:
    """Wait for the worker, or end it when told to; return its wait status."""
    while True:
        heard = signal.sigwait(_SIGNALS)
        if heard != signal.SIGCHLD:
            os.kill(worker, signal.SIGKILL)
            status = os.waitpid(worker, 0)[1]
            break
        status = _reap(worker)
        if status >= 0:
            break
    _end_family()
    return status


def _reap(worker: int) -> int:
    """Take the status of whoever ended; return the worker's, -1 if it lives."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return -1
        if pid in (0, worker):
            return status if pid else -1


def _end_family() -> None:
    """Kill what is left, again and again: one that is killed hands its children to us."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for pid in find_family(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _end_like(status: int) -> NoReturn:
    """End with the worker's exit status or signal."""
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # not reached
