"""A studio with the sample plugin; what is known of plugins is kept from test to test."""

import shutil

import pytest

from studio import Studio


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
