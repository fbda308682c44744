"""The table of translations, as Gradio wants it."""

import json
from importlib.resources import files
from typing import Any

import gradio as gr

LANGUAGES = ("es",)


def build_words() -> gr.I18n:
    """Return the words of the page; what a table lacks stays English."""
    tables: dict[str, dict[str, Any]] = {"en": {}}
    for language in LANGUAGES:
        path = files("studio.translations") / f"{language}.json"
        tables[language] = json.loads(path.read_text(encoding="utf-8"))
    # Gradio shows the key where a language lacks it, and our keys are the English texts.
    tables["en"] = {text: text for table in tables.values() for text in table}
    return gr.I18n(**tables)
