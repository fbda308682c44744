"""The recipe beside a file that cannot carry it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from studio.codecs.files import SIDECAR, payload_files, replace_file
from studio.codecs.recipe_text import parse_recipe
from studio.recipe import Recipe

MAX_SIDECAR: Final = 32 << 20
"""Bytes."""


def write_sidecar(files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
    """Write `recipe.json`, canonical JSON, beside the main file; return the files with it."""
    made = payload_files(files)
    path = next(iter(made.values())).parent / "recipe.json"
    replace_file(path, recipe.to_json().encode() + b"\n")
    return {**made, SIDECAR: path}


def find_sidecar(path: Path, *, alone: bool = False) -> Recipe | None:
    """Read `<name>.recipe.json` beside a file, or `recipe.json` where the file is a `main.*`.

    Only a codec calls a file `main`; any other name may have nothing to do with `recipe.json`.

    Args:
        path: of the file.
        alone: the folder holds this one asset, so that its `recipe.json` counts for any name.
    """
    names = [f"{path.name}.recipe.json", f"{path.stem}.recipe.json"]
    if alone or path.stem == "main":
        names.append("recipe.json")
    for name in names:
        beside = path.with_name(name)
        if beside.is_file() and beside.stat().st_size <= MAX_SIDECAR:
            found = parse_recipe(beside.read_bytes())
            if found is not None:
                return found
    return None
