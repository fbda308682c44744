"""Which language a request is in, for what Python says on the page."""

import gradio as gr

from studio.server.access import Languages
from studio.translation import Translator


def find_translator(request: gr.Request, default: str = "en") -> Translator:
    """Return the translator for the browser that sent a request."""
    headers = request.headers
    return Languages(default).choose(headers.get("accept-language", ""))
