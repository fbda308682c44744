"""The Train tab: the page's elements, and between them the controls of one trainer."""

import gradio as gr

from studio.ui.choice_form import build_choice
from studio.ui.context import TabContext


def build(context: TabContext) -> None:
    """Build the tab."""
    gr.HTML("<studio-train></studio-train>", apply_default_css=False, padding=False)
    build_choice(context, "train", lambda name: context.studio.registry.get(name).params_schema)
    gr.HTML("<studio-train-start></studio-train-start>", apply_default_css=False, padding=False)
