"""Controls that the page asks for by a name: pipelines and trainers share them."""

import html
import json
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from studio.errors import StudioError
from studio.ui.context import TabContext
from studio.ui.form import Field
from studio.ui.form_components import build_form, describe_fields, place_form

FindFields = Callable[[str, Mapping[str, Any]], list[Field]]
"""(name, what the form holds) -> its fields; raises StudioError."""


def build_choice(context: TabContext, name: str, find_fields: FindFields) -> None:
    """Build a hidden box and the controls of what the page writes into it.

    Args:
        context: of the tab.
        name: prefix of the ids: box `#studio-NAME-choice`, column `#studio-NAME-form`.
        find_fields: what to build controls for.
    """
    choice = gr.Textbox(
        elem_id=f"studio-{name}-choice", elem_classes="s-off", show_label=False, container=False
    )
    with gr.Column(elem_id=f"studio-{name}-form", elem_classes="s-fields"):
        _render(context, name, choice, find_fields)


def _render(context: TabContext, name: str, choice: gr.Textbox, find_fields: FindFields) -> None:
    @gr.render(  # type: ignore[untyped-decorator]
        inputs=choice,
        triggers=[choice.change],
        show_progress="hidden",
        queue=False,
        concurrency_limit=None,
    )
    def render(chosen: str, request: gr.Request) -> None:
        asked = _read_choice(chosen)
        if asked is None:
            return
        # A pipeline has no plugin: its texts are anybody's.
        translator = context.get_translator(request).of(asked["name"].partition(".")[0])
        try:
            fields = find_fields(asked["name"], asked["params"])
        except StudioError as error:
            gr.Markdown(translator.error(error), elem_classes="s-fault")
            return
        with place_form(asked["turn"]):
            build_form(asked["form"], fields, asked["params"], translator.text, prefix=name)
            told = {"form": asked["form"], "fields": describe_fields(fields), "at": asked["at"]}
            data = html.escape(json.dumps(told))
            gr.HTML(
                f'<studio-fields data="{data}"></studio-fields>',
                apply_default_css=False,
                padding=False,
            )


def _read_choice(text: str) -> dict[str, Any] | None:
    """Read what the page asks for; what it could not have sent is ignored."""
    try:
        asked = json.loads(text)
        return {
            "name": str(asked["name"]),
            "form": str(asked["form"]),
            "params": dict(asked.get("params") or {}),
            "turn": int(asked.get("turn", 0)),
            "at": asked["at"],
        }
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
        return None
