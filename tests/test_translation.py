"""Every text a user sees is in the Spanish table, with the same values in it."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from studio import errors
from studio.errors import InvalidParamsError, StudioError
from studio.translation import Translator

STUDIO = Path(errors.__file__).parent
TABLE = json.loads((STUDIO / "translations" / "es.json").read_text(encoding="utf-8"))


def find_error_names():
    """Every class of the error tree that the source defines or imports."""
    names = {"StudioError"}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in STUDIO.rglob("*.py")]
    while True:
        more = {
            node.name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and any(getattr(base, "id", "") in names for base in node.bases)
        }
        if more <= names:
            return names, trees
        names |= more


# `t("...")` of the page; a text may be an expression's branch, but never glued together.
SPOKEN_ON_PAGE = re.compile(r"""\bt\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*[,)]""")


def find_page_texts():
    """Collect the literals of the page's scripts."""
    for path in sorted((STUDIO.parent / "assets" / "ui").glob("*.js")):
        for found in SPOKEN_ON_PAGE.finditer(path.read_text(encoding="utf-8")):
            yield ast.literal_eval(found[1])


def find_texts():
    """Collect literals given to an error, to `Translator.text`, to a tab's `word`, or to `t`."""
    yield from find_page_texts()
    names, trees = find_error_names()
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            is_text = called in names or called in ("text", "word", "say")
            if is_text and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


@pytest.fixture(scope="module")
def texts():
    """All that is said; the source is read once, and not before it is asked for."""
    return sorted(set(find_texts()))


def get_fields(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


def test_there_are_texts(texts):
    assert len(texts) > 100


def test_every_text_is_translated(texts):
    missing = [text for text in texts if text not in TABLE]
    assert not missing, json.dumps(missing, indent=1, ensure_ascii=False)


def find_unfaithful(table):
    """Texts whose translation has other values, or nothing in it."""
    return [
        text
        for text, said in table.items()
        if get_fields(said) != get_fields(text) or not said.strip()
    ]


def test_translations_keep_the_values():
    assert find_unfaithful(TABLE) == []


def test_a_translation_that_lost_a_value_is_found():
    assert find_unfaithful({"{n} jobs": "{n} tareas"}) == []
    assert find_unfaithful({"{n} jobs": "tareas"}) == ["{n} jobs"]
    assert find_unfaithful({"jobs": " "}) == ["jobs"]


def test_the_table_is_sorted():
    assert list(TABLE) == sorted(TABLE)


def test_an_error_is_said_in_spanish():
    error = InvalidParamsError(
        "{generator}: no param '{param}'; it has {known}", generator="a.b", param="x", known="y"
    )
    assert "parámetro" in Translator("es").error(error)
    assert Translator("en").error(error) == str(error)


def test_the_remedy_is_told_apart():
    error = StudioError("{path}: {fault}; give another; or wait", path="a;b", fault="gone; lost")
    assert Translator("en").explain(error) == ("a;b: gone; lost; give another", "or wait")
    assert Translator("en").explain(StudioError("nothing is advised")) == ("nothing is advised", "")
    assert Translator("en").explain(StudioError("{n} is odd", n=3)) == ("3 is odd", "")
    assert Translator("en").explain(StudioError("it broke; mend it")) == ("it broke", "mend it")


def test_a_translation_has_its_remedy_where_the_text_has_it(texts):
    with_remedy = [text for text in texts if "; " in text]
    assert len(with_remedy) > 100
    assert [text for text in with_remedy if "; " not in TABLE[text]] == []


def test_what_is_not_in_the_table_stays_english():
    assert Translator("es").error(StudioError("nobody translated this")) == "nobody translated this"
    assert Translator("es").text("{n} of {m}, untranslated", n=1, m=2) == "1 of 2, untranslated"
