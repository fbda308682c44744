"""Library: everything that was made or imported; `assets/ui/library.js` is all of it."""

import gradio as gr

from studio.ui.context import TabContext


def build(context: TabContext) -> None:
    """Put the library into its tab; it talks to the server by itself."""
    del context
    gr.HTML("<studio-library></studio-library>", apply_default_css=False, padding=False)
