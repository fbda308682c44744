"""Every text that a user sees is in the Spanish table."""

import ast
import json
import string
from pathlib import Path

import pytest
import studio_flow
from studio_flow import GENERATORS
from studio_flow.shelf import SUMMARIES

HOME = Path(studio_flow.__file__).parent
TABLE = json.loads((HOME / "translations" / "es.json").read_text(encoding="utf-8"))


def find_templates():
    """First arguments of errors raised in the package."""
    for path in HOME.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error"):
                first = node.args[0] if node.args else None
                is_shown = node.func.id != "ValueError"
                if is_shown and isinstance(first, ast.Constant):
                    yield first.value


def find_texts():
    yield from find_templates()
    for generator in GENERATORS:
        yield from (generator.title, generator.summary)
        yield from (slot.summary for slot in generator.inputs)
        yield from (field.description for field in generator.Params.model_fields.values())
    yield from SUMMARIES.values()


def get_fields(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


def test_every_text_is_translated():
    missing = sorted({text for text in find_texts() if text and text not in TABLE})
    assert not missing, json.dumps(missing, indent=1)


@pytest.mark.parametrize("text", sorted(TABLE))
def test_translations_keep_the_values(text):
    assert get_fields(TABLE[text]) == get_fields(text)
    assert TABLE[text].strip()


def test_the_table_is_sorted():
    assert list(TABLE) == sorted(TABLE)
