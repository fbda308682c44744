"""The plugin kit: a working plugin to start from."""

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from studio.errors import InvalidInputError, InvalidParamsError

_FILES: Final = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "generator.py": "{package}/__init__.py",
    "test_generator.py": "tests/test_{name}.py",
}
"""Template (with ".txt" after its name) -> place in the plugin's folder."""


def write_skeleton(name: str, folder: Path | str) -> list[Path]:
    """Write a plugin with one small generator into `folder/studio-<name>`.

    Args:
        name: of the plugin: a lower-case letter, then letters, digits and single underscores.
        folder: where its folder is made.

    Returns:
        the files written, `pyproject.toml` first; its parent is the plugin's folder.

    Raises:
        InvalidParamsError: the name is not one.
        InvalidInputError: the plugin's folder is there already, or cannot be written.
    """
    check_plugin_name(name)
    values = {
        "name": name,
        "distribution": f"studio-{name.replace('_', '-')}",
        "package": f"studio_{name}",
        "title": name.replace("_", " ").capitalize(),
        "cls": "".join(part.capitalize() for part in name.split("_")),
    }
    home = Path(folder) / values["distribution"]
    written = []
    try:
        home.mkdir(parents=True, exist_ok=False)
        for template, place in _FILES.items():
            path = home / place.format(**values)
            path.parent.mkdir(exist_ok=True)
            path.write_text(_read(template).substitute(values), encoding="utf-8")
            written.append(path)
    except FileExistsError as error:
        raise InvalidInputError(
            "{path} is there already; choose another name or remove it", path=home
        ) from error
    except OSError as error:
        raise InvalidInputError(
            "{path} cannot be written: {fault}", path=home, fault=error.strerror or error
        ) from error
    return written


def check_plugin_name(name: str) -> None:
    """Check that a name can be a plugin's: part of ids, of a package and a distribution.

    Raises:
        InvalidParamsError: it cannot.
    """
    is_name = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) and len(name) <= 40
    if not is_name or keyword.iskeyword(name):
        raise InvalidParamsError(
            "plugin name '{name}': use a lower-case letter, then letters, digits and single "
            "underscores, at most 40; e.g. pixel_art",
            name=name,
        )


def _read(template: str) -> Template:
    path = files("studio.kit.skeleton") / f"{template}.txt"
    return Template(path.read_text(encoding="utf-8"))
