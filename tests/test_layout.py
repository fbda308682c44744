"""The shape of the tree: sizes, folders, packages, and what must not occur."""

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"studio", "plugins", "pipelines", "assets", "presets", "tests", "docs", "benchmarks"}
MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 400, 60, 8
PRODUCT = sorted(
    path
    for folder in ("studio", "plugins")
    for path in (ROOT / folder).rglob("*.py")
    if "tests" not in path.relative_to(ROOT).parts and "build" not in path.relative_to(ROOT).parts
)


@pytest.fixture(scope="module")
def trees():
    """Path -> syntax tree; parsing takes seconds, so only where it is asked for."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in PRODUCT}


def find_functions(trees):
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path.relative_to(ROOT), node


def test_files_are_short():
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in PRODUCT}
    assert not {path: n for path, n in lines.items() if n > MAX_FILE}
    ordered = sorted(n for n in lines.values() if n > 3)
    assert ordered[len(ordered) * 9 // 10] <= 280, "one file in ten may be long, not more"


def test_functions_are_short(trees):
    sizes = {f"{path}:{f.name}": f.end_lineno - f.lineno + 1 for path, f in find_functions(trees)}
    assert not {name: n for name, n in sizes.items() if n > MAX_FUNCTION}
    ordered = sorted(sizes.values())
    assert ordered[len(ordered) * 9 // 10] <= 30


def test_functions_have_few_parameters(trees):
    counts = {
        f"{path}:{f.name}": sum(
            argument.arg not in ("self", "cls")
            for argument in f.args.posonlyargs + f.args.args + f.args.kwonlyargs
        )
        for path, f in find_functions(trees)
    }
    assert not {name: n for name, n in counts.items() if n > MAX_PARAMETERS}


def test_nothing_prints_outside_the_command_line(trees):
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        if "cli" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not found


def test_no_global_statement(trees):
    assert not [
        str(path)
        for path, tree in trees.items()
        if any(isinstance(node, ast.Global) for node in ast.walk(tree))
    ]


@pytest.mark.parametrize("word", ["utils.py", "helpers.py", "misc.py", "common.py"])
def test_no_drawer_for_odds_and_ends(word):
    assert not [path for path in PRODUCT if path.name == word]


def test_no_pickle_and_no_unsafe_load(trees):
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                assert "pickle" not in [*names, getattr(node, "module", None)], path
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only=True" in ast.unparse(node), path


def test_top_level_folders():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    folders = {name.split("/")[0] for name in listed if "/" in name}
    assert {name for name in folders if not name.startswith(".")} <= FOLDERS


def test_packages_are_listed():
    """The list is by hand; a forgotten package would be missing from the wheel only."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "studio").rglob("*.py")
        if path.name == "__init__.py"
    }
    mapped = {
        f"studio.data.{'.'.join(path.parent.relative_to(ROOT).parts)}"
        for folder in ("assets", "pipelines", "presets")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(tool["packages"]) == packages | mapped
    for folder in ("assets", "pipelines", "presets"):
        assert (ROOT / folder / "__init__.py").read_text().count("\n") == 1
    folders_with_code = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "studio").rglob("*.py")
    }
    assert folders_with_code <= packages, "a folder of code without __init__.py"


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "plugins").iterdir()))
def test_plugins_list_their_packages(name):
    folder = ROOT / "plugins" / name
    tool = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = {
        ".".join(path.parent.relative_to(folder).parts)
        for path in folder.rglob("__init__.py")
        if "tests" not in path.parts and "build" not in path.parts
    }
    assert set(tool["packages"]) == packages
