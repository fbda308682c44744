"""A plugin's own words in other languages."""

import json
import logging

import pytest

from studio.errors import StudioError
from studio.plugin_texts import find_tables, load_table
from studio.translation import Translator


@pytest.fixture
def speaking(tmp_path, use_plugins):
    """A plugin that cannot even be imported, with a table."""
    folder = tmp_path / "site"
    package = folder / "speaking_plugin"
    (package / "translations").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('nobody may run me for a word')\n")
    table = {"Grow moss": "Cultivar musgo", "Cancel": "Anular", "{n} leaves": "{n} hojas"}
    (package / "translations" / "es.json").write_text(json.dumps(table))
    info = folder / "speaking-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: speaking\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[studio]\nspeaking = speaking_plugin\n")
    use_plugins(folder)
    return folder


def test_a_plugins_table_is_found_without_running_it(speaking):
    tables = find_tables("es")
    assert tables["speaking"]["Grow moss"] == "Cultivar musgo"
    assert "speaking" not in find_tables("fr")
    assert find_tables("en") == {}


def test_a_plugin_speaks_for_itself_alone(speaking):
    translator = Translator("es", find_tables("es"))
    assert translator.text("Grow moss") == "Cultivar musgo"
    assert translator.text("{n} leaves", n=3) == "3 hojas"
    assert translator.error(StudioError("{n} leaves", n=3)) == "3 hojas"
    assert translator.text("Cancel") == Translator("es").text("Cancel") != "Anular"
    assert translator.of("speaking").text("Cancel") == "Anular"
    assert translator.of("speaking").text("Library") == translator.text("Library")
    assert translator.of("another") is translator
    assert translator.table["Grow moss"] == "Cultivar musgo"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("[]", {}),
        ("{", {}),
        ('{"a": 1, "b": "c", "d": " "}', {"b": "c"}),
        ('{"{n} of": "de {m}", "{n} in": "en {n}"}', {"{n} in": "en {n}"}),
        ('{"a": "{"}', {}),
        ("[" * 100_000, {}),
        ('{"a": "' + "x" * (1 << 20) + '"}', {}),
    ],
)
def test_a_table_that_is_none_costs_only_itself(tmp_path, caplog, text, kept):
    path = tmp_path / "es.json"
    path.write_text(text)
    with caplog.at_level(logging.WARNING, "studio.plugins"):
        assert load_table(path) == kept
    assert str(path) in caplog.text


def test_what_cannot_be_read_costs_only_itself(tmp_path):
    (tmp_path / "es.json").write_bytes(b"\xff\xfe")
    assert load_table(tmp_path / "es.json") == {}
