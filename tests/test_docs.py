"""The documentation is true: every snippet runs, and what it lists is all there is.

Fenced blocks: `python` is run (one namespace a page), `console` has its `$ ` lines run, `toml` is
read, and any block that begins with `# file: NAME` is written to that file first. `text` is not
run. To be quick, pictures are made small and counts low (`SMALLER`).
"""

import inspect
import os
import re
import shlex
import shutil
import textwrap
import tomllib
from pathlib import Path

import pytest

import studio
from studio import hookspecs
from studio.cli.main import SUMMARIES, cli
from studio.config import Config
from studio.errors import StudioError
from studio.media import MediaType
from studio.testing import make_sample

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [page for page in PAGES if page.name not in ("cli.md", "plugin-guide.md")]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SMALLER = (
    (re.compile(r"((?:width|height|size)\"?[ =:]+)(?:512|1024|2048)\b"), r"\g<1>64"),
    (re.compile(r"(count[ =]+)(?:1000|250)\b"), r"\g<1>3"),
)
NAMES = {page.name: page for page in PAGES}


def read(name):
    return NAMES[name].read_text(encoding="utf-8")


def shrink(text):
    for pattern, replacement in SMALLER:
        text = pattern.sub(replacement, text)
    return text


@pytest.fixture(scope="session")
def specs_cache(tmp_path_factory):
    """What the plugins offer, found out once."""
    home = tmp_path_factory.mktemp("specs")
    with studio.Studio(home, workers="inline"):
        return home / "cache" / "specs.json"


