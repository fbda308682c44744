import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture(autouse=True)
def standin(monkeypatch):
    """The adapter, and audiocraft's stand-in, can be imported; afterwards they are forgotten."""
    pytest.importorskip("torch")
    monkeypatch.syspath_prepend(str(FOLDER.parent))
    monkeypatch.syspath_prepend(str(FOLDER / "standin"))
    yield
    for name in list(sys.modules):
        if name.partition(".")[0] in ("audiocraft", "spacy", "studio_audiocraft"):
            del sys.modules[name]


@pytest.fixture
def plugin():
    import studio_audiocraft

    return studio_audiocraft
