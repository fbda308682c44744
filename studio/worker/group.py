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
