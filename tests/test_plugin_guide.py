"""The plugin of the guide, installed as the guide says, in an environment made for it."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from studio.media import MediaType
from studio.testing import make_sample

GUIDE = Path(__file__).parents[1] / "docs" / "plugin-guide.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
STUDIO = ("-c", "from studio.cli.main import main; main()")


def read_blocks():
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8"))


def find_files():
    """Return name -> text of the files that the guide shows."""
    named = {}
    for _, text in read_blocks():
        if found := re.match(r"# file: (\S+)\n", text):
            named[found[1]] = text
    return named


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The python of a fresh environment that sees Studio, with the guide's plugin installed."""
    root = tmp_path_factory.mktemp("guide")
    project = root / "studio-stipple"
    project.mkdir()
    for name, text in find_files().items():
        (project / name).write_text(text, encoding="utf-8")
    venv.create(root / "env", with_pip=False)
    python = root / "env" / "bin" / "python"
    # What "beside Studio" means without a network: this environment's packages, seen from there.
    ours = [folder for folder in sys.path if folder.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({folder!r})\n" for folder in ours]
    (site,) = (root / "env" / "lib").glob("python*/site-packages")
    (site / "beside.pth").write_text("".join(lines))
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "--quiet", "install"),
            *("--disable-pip-version-check", "--no-index", "--no-build-isolation", "--no-deps"),
            *("--no-cache-dir", str(project)),
        ],
        check=True,
        timeout=240,
    )
    return python


@pytest.fixture(scope="module")
def run(environment, tmp_path_factory):
    """Run something in that environment, in a folder with `photo.png`, and return what it says."""
    folder = tmp_path_factory.mktemp("work")
    sample = make_sample(MediaType.IMAGE, folder)
    sample.path.rename(folder / "photo.png")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    environ.pop("PYTHONPATH", None)
    environ["STUDIO_HOME"] = str(folder / "home")

    def call(*arguments):
        done = subprocess.run(
            [str(environment), *arguments],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_the_example_is_as_short_as_it_says():
    lines = find_files()["studio_stipple.py"].splitlines()
    code = [line for line in lines[1:] if line.strip()]
    assert len(code) <= 60


@pytest.mark.parametrize(
    "line",
    [
        line[2:]
        for kind, text in read_blocks()
        if kind == "console"
        for line in text.splitlines()
        if line.startswith("$ ")
    ],
)
def test_its_commands_work(run, line):
    words = line.split()
    assert words[0] == "studio"
    said = run(*STUDIO, *words[1:])
    assert "stipple" in said or "photo-in-dots" in said


def test_the_command_line_says_what_was_made(run):
    text = run(*STUDIO, "generate", "stipple.dots", "--input", "picture=photo.png", "--json")
    (asset,) = json.loads(text)
    assert asset["kind"] == "image"
    assert Path(asset["path"]).is_file()


def test_its_snippets_work(run):
    snippets = [text for kind, text in read_blocks() if kind == "python" and "# file" not in text]
    assert len(snippets) == 2
    said = run("-W", "error", "-c", "\n".join(snippets))
    assert "photo" in said
    assert "FAIL" not in said


def test_it_is_typed_and_tidy(tmp_path):
    path = tmp_path / "studio_stipple.py"
    path.write_text(find_files()["studio_stipple.py"])
    config = Path(__file__).parents[1] / "pyproject.toml"
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(config), str(path)],
        check=True,
    )
    subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "format", "--check", "--no-cache"),
            *("--config", str(config), str(path)),
        ],
        check=True,
    )
