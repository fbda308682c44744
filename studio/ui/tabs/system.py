"""The System tab: plugins, devices, disk, checkpoints, licences, and what is amiss."""

import gradio as gr

from studio.ui.context import TabContext


def build(context: TabContext) -> None:
    """Build the tab."""
    gr.HTML("<studio-system></studio-system>", apply_default_css=False, padding=False)
