"""Fixtures for every room: a home, and plugins that nobody installed."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from studio import Studio
from studio.config import load_config

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the suite in the background has its children ignore Ctrl-C, which the tests
    # send to theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE = Path(__file__).parent / "sample" / "sample_plugin"


def write_metadata(folder, name, target, group="studio"):
    """Make `folder` look as if a distribution `<name>_plugin` were installed in it."""
    info = folder / f"{name}_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")


@pytest.fixture
def config(tmp_path):
    """Settings with a fresh home and one thread."""
    return load_config(environ={}, home=tmp_path / "home", worker_threads=1)


@pytest.fixture(scope="session")
def sample_path(tmp_path_factory):
    """A folder in which the sample plugin is installed; give it to `use_plugins`."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(SAMPLE, folder / SAMPLE.name, ignore=shutil.ignore_patterns("__pycache__"))
    write_metadata(folder, "sample", "sample_plugin")
    return folder


@pytest.fixture
def make_plugin(tmp_path):
    """`make_plugin(name, source, group="studio")`: a folder with a plugin of that source text."""

    def make(name, source, group="studio"):
        folder = tmp_path / f"{name}-{group}"
        folder.mkdir()
        (folder / f"{name}_plugin.py").write_text(source)
        write_metadata(folder, name, f"{name}_plugin", group)
        return folder

    return make


@pytest.fixture
def use_plugins(monkeypatch):
    """`use_plugins(folder, ...)`: this process, its workers and its children see the plugins."""

    used = []

    def use(*folders):
        used.extend(map(str, folders))
        for folder in folders:
            monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", ":".join(map(str, folders)), prepend=":")

    yield use
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(tuple(used)):
            del sys.modules[name]


@pytest.fixture
def home(tmp_path, tmp_path_factory):
    """A fresh home that knows the plugins already, where an earlier test has described them."""
    known = tmp_path_factory.getbasetemp() / "specs.json"
    cache = tmp_path / "home" / "cache" / "specs.json"
    cache.parent.mkdir(parents=True)
    if known.exists():
        shutil.copy(known, cache)
    yield tmp_path / "home"
    if cache.exists():
        shutil.copy(cache, known)


@pytest.fixture
def studio(home, sample_path, use_plugins):
    """A studio that runs the sample plugin in this process."""
    use_plugins(sample_path)
    with Studio(home, workers="inline") as opened:
        yield opened
