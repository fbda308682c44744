"""The Train tab: the page's elements, and between them the controls of one trainer."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from studio.ui.choice_form import build_choice
from studio.ui.context import TabContext
from studio.ui.form import Field
from studio.ui.spec_fields import build_spec_fields


def build(context: TabContext) -> None:
    """Build the tab."""
    gr.HTML("<studio-train></studio-train>", apply_default_css=False, padding=False)
    build_choice(context, "train", lambda name, given: _find_fields(context, name, given))
    gr.HTML("<studio-train-start></studio-train-start>", apply_default_css=False, padding=False)


def _find_fields(context: TabContext, name: str, given: Mapping[str, Any]) -> list[Field]:
    return build_spec_fields(context, context.studio.registry.get(name), given)
