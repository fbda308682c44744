"""A child process and its own children, as one process group."""

import os
import signal
import time


def kill_group(pid: int) -> None:
    """Kill a process, its children and theirs. It must not have been waited for."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone already; macOS says PermissionError for a group of zombies


def end_group(pid: int, timeout: float = 6.0) -> None:
    """End a process and its children: its guard ends daemons too, and is killed if it cannot.

    It must not have been waited for; its status stays to be read.
    """
    ask_to_end(pid)
    await_exit(pid, timeout)
    kill_group(pid)


def ask_to_end(pid: int) -> None:
    """Ask a worker's guard to end the worker. It must not have been waited for."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass


def has_exited(pid: int) -> bool:
    """Look without taking the exit status away, so that the pid stays ours."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def await_exit(pid: int, timeout: float) -> bool:
    """Wait until a process has exited, at most `timeout` seconds; its status stays to be read."""
    deadline = time.monotonic() + timeout
    while not has_exited(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
