"""Is every text that a plugin shows in its table of another language?"""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from studio.generator import Generator
from studio.plugin_texts import FOLDER, load_table
from studio.translation import Translator

SILENT = frozenset({"ValueError", "TypeError", "KeyError", "RuntimeError", "NotImplementedError"})
"""Errors of Python, whose words are for developers."""


def find_untranslated(package: ModuleType, language: str = "es") -> list[str]:
    """Return the texts of a plugin that no table has, or its own has with other `{values}`; sorted.

    Titles, summaries and descriptions of its generators, summaries of its checkpoints, and the
    texts of errors that its code builds.

    Args:
        package: the imported plugin.
        language: whose `translations/LANGUAGE.json` in it is read.
    """
    home = Path(str(package.__file__)).parent
    own = load_table(home / FOLDER / f"{language}.json")
    table = Translator(language, {package.__name__: own}).table
    generators: list[type[Generator]] = []
    package.register_generators(generators.append)
    texts = {text for generator in generators for text in _find_own(generator)}
    texts |= {text for path in home.rglob("*.py") for text in _find_errors(path)}
    return sorted(text for text in texts if text and text not in table)


def _find_own(generator: type[Generator]) -> Iterator[str]:
    yield from (generator.title, generator.summary)
    yield from (slot.summary for slot in generator.inputs)
    yield from (field.description or "" for field in generator.Params.model_fields.values())
    yield from (checkpoint.summary for checkpoint in generator.checkpoints)


def _find_errors(path: Path) -> Iterator[str]:
    """Yield the first arguments, where they are plain texts, of errors built in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        first = node.args[0] if node.args else None
        is_shown = node.func.id.endswith("Error") and node.func.id not in SILENT
        if is_shown and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
