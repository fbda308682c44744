"""Every word of a form is there in Spanish, whichever plugin it is of."""

import pytest

from studio.plugin_texts import find_tables
from studio.translation import Translator
from studio.ui.form import build_fields
from studio.ui.form_components import translate


@pytest.fixture(scope="module")
def translator():
    return Translator("es", find_tables("es"))


def list_lacking(texts, table):
    """The texts that a form would show in English."""
    return [
        text for text in texts if text and translate(text, lambda key: "" if key in table else key)
    ]


def list_lacking_in_form(fields, table):
    words = [*list_lacking([field.label for field in fields], table)]
    # What helps beside a field is asked for as its author wrote it, capital and full stop too.
    return words + [field.summary for field in fields if field.summary not in {"", *table}]


def test_forms_of_generators(studio, translator):
    lacking = {}
    for spec in studio.registry.find():
        if spec.entry_point == "sample":
            continue
        slots = [word for slot in spec.inputs for word in (slot.summary, name_slot(slot.name))]
        words = [spec.title, spec.summary, *slots]
        table = translator.of(spec.entry_point).table
        found = list_lacking(words, table)
        if found := found + list_lacking_in_form(build_fields(spec.params_schema), table):
            lacking[spec.id] = found
    assert lacking == {}


def test_forms_of_pipelines(studio, translator):
    lacking = {}
    for pipeline in studio.pipelines.find():
        steps = [name_slot(step.name) for step in pipeline.steps]
        words = [pipeline.title, pipeline.summary, *steps]
        found = list_lacking(words, translator.table)
        fields = build_fields(pipeline.params_schema)
        if found := found + list_lacking_in_form(fields, translator.table):
            lacking[pipeline.name] = found
    assert lacking == {}


def test_presets(studio, translator):
    presets = studio.presets.find()
    words = [word for preset in presets for word in (preset.title, preset.summary)]
    assert presets and list_lacking(words, translator.table) == []


def name_slot(name):
    """As the page writes the name of a slot or a step."""
    return name[:1].upper() + name[1:].replace("_", " ")
