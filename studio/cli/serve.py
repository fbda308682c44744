"""`studio serve`."""

import os
import sys
import threading
import webbrowser
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from studio.cli.command import Command, option
from studio.cli.context import Session
from studio.errors import StudioError

NEEDED = ("argon2", "fastapi", "gradio", "python_multipart", "uvicorn")
"""What the extra `ui` brings."""


@click.command("serve", cls=Command)
@option("--host", default="127.0.0.1", metavar="NAME", help="Address to listen on.")
@option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7860,
    metavar="N",
    help="Port to listen on; 0 takes a free one.",
)
@option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A host name browsers use for this server, if not the address; repeat it.",
)
@option("--https", "is_https", is_flag=True, help="A proxy in front speaks HTTPS.")
@option("--mcp", is_flag=True, help="Offer tools to assistants at /mcp.")
@option(
    "--upload-limit",
    type=click.IntRange(min=1),
    default=2048,
    metavar="MIB",
    help="How much one upload may bring.",
)
@option("--open/--no-open", "opens", default=True, help="Show it in the browser.")
@click.pass_obj
def command(session: Session, /, opens: bool, upload_limit: int, **given: Any) -> None:
    """Serve the web interface.

    Only this machine can reach it, unless another address is given; then there must be users:
    `studio user add`. Ctrl-C ends it; what is queued goes on when it is started again.
    """
    check_installed()

    def greet(url: str) -> None:
        if session.out.as_json:
            session.out.data({"url": url})
        session.say("Studio is at {url}  (Ctrl-C ends it)", url=url)
        if opens and has_display():
            threading.Thread(target=open_browser, args=(url,), daemon=True).start()

    import_module("studio.ui").serve(
        session.studio, on_ready=greet, largest_upload=upload_limit << 20, **given
    )


def check_installed() -> None:
    """Refuse where the web interface cannot run.

    Raises:
        StudioError: a library is missing.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise StudioError(
            "the web interface needs {missing}; install it with: "
            "pip install 'generative-media-studio[ui]'",
            missing=", ".join(missing),
        )


def has_display() -> bool:
    """Tell whether a browser could show anything here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> None:
    """Show the page; a machine without a browser is fine too."""
    with suppress(Exception):
        webbrowser.open(url)
