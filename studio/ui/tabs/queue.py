"""The Queue tab: what runs, waits and has ended. All of it is the page's own element."""

import gradio as gr

from studio.ui.context import TabContext


def build(context: TabContext) -> None:
    """Build the tab."""
    gr.HTML("<studio-queue></studio-queue>", apply_default_css=False, padding=False)
