"""The words that Gradio translates in the browser: labels of tabs, and those of plugins.

Everything else is translated before it is sent, or by our own elements. Gradio writes its whole
table into the page, so the table has only the words that were asked for while the page was built.
"""

import json
from collections.abc import Collection
from importlib.resources import files
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from studio.ui.context import Word

LANGUAGES = ("es",)


def note_words(used: set[str]) -> Word:
    """Return what marks a text for translation, and notes it in `used`."""

    def mark(text: str) -> I18nData:
        used.add(text)
        return I18nData(text)

    return mark


def build_words(used: Collection[str]) -> gr.I18n:
    """Return the table of some words; what a language lacks stays English."""
    # Gradio shows the key where a language lacks it, and our keys are the English texts.
    tables: dict[str, dict[str, Any]] = {"en": {text: text for text in sorted(used)}}
    for language in LANGUAGES:
        path = files("studio.translations") / f"{language}.json"
        known = json.loads(path.read_text(encoding="utf-8"))
        tables[language] = {text: known[text] for text in sorted(used) if text in known}
    return gr.I18n(**tables)
