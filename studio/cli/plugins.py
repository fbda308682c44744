"""`studio plugins`."""

from importlib import import_module

import click

from studio.cli.command import Command, option
from studio.cli.context import Session


@click.command("plugins", cls=Command)
@option("--refresh", is_flag=True, help="Ask every plugin again, though nothing changed.")
@click.pass_obj
def command(session: Session, refresh: bool) -> None:
    """List the plugins and how they fare.

    One that cannot be loaded costs only its own line, which says why.
    """
    if refresh:
        import_module("studio.worker.describe").load_registry(session.load_config(), refresh=True)
    studio = session.studio
    plugins = [*studio.strikes.mark(studio.registry.plugins), *studio.plugins.plugins]
    if session.out.as_json:
        session.out.data([plugin.model_dump(mode="json") for plugin in plugins])
        return
    rows = [
        (
            plugin.name,
            plugin.distribution,
            plugin.version,
            plugin.environment,
            session.text(plugin.status),
            plugin.cause or ", ".join(plugin.generators),
        )
        for plugin in plugins
    ]
    session.table(
        ("plugin", "distribution", "version", "environment", "state", "generators or cause"), rows
    )
