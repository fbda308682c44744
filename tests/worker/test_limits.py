"""Memory and threads."""

import os
import subprocess
import sys

import pytest

from studio.worker import limits


def test_memory_of_a_process():
    before = limits.read_memory()
    block = b"x" * (64 << 20)
    assert limits.read_memory("self") - before > 60 << 20
    assert limits.read_memory(os.getpid()) > len(block)
    assert limits.read_memory(2**30) == 0


def test_peak_counts_from_reset():
    block = b"x" * (64 << 20)
    high = limits.read_peak()
    del block
    limits.reset_peak()
    assert high - limits.read_peak() > 50 << 20


def test_oom_kills_are_counted():
    assert limits.count_oom_kills() >= -1


@pytest.mark.parametrize(("size", "code"), [(100 << 20, 3), (1 << 40, 0)])
def test_allocations_fail_beyond_the_limit(size, code):
    source = (
        "import sys\nfrom studio.worker.limits import limit_memory\n"
        f"limit_memory({size})\n"
        "try:\n    bytearray(200 << 20)\nexcept MemoryError:\n    sys.exit(3)\n"
    )
    environ = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", source], env=environ).returncode == code
