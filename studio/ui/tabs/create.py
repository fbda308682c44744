"""The tab "Create": choose a generator, fill in its form, see what becomes of it."""

import html
import json
from typing import Any

import gradio as gr

from studio.errors import StudioError
from studio.translation import Translator
from studio.ui.context import TabContext
from studio.ui.form_components import build_form, describe_fields, place_form
from studio.ui.spec_fields import build_spec_fields


def build(context: TabContext) -> None:
    """Build the tab. The elements of `assets/ui/create*.js` do everything but the controls."""
    with gr.Row(elem_id="studio-create", elem_classes="s-create"):
        with gr.Column(elem_classes="s-create-form", scale=0, min_width=400):
            gr.HTML("<studio-chooser></studio-chooser>", elem_classes="s-plain")
            gr.HTML("<studio-slots></studio-slots>", elem_classes="s-plain")
            gr.HTML("<studio-presets></studio-presets>", elem_classes="s-plain")
            choice = gr.Textbox(
                elem_id="studio-choice", elem_classes="s-off", show_label=False, container=False
            )
            with gr.Column(elem_classes="s-fields"):
                _render_form(context, choice)
            gr.HTML("<studio-sweep></studio-sweep>", elem_classes="s-plain")
            gr.HTML("<studio-submit></studio-submit>", elem_classes="s-plain s-create-submit")
        with gr.Column(elem_classes="s-create-result", min_width=320):
            gr.HTML("<studio-viewer></studio-viewer>", elem_classes="s-plain s-create-viewer")
            gr.HTML("<studio-jobs></studio-jobs>", elem_classes="s-plain s-create-jobs")


def _render_form(context: TabContext, choice: gr.Textbox) -> None:
    """Build the controls anew whenever the page asks for another generator or other values."""

    @gr.render(  # type: ignore[untyped-decorator]
        inputs=choice,
        triggers=[choice.change],
        show_progress="hidden",
        queue=False,
        concurrency_limit=None,
    )
    def render(chosen: str, request: gr.Request) -> None:
        asked = _read_choice(chosen)
        if not asked:
            return
        translator = context.get_translator(request)
        try:
            spec = context.studio.registry.get(asked["generator"])
        except StudioError as error:
            _say_fault(translator, error)
            return
        say = translator.of(spec.entry_point).text
        fields = build_spec_fields(context, spec, asked["params"])
        told = {"form": spec.id, "fields": describe_fields(fields), "at": asked["at"]}
        data = html.escape(json.dumps(told))
        with place_form(asked["turn"]):
            build_form(spec.id, fields, asked["params"], say)
            gr.HTML(f'<studio-form data="{data}"></studio-form>', elem_classes="s-plain")


def _read_choice(text: str) -> dict[str, Any] | None:
    """Read what the page asks for; what it could not have sent is ignored."""
    try:
        asked = json.loads(text)
        return {
            "generator": str(asked["generator"]),
            "params": dict(asked.get("params") or {}),
            "turn": int(asked.get("turn", 0)),
            "at": asked["at"],
        }
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError):
        return None


def _say_fault(translator: Translator, error: StudioError) -> None:
    gr.Markdown(translator.error(error), elem_classes="s-fault")
