"""What a tab is given to build itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from studio.app.studio import Studio

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
    """

    studio: Studio
    word: Word
    order: gr.Textbox

    def get_studio(self, request: gr.Request) -> Studio:
        """Return the home as the user of a request sees it."""
        name = request.username or self.studio.config.user
        return self.studio.for_user(name)
