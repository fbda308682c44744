"""Memory and cores: what there is, what a process may take, what it takes.

Exact on Linux; elsewhere less is known and less is limited.
"""

import os
import resource
from collections.abc import Sequence
from pathlib import Path

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def get_machine_memory() -> int:
    """Return the bytes of memory of the machine, or of the container if that has fewer."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUP_LIMITS:
        text = _read_text(path).strip()
        if text.isdigit():
            total = min(total, int(text))
    return total


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_memory(size: int) -> None:
    """Let this process's allocations fail beyond `size` bytes, so that Python can say so."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def read_memory(pid: int | str = "self") -> int:
    """Return the bytes of a process that only it holds, without mapped files; 0 if unknown."""
    fields = _read_text(Path(f"/proc/{pid}/statm")).split()
    if len(fields) < 3:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def read_family_memory(pids: Sequence[int], limit: int) -> int:
    """Return the bytes that processes hold together.

    Forked processes share pages, which the quick sum counts for each: only where it exceeds
    `limit` is it worth asking the system for the exact one.
    """
    quick = sum(map(read_memory, pids))
    if quick <= limit or len(pids) == 1:
        return quick
    exact = [_read_shared_out(pid) for pid in pids]
    return quick if None in exact else sum(size or 0 for size in exact)


def _read_shared_out(pid: int) -> int | None:
    """Return a process's anonymous bytes, shared ones in part; None if unknown."""
    for line in _read_text(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) << 10
    return 0 if not Path(f"/proc/{pid}").exists() else None


def reset_peak() -> None:
    """Begin to measure the peak of this process anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass  # the peak is then that of the process's whole life


def read_peak() -> int:
    """Return the most bytes this process held since `reset_peak`."""
    for line in _read_text(Path("/proc/self/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def count_oom_kills() -> int:
    """Return how many processes the system has ended for want of memory; -1 if unknown."""
    for line in _read_text(Path("/proc/vmstat")).splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return -1


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
