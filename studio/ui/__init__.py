"""The web studio: a Gradio page on the application of `studio.server`. Holds no state."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.app.studio import Studio
    from studio.server.settings import ServerSettings

OnReady = Callable[[str], None]
"""Called with the address once requests are answered."""


def build_page(studio: "Studio", settings: "ServerSettings") -> "FastAPI":
    """Build the whole application: the server, with the page mounted at "/"."""
    from studio.ui.gradio_import import import_gradio

    import_gradio()  # before anything else of the page does
    from studio.server.app import build_app
    from studio.ui.page import mount_page

    app = build_app(studio, settings)
    mount_page(app, studio, settings)
    return app


def serve(studio: "Studio", *, on_ready: OnReady | None = None, **settings: Any) -> None:
    """Serve a home until it is interrupted.

    Args:
        studio: the home; whoever calls closes it.
        on_ready: told the address once requests are answered.
        **settings: fields of `studio.server.settings.ServerSettings`: host, port, ...

    Raises:
        StudioError: others could come in without a login, or the port cannot be had.
    """
    from studio.server.run import serve_home
    from studio.server.settings import ServerSettings

    serve_home(studio, build_page, ServerSettings(**settings), on_ready)
