"""The page is built; a tab that raises is shown in its place; nothing heavy comes along."""

import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import gradio as gr
import pytest
from starlette.testclient import TestClient

from studio.host_plugins import HostPlugins
from studio.server.settings import ServerSettings
from studio.server.shelf import Shelf
from studio.server.static import build_shelf, get_folder
from studio.ui import build_page
from studio.ui.bundle import CONTROLS, list_controls, list_modules
from studio.ui.page import build_head, calm_queue
from studio.ui.shell import Place, build_blocks, build_place
from studio.ui.styles import build_styles, iterate_rules, strengthen
from studio.ui.words import build_words, note_words

TABS = ("create", "library", "queue", "pipelines", "train", "system")


def find_texts(blocks):
    return json.dumps(blocks.get_config_file(), default=str)


@pytest.fixture(scope="module")
def blocks(studio):
    return build_blocks(studio, note_words(set()))


def test_every_tab_is_there_and_none_failed(blocks):
    tabs = [block.id for block in blocks.blocks.values() if isinstance(block, gr.Tab)]
    assert [tab for tab in tabs if tab in TABS] == list(TABS)
    assert "s-failed" not in find_texts(blocks)


def test_elements_bring_their_own_look(blocks):
    ours = [block for block in blocks.blocks.values() if isinstance(block, gr.HTML)]
    assert ours and not any(block.apply_default_css for block in ours)


def test_events_are_private(blocks):
    assert {fn.api_visibility for fn in blocks.fns.values()} <= {"private", "undocumented"}


def test_an_idle_page_does_not_look_into_its_queue_all_the_time():
    with gr.Blocks() as blocks:
        gr.Textbox()
    calm_queue(blocks)
    waits = [value for name, value in vars(blocks._queue).items() if "sleep_when_free" in name]
    assert len(waits) == 2 and min(waits) >= 0.05


def test_a_broken_tab_is_shown_in_its_place(studio, make_plugin, use_plugins, monkeypatch):
    source = """
from studio.hookspecs import hookimpl

def build_bad(context):
    import gradio as gr
    gr.Markdown("half of it")
    raise ValueError("<b>no</b>")

def build_good(context):
    import gradio as gr
    gr.Markdown("all is well")

@hookimpl
def register_tabs(register):
    register("Bad", build_bad)
    register("Good", build_good)
"""
    use_plugins(make_plugin("tabs", source, group="studio.host"))
    monkeypatch.setattr(studio, "plugins", HostPlugins())
    blocks = build_blocks(studio, note_words(set()))
    text = find_texts(blocks)
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text
    assert "all is well" in text
    labels = [block.label for block in blocks.blocks.values() if isinstance(block, gr.Tab)]
    assert labels[-2:] == ["Bad", "Good"]


def test_a_tab_that_wants_to_end_the_program_does_not():
    def build(context):
        raise SystemExit(3)

    with gr.Blocks() as blocks:
        build_place(Place("odd", "Odd", build), None)
    assert "s-failed" in find_texts(blocks)


def test_the_page_is_served(studio):
    app = build_page(studio, ServerSettings())
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        page = client.get("/")
        assert page.status_code == 200 and "gradio_config" in page.text
        for address in ("/static/page.css", "/static/main.js", "/static/core.js",
                        "/static/fonts/IBMPlexSans/IBMPlexSans-Bold.woff2"):  # fmt: skip
            assert client.get(address).status_code == 200, address
        styles = client.get("/static/page.css")
        again = client.get("/static/page.css", headers={"If-None-Match": styles.headers["ETag"]})
        assert again.status_code == 304
        assert client.get("/api/v1/generators").status_code == 200


