"""What a plugin may write: Python's net in this process, the kernel's in one of its own."""

import os
import signal
import subprocess
import sys

import pytest

from studio.worker.confine import ConfinedError, build_watch
from studio.worker.landlock import find_version


@pytest.fixture
def watch(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "file").symlink_to(tmp_path / "out" / "file")
    return build_watch([str(tmp_path / "in")], frozenset({77}))


def test_reading_and_writing_inside_pass(watch, tmp_path):
    watch("open", ("/etc/hostname", "r", os.O_RDONLY))
    watch("open", (str(tmp_path / "in" / "new"), "w", os.O_WRONLY | os.O_CREAT))
    watch("open", (3, "w", os.O_WRONLY))
    watch("os.mkdir", (str(tmp_path / "in" / "a"), 0o777, -1))
    watch("os.remove", (os.fsencode(tmp_path / "in" / "file"), -1))
    watch("os.chmod", (3, 0o777, -1))
    watch("os.kill", (os.getpid(), signal.SIGTERM))
    watch("os.kill", (77, 0))
    watch("import", ("json",))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("{out}/file", "w", os.O_WRONLY)),
        ("open", ("{in}/../out/file", "a", os.O_RDWR)),
        ("open", ("{in}/link/file", "w", os.O_WRONLY)),
        ("open", ("{in}/file", "w", os.O_WRONLY)),
        ("open", ("{in}-not/file", "w", os.O_WRONLY | os.O_CREAT)),
        ("os.remove", ("{out}/file", -1)),
        ("os.rename", ("{in}/a", "{out}/a", -1, -1)),
        ("os.rename", ("{out}/a", "{in}/a", -1, -1)),
        ("os.link", ("{out}/a", "{in}/a", -1, -1)),
        ("os.symlink", ("{in}/a", "{out}/a", -1)),
        ("os.rmdir", ("{out}", -1)),
        ("os.chmod", ("{in}/link/a", 0, -1)),
        ("os.kill", (77, signal.SIGTERM)),
        ("os.kill", (-1, signal.SIGTERM)),
        ("os.killpg", (77, signal.SIGTERM)),
    ],
)
def test_everything_else_is_refused(watch, tmp_path, event, arguments):
    places = {"in": tmp_path / "in", "out": tmp_path / "out"}
    filled = [arg.format(**places) if isinstance(arg, str) else arg for arg in arguments]
    with pytest.raises(ConfinedError):
        watch(event, tuple(filled))


KERNEL = """
import ctypes, os, sys
from studio.worker.landlock import restrict_writes
inside, outside, host = sys.argv[1:]
assert restrict_writes([inside, "/nowhere", "/dev"]) > 0
libc = ctypes.CDLL(None, use_errno=True)
def make(path):
    fd = libc.open(os.fsencode(path), os.O_WRONLY | os.O_CREAT, 0o644)
    return "made" if fd >= 0 else os.strerror(ctypes.get_errno())
open("/dev/null", "w").close()
sys.stdout.write(make(inside + "/a") + "|" + make(outside + "/a"))
sys.stdout.write("|" + str(os.system(f"echo x 2>/dev/null >{outside}/b") != 0))
sys.stdout.write("|" + str(libc.kill(int(host), 0)))
"""


@pytest.mark.skipif(not find_version(), reason="this kernel has no Landlock")
def test_the_kernel_holds_c_and_other_programs(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    words = [sys.executable, "-c", KERNEL, inside, outside, os.getpid()]
    done = subprocess.run(
        list(map(str, words)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, child, signalled = done.stdout.split("|")
    assert (first, second, child) == ("made", "Permission denied", "True")
    assert signalled == ("-1" if find_version() >= 6 else "0")
    assert list(outside.iterdir()) == []


def test_a_system_without_landlock(monkeypatch):
    monkeypatch.setattr("studio.worker.landlock.sys.platform", "darwin")
    assert find_version() == 0
