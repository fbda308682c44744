"""The page mounted on the server: theme, styles, scripts and words go in here."""

from contextlib import nullcontext
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from studio.app.studio import Studio
from studio.server.access import find_user
from studio.server.errors import NotFoundError
from studio.server.settings import ServerSettings
from studio.server.shelf import FOR_EVER, Shelf, send_item
from studio.server.static import get_folder
from studio.ui.bundle import build_links, list_controls, list_modules
from studio.ui.shell import build_blocks
from studio.ui.styles import ADDRESS, mount_styles
from studio.ui.theme import build_theme
from studio.ui.words import build_words, note_words

FIRST_MODULE = "main.js"
_REST = 0.05  # seconds between looks into Gradio's queue

_THEME_SCRIPT = (
    'try{const c=localStorage.getItem("studio-theme");'
    'document.documentElement.classList.toggle("dark",c?c==="dark":'
    'matchMedia("(prefers-color-scheme: dark)").matches)}catch{}'
)


def mount_page(app: FastAPI, studio: Studio, settings: ServerSettings) -> None:
    """Mount the page at "/"; everything else the server has keeps its address."""
    gradio_files = mount_gradio_files(app)
    mount_styles(app)
    _spare_matplotlib()
    used: set[str] = set()
    blocks = build_blocks(studio, note_words(used), app.state.door.languages)
    calm_queue(blocks)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        auth_dependency=find_user,
        show_error=True,
        max_file_size=settings.largest_upload,
        ssr_mode=False,
        enable_monitoring=False,
        i18n=build_words(used),
        theme=build_theme(),
        head=build_head(app.state.shelf) + build_links("/assets", list_controls(gradio_files)),
    )


def calm_queue(blocks: gr.Blocks) -> None:
    """Have Gradio look for queued events 20 times a second, as it does on Windows, not 1,000 times.

    Our own events do not wait there, and all that looking takes a tenth of a core, day and night.
    """
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        if hasattr(blocks._queue, name):
            setattr(blocks._queue, name, max(getattr(blocks._queue, name), _REST))


def _spare_matplotlib() -> None:
    """Keep Gradio from importing matplotlib, a second of the first form, to set its backend.

    That is what `gradio_import` does by an environment variable.
    """
    name = "MatplotlibBackendMananger"  # sic
    if hasattr(gr.utils, name):
        setattr(gr.utils, name, nullcontext)


def mount_gradio_files(app: FastAPI) -> Shelf:
    """Serve what Gradio's page asks for, before Gradio, which would pack each anew every time."""
    frontend = Path(gr.__file__).parent / "templates" / "frontend"
    for place, name in enumerate(("fonts", "img", "js")):
        files_of_it = StaticFiles(directory=frontend / "static" / name, check_dir=False)
        app.router.routes.insert(place, Mount(f"/static/{name}", files_of_it))
    shelf = Shelf(frontend / "assets")

    async def get_asset(request: Request) -> Response:
        item = shelf.find(request.path_params["name"])
        if item is None:
            raise NotFoundError("there is nothing at this address")
        return send_item(request, item, FOR_EVER)  # their names change with what is in them

    app.router.routes.insert(0, Route("/assets/{name}", get_asset))
    return shelf


def build_head(shelf: Shelf) -> str:
    """Return the markup that loads our styles and scripts."""
    folder = get_folder(shelf)
    return (
        f"<script>{_THEME_SCRIPT}</script>"
        f'<link rel="stylesheet" href="{ADDRESS}">'
        f"{build_links(folder, list_modules(shelf, FIRST_MODULE))}"
        f'<script type="module" src="{folder}/{FIRST_MODULE}"></script>'
    )
