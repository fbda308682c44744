"""`studio serve`."""

from importlib import import_module
from importlib.util import find_spec

import click

from studio.cli.command import Command, option
from studio.cli.context import Session
from studio.errors import StudioError


@click.command("serve", cls=Command)
@option("--host", default="127.0.0.1", metavar="NAME", help="Address to listen on.")
@option("--port", type=int, default=7860, metavar="N", help="Port to listen on.")
@click.pass_obj
def command(session: Session, host: str, port: int) -> None:
    """Serve the web interface."""
    if find_spec("studio.ui") is None:
        raise StudioError(
            "the web interface is not installed; every command works without it: `studio --help`"
        )
    import_module("studio.ui").serve(session.studio, host=host, port=port)