def test_every_module_of_the_page_is_named_at_once_and_kept(studio):
    """A browser that finds out for itself asks level by level; and asks again every time."""
    shelf = build_shelf()
    needed = set(list_modules(shelf, "main.js"))
    on_disk = {name for name in shelf.names if name.endswith(".js")}
    later = on_disk - needed - {"login.js"}
    assert all(name.startswith("viewer-") for name in later), "only of the kinds that are shown"
    head = build_head(shelf)
    assert all(f'rel="modulepreload" href="{get_folder(shelf)}/{name}"' in head for name in needed)
    app = build_page(studio, ServerSettings())
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        for_ever = "public, max-age=31536000, immutable"
        ours = client.get(f"{get_folder(shelf)}/main.js")
        assert ours.headers["cache-control"] == for_ever
        assert client.get("/static-0/main.js").headers["cache-control"] == "no-cache"
        theirs = re.search(r'src="\./(assets/index-[\w-]+\.js)"', client.get("/").text)[1]
        packed = {"Accept-Encoding": "gzip", "X-Forwarded-For": "192.0.2.7"}
        for address in (f"/{theirs}", f"{get_folder(shelf)}/viewer.js"):
            near, far = client.get(address), client.get(address, headers=packed)
            assert near.headers["cache-control"] == far.headers["cache-control"] == for_ever
            assert "content-encoding" not in near.headers
            assert far.headers["content-encoding"] == "gzip"
            assert near.text == far.text
        assert client.get("/assets/nothing.js").status_code == 404
        for name in ("..%2findex.html", "%2e%2e%2findex.html"):  # no name: Gradio refuses it
            assert client.get(f"/assets/{name}").status_code == 403, name


def test_the_page_carries_no_more_words_than_it_shows(studio):
    used = set()
    build_blocks(studio, note_words(used))
    assert set(TABS) <= {word.lower() for word in used}
    assert len(used) < 20
    tables = build_words(used).translations
    assert tables["es"]["Library"] == "Biblioteca"
    assert set(tables["en"]) == used >= set(tables["es"])


def test_a_form_does_not_cost_the_import_of_matplotlib():
    assert type(gr.utils.MatplotlibBackendMananger()) is nullcontext
    assert os.environ["MPLBACKEND"]


def test_the_controls_of_forms_are_fetched_before_the_form():
    frontend = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    assert len(list_controls(Shelf(frontend))) == len(CONTROLS)


def test_nothing_is_loaded_from_elsewhere():
    assert "//" not in build_head(build_shelf()).replace("/static/", "")
    assert "http" not in build_styles()


def test_rules_are_put_below_the_root():
    text = """
    /* a { } */
    .s-a { color: red } .s-b:is(p, q) > c { margin: 0 }
    @media (max-width: 9px) { .s-a { color: blue } }
    @keyframes turn { from { top: 0 } to { top: 1px } }
    :root { --s-x: 1 }
    """
    rules = list(iterate_rules(strengthen(text)))
    assert [rule.startswith(":root {") for rule in rules] == [True, True, True, False, True]
    assert rules[0] == ":root { .s-a { color: red } }"
    assert rules[3].startswith("@keyframes turn")


def test_words_are_those_of_the_table():
    tables = build_words({"Library", "Queue"}).translations_dict
    assert set(tables["en"]) == set(tables["es"])
    assert all(text == key for key, text in tables["en"].items())


def test_no_torch_and_little_memory():
    script = """
import sys
from studio import Studio
from studio.server.settings import ServerSettings
from studio.server.static import build_shelf, get_folder
from studio.ui import build_page
from studio.ui.bundle import CONTROLS, list_controls, list_modules
import tempfile
with tempfile.TemporaryDirectory() as home, Studio(home, workers="process") as studio:
    build_page(studio, ServerSettings())
from gradio.component_meta import create_or_modify_pyi
assert create_or_modify_pyi.__module__ == "studio.ui.gradio_import"  # it is not waited for
heavy = [n for n in ("torch", "scipy", "skimage", "diffusers", "transformers") if n in sys.modules]
with open("/proc/self/status") as file:
    rss = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
print(heavy, rss // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=180, check=True
    )
    heavy, _, rss = done.stdout.strip().rpartition(" ")
    assert heavy == "[]"
    assert int(rss) <= 350
