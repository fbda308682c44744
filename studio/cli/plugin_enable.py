"""`studio plugin enable`."""

import click

from studio.cli.command import Command
from studio.cli.context import Session


@click.command("enable", cls=Command)
@click.argument("name", metavar="NAME")
@click.pass_obj
def command(session: Session, name: str) -> None:
    """Let a plugin run again that was suspended because it kept ending its worker."""
    was_suspended = session.studio.strikes.enable(name)
    if session.out.as_json:
        session.out.data({"plugin": name, "was_suspended": was_suspended})
    elif was_suspended:
        session.say("plugin {name} may run again", name=name)
    else:
        session.say("plugin {name} was not suspended", name=name)