@pytest.fixture
def page_folder(tmp_path, monkeypatch, specs_cache):
    """A folder like a reader's, with pictures, and a home of its own."""
    home = tmp_path / "home"
    (home / "cache").mkdir(parents=True)
    shutil.copy(specs_cache, home / "cache")
    folder = tmp_path / "reader"
    (folder / "photos").mkdir(parents=True)
    for number, name in enumerate(("brick", "grass", "gravel")):
        sample = make_sample(MediaType.IMAGE, tmp_path, variant=number)
        shutil.copy(sample.path, folder / "photos" / f"{name}.png")
    shutil.copy(folder / "photos" / "brick.png", folder / "brick.png")
    shutil.copy(make_sample(MediaType.CHECKPOINT, tmp_path).path, folder / "weights.safetensors")
    for name in [name for name in os.environ if name.startswith("STUDIO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STUDIO_HOME", str(home))
    monkeypatch.setenv("STUDIO_WORKERS", "inline")
    monkeypatch.chdir(folder)
    return folder


def run_console(block):
    """Run the lines that begin with `$ `; a comment `# exits with N` tells the exit code."""
    for line in block.replace("\\\n", " ").splitlines():
        if not line.startswith("$ "):
            continue
        wanted = re.search(r"# exits with (\d+)", line)
        words = shlex.split(line[2:], comments=True)
        assert words[0] == "studio", f"cannot run {line!r}; mark the block as text"
        code = cli.run(words[1:])
        assert code == int(wanted[1] if wanted else 0), f"{line!r} ended with {code}"


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_snippets_run(page, page_folder, capsys):
    namespace = {"__name__": page.stem}
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        text = shrink(block)
        named = re.match(r"# file: (\S+)\n", text)
        if named and kind != "text":
            path = page_folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if kind == "python":
            exec(compile(text, str(page), "exec"), namespace)
        elif kind == "console":
            run_console(text)
        elif kind == "toml":
            tomllib.loads(text)
    capsys.readouterr()


def test_blocks_say_what_they_are():
    kinds = {"python", "console", "toml", "text"}
    for page in [*RUN, NAMES["plugin-guide.md"]]:
        text = page.read_text(encoding="utf-8")
        fences = re.findall(r"^```(\w*)", text, re.MULTILINE)
        assert len(fences) % 2 == 0, page
        assert set(fences[::2]) <= kinds, page
        assert set(fences[1::2]) <= {""}, page


def test_links_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_index_names_every_page():
    index = read("index.md")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_commands_that_are_named_exist():
    """Also those inside sentences: `studio jobs retry`."""
    for page in PAGES:
        for words in re.findall(r"`studio ([a-z]+)\b", page.read_text(encoding="utf-8")):
            assert words in SUMMARIES, f"{page.name}: studio {words}"


def find_hooks():
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if hasattr(function, "studio_spec"):
            yield name, function


@pytest.mark.parametrize("name", [name for name, _ in find_hooks()])
def test_hooks_are_documented(name):
    function = dict(find_hooks())[name]
    signature = f"{name}({', '.join(inspect.signature(function).parameters)})"
    assert f"### `{signature}`" in read("hooks.md")
    first = inspect.getdoc(function).partition("\n")[0]
    assert first in " ".join(read("hooks.md").split()), f"say of {name}: {first}"


def test_no_hook_is_documented_that_is_not_there():
    documented = set(re.findall(r"^### `(\w+)\(", read("hooks.md"), re.MULTILINE))
    assert documented == {name for name, _ in find_hooks()}


def describe_field(name, field):
    default = "" if field.is_required() else field.get_default(call_default_factory=True)
    if isinstance(default, str):
        shown = f"`{default}`" if default else ""
    elif isinstance(default, bool):
        shown = f"`{str(default).lower()}`"
    elif isinstance(default, tuple | dict):
        shown = f"`{list(default)!r}`".replace("'", '"') if default else ""
    else:
        shown = f"`{default:g}`"
    return f"| `{name}` | {shown} | {field.description} |"


def test_settings_are_documented():
    text = read("configuration.md")
    rows = [describe_field(name, field) for name, field in Config.model_fields.items()]
    assert [row for row in rows if row not in text] == []
    documented = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert documented == list(Config.model_fields)


def test_errors_are_documented():
    text = read("quickstart-scripting.md")
    for cls in StudioError.__subclasses__():
        if cls.__module__ == StudioError.__module__:
            assert f"| `{cls.__name__}` | {inspect.getdoc(cls).partition(chr(10))[0]} |" in text


def test_layers_are_those_that_are_enforced():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = tool["contracts"][0]["layers"]
    assert f"```text\n{chr(10).join(layers)}\n```" in read("architecture.md")


def test_nouns_of_the_store_and_media_types_are_listed():
    guide = read("plugin-guide.md")
    for kind in MediaType:
        assert f"| `{kind.name}` |" in guide


def test_texture_generators_are_described():
    plugin = ROOT / "plugins" / "textures" / "studio_textures"
    ids = set()
    for path in plugin.glob("*.py"):
        ids |= set(re.findall(r'^    id: ClassVar\[str\] = "(\w+\.\w+)"', path.read_text(), re.M))
    assert len(ids) >= 5
    headings = set(re.findall(r"^## `(\w+\.\w+)`", read("textures.md"), re.MULTILINE))
    assert headings == ids


def test_the_public_names_are_documented():
    text = read("quickstart-scripting.md") + read("plugin-guide.md")
    assert [name for name in studio.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", log, re.MULTILINE)
    assert released[0] == project["version"] == studio.__version__


def test_the_readme_begins_with_the_two_commands():
    commands = re.findall(r"^make \w+", read("README.md"), re.MULTILINE)
    assert commands[:2] == ["make demo", "make test"]


def test_the_harness_fails_when_a_page_is_wrong(page_folder):
    with pytest.raises(AssertionError, match="ended with 2"):
        run_console("$ studio generate no.such_thing\n")
    with pytest.raises(AssertionError, match="mark the block as text"):
        run_console("$ rm -rf x\n")
    assert shrink("--width 1024 --count 1000") == "--width 64 --count 3"
    assert BLOCK.findall(
        textwrap.dedent("""
        ```python
        x
        ```
    """)
    ) == [("python", "x\n")]
