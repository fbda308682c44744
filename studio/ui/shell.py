"""The page: header, tabs, and the box through which its elements ask a form for something."""

import html
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import gradio as gr

from studio.app.studio import Studio
from studio.plugins import describe_exception
from studio.server.access import Languages
from studio.ui.context import TabContext, Word

_log = logging.getLogger("studio.ui")

Build = Callable[[TabContext], Any]


@dataclass(frozen=True)
class Place:
    """A tab before it is built: `name` in the address, and the module that builds it."""

    name: str
    label: Any
    build: Build


def build_blocks(studio: Studio, word: Word, languages: Languages | None = None) -> gr.Blocks:
    """Build the page of a home; what a tab raises is shown in its place."""
    languages = languages or Languages(studio.config.language)
    blocks: gr.Blocks
    with gr.Blocks(title="Studio", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML("<studio-header></studio-header>", elem_id="studio-top")
        order = gr.Textbox(
            elem_id="studio-order", elem_classes="s-off", show_label=False, container=False
        )
        context = TabContext(studio=studio, word=word, order=order, languages=languages)
        with gr.Tabs(selected="create", elem_id="studio-tabs"):
            for place in [*list_places(word), *list_plugin_places(studio)]:
                with gr.Tab(place.label, id=place.name, elem_id=f"tab-{place.name}"):
                    build_place(place, context)
    for block in blocks.blocks.values():
        if isinstance(block, gr.HTML):
            block.apply_default_css = False  # our elements bring their own look
    return blocks


def list_places(word: Word) -> list[Place]:
    """Return our own tabs, those that are there."""
    labels = {
        "create": word("Create"),
        "library": word("Library"),
        "queue": word("Queue"),
        "pipelines": word("Pipelines"),
        "train": word("Train"),
        "system": word("System"),
    }
    return [
        Place(name, label, _find_build(name))
        for name, label in labels.items()
        if find_spec(f"studio.ui.tabs.{name}")
    ]


def list_plugin_places(studio: Studio) -> list[Place]:
    """Return the tabs of plugins, in the order in which they were found."""
    return [
        Place(f"plugin-{number}", name, build)
        for number, (name, build) in enumerate(studio.plugins.find_tabs(), start=1)
    ]


def build_place(place: Place, context: TabContext) -> None:
    """Build a tab, or say in its place why it could not be built."""
    with gr.Column(elem_classes="s-place") as column:
        try:
            place.build(context)
            return
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:
            _log.exception("tab '%s' could not be built", place.name)
            cause = html.escape(describe_exception(error))
    column.visible = False  # half a tab is none
    text = '<studio-text text="This tab could not be built"></studio-text>'
    gr.HTML(f'<div class="s-empty s-failed" role="alert"><h2>{text}</h2><code>{cause}</code></div>')


def _find_build(name: str) -> Build:
    """Import a tab when it is built, so that its failure is its own."""

    def build(context: TabContext) -> None:
        import_module(f"studio.ui.tabs.{name}").build(context)

    return build
