"""`studio mcp`."""

from importlib import import_module
from importlib.util import find_spec

import click

from studio.cli.command import Command
from studio.cli.context import Session
from studio.errors import StudioError


@click.command("mcp", cls=Command)
@click.pass_obj
def command(session: Session) -> None:
    """Offer the studio to an assistant, as tools on standard input and output.

    For programs that speak the Model Context Protocol: name `studio mcp` as the command of a
    server in their settings. `studio serve --mcp` offers the same at /mcp.
    """
    if find_spec("fastapi") is None or find_spec("mcp") is None:
        raise StudioError(
            "the tools for assistants need mcp and fastapi; install them with: "
            "pip install 'generative-media-studio[ui,mcp]'"
        )
    import_module("studio.server.mcp_http").serve_stdio(session.studio)
