"""The command line on a fresh home with the sample plugin, in this process and as a program."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from studio.cli.main import cli

ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def spec_cache(tmp_path_factory):
    """A file that grows with the first home and saves all others the description of plugins."""
    return tmp_path_factory.mktemp("cache") / "specs.json"


@pytest.fixture
def home(tmp_path, monkeypatch, use_plugins, sample_path, spec_cache):
    """A home of its own, generators in this process."""
    use_plugins(sample_path)
    folder = tmp_path / "home"
    monkeypatch.setenv("STUDIO_HOME", str(folder))
    monkeypatch.setenv("STUDIO_WORKERS", "inline")
    monkeypatch.delenv("STUDIO_LANGUAGE", raising=False)
    cache = folder / "cache" / "specs.json"
    if spec_cache.exists():
        cache.parent.mkdir(parents=True)
        shutil.copy(spec_cache, cache)
    yield folder
    if cache.exists():
        shutil.copy(cache, spec_cache)


@pytest.fixture
def run(home):
    """`run("assets", "list")` in this process; `typed` is what stands on standard input."""

    def invoke(*args, code=0, typed=None):
        words = [str(arg) for arg in args]
        result = CliRunner().invoke(cli, words, input=typed, catch_exceptions=False)
        outcome = Outcome(result.exit_code, result.stdout, result.stderr)
        assert outcome.code == code, (outcome.out, outcome.err)
        return outcome

    return invoke


@pytest.fixture
def start(home):
    """`start("generate", ...)`: the program, as a process."""
    started = []

    def begin(*args, **environ):
        command = [sys.executable, "-c", "from studio.cli.main import main; main()"]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        process = subprocess.Popen(
            [*command, *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, **environ},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def make_image(tmp_path):
    """`make_image("a.png", colour)`: a small picture."""
    from PIL import Image

    def make(name="picture.png", colour=(200, 30, 30)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), colour).save(path)
        return path

    return make
