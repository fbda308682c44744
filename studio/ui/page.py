"""The page mounted on the server: theme, styles, scripts and words go in here."""

import os
from pathlib import Path

# Before Gradio is imported: it calls home otherwise.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from studio.app.studio import Studio
from studio.server.access import find_user
from studio.server.settings import ServerSettings
from studio.ui.shell import build_blocks
from studio.ui.styles import ADDRESS, mount_styles
from studio.ui.theme import build_theme
from studio.ui.words import build_words

_THEME_SCRIPT = (
    'try{const c=localStorage.getItem("studio-theme");'
    'document.documentElement.classList.toggle("dark",c?c==="dark":'
    'matchMedia("(prefers-color-scheme: dark)").matches)}catch{}'
)


def mount_page(app: FastAPI, studio: Studio, settings: ServerSettings) -> None:
    """Mount the page at "/"; everything else the server has keeps its address."""
    mount_statics(app)
    mount_styles(app)
    words = build_words()
    gr.mount_gradio_app(
        app,
        build_blocks(studio, words),
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
        i18n=words,
        theme=build_theme(),
        head=build_head(),
    )


def mount_statics(app: FastAPI) -> None:
    """Serve what Gradio has below `/static/`, where our own files are too."""
    folder = Path(gr.__file__).parent / "templates" / "frontend" / "static"
    for place, name in enumerate(("fonts", "img", "js")):
        files_of_it = StaticFiles(directory=folder / name, check_dir=False)
        app.router.routes.insert(place, Mount(f"/static/{name}", files_of_it))


def build_head() -> str:
    """Return the markup that loads our styles and scripts."""
    return (
        f"<script>{_THEME_SCRIPT}</script>"
        f'<link rel="stylesheet" href="{ADDRESS}">'
        '<script type="module" src="/static/main.js"></script>'
    )
