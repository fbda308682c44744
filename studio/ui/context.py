"""What a tab is given to build itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.app.studio import Studio
from studio.server.access import Languages
from studio.translation import Translator

Word = Callable[[str], Any]
"""English text -> what Gradio shows in the language of the browser."""


@dataclass(frozen=True)
class TabContext:
    """Handed to `build(context)` of every tab, also those of plugins.

    Attributes:
        studio: the home, as the server's own user; `get_studio` for the user who asks.
        word: marks a text for translation, for labels: `context.word("Seed")`.
        order: hidden text box; its value is the JSON of what the page's elements ask of a form
            ({"action": "create", "generator": ..., "inputs": {...}, "params": {...}, ...}).
        languages: the translators; `get_translator` for the browser that asks.
    """

    studio: Studio
    word: Word
    order: gr.Textbox
    languages: Languages

    def get_translator(self, request: gr.Request) -> Translator:
        """Return the translator for the browser that sent a request."""
        return self.languages.choose(request.headers.get("accept-language", ""))

    def get_studio(self, request: gr.Request) -> Studio:
        """Return the home as the user of a request sees it."""
        name = request.username or self.studio.config.user
        return self.studio.for_user(name)
