"""Landlock: the Linux kernel keeps a process, and all it starts, from writing elsewhere.

No privilege is needed, nothing undoes it, and it holds for C code and other programs too. Where
the kernel has it (5.13; signals from 6.12), `restrict_writes` returns what it enforces.
"""

import ctypes
import os
import sys
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same number on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE = 1 << 1
_FIRST = 0b1_1111_1111_0000 | _WRITE_FILE  # remove, make: directories, files, sockets, links
_REFER = 1 << 13  # since version 2
_TRUNCATE = 1 << 14  # since version 3
_FILE_ONLY = _WRITE_FILE | _TRUNCATE
_SCOPE_SIGNAL = 1 << 1  # since version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def find_version() -> int:
    """Return the version of the kernel's Landlock, 0 if it has none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE, None, 0, _VERSION))


def restrict_writes(paths: Iterable[str]) -> int:
    """Let this thread, and what it starts from now on, write only beneath `paths`.

    Signals reach only processes that are restricted with it. Paths that are not there are
    skipped. Call it before any other thread is started.

    Returns:
        the version of Landlock, 0 if nothing is enforced.
    """
    version = find_version()
    if not version:
        return 0
    access = _FIRST | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(access, 0, _SCOPE_SIGNAL if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(_CREATE, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return 0
    try:
        for path in paths:
            _allow(ruleset, path, access)
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return version if _call(_RESTRICT, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        allowed = access if os.path.isdir(path) else access & _FILE_ONLY
        rule = _PathBeneath(allowed, fd)
        _call(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)


def _call(number: int, *arguments: object) -> int:
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    return int(syscall(ctypes.c_long(number), *arguments))
