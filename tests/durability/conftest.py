"""The harness is in `harness/`: what is shared with `benchmarks/durability.py`."""

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def memory_path(tmp_path):
    """A folder in memory where there is one: its syncs cost nothing."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="studio-") as name:
        yield Path(name)
