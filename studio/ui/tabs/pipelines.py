"""The Pipelines tab: the page's elements, and between them the controls of one pipeline."""

import gradio as gr

from studio.errors import PipelineError
from studio.ui.choice_form import build_choice
from studio.ui.context import TabContext
from studio.ui.form import Field, build_fields


def build(context: TabContext) -> None:
    """Build the tab."""
    gr.HTML("<studio-pipelines></studio-pipelines>", apply_default_css=False, padding=False)
    build_choice(context, "pipeline", lambda name, _: _find_fields(context, name))
    gr.HTML(
        "<studio-pipeline-start></studio-pipeline-start>", apply_default_css=False, padding=False
    )


def _find_fields(context: TabContext, name: str) -> list[Field]:
    """Return the fields of a pipeline's form; the page may not name a file."""
    book = context.studio.pipelines
    if not book.knows(name):
        raise PipelineError("no pipeline '{name}'", name=name)
    return build_fields(book.get(name).params_schema)
