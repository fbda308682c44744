"""`studio plugin`: new, check, env and enable."""

from importlib import import_module
from pathlib import Path

import click

from studio.cli.command import Group, option
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.plugin_enable import command as enable_command
from studio.cli.plugin_env import command as env_command


@click.group("plugin", cls=Group)
def command() -> None:
    """Write, check and enable plugins, and give them a Python of their own."""


command.add_command(env_command)
command.add_command(enable_command)


@command.command("new")
@click.argument("name", metavar="NAME")
@option("--folder", type=click.Path(path_type=Path), default=".", metavar="FOLDER",
        help="Where its folder is made; here if not given.")  # fmt: skip
@click.pass_obj
def new_plugin(session: Session, name: str, folder: Path) -> None:
    """Write the skeleton of a plugin that works.

    $ studio plugin new noise && pip install -e studio-noise && studio plugin check noise
    """
    paths: list[Path] = import_module("studio.kit").write_skeleton(name, folder)
    if session.out.as_json:
        session.out.data([str(path) for path in paths])
        return
    for path in paths:
        session.out.line(str(path))


@command.command("check")
@click.argument("name", metavar="NAME")
@click.pass_context
def check_plugin(context: click.Context, name: str) -> None:
    """Check that every generator of an installed plugin keeps the contract."""
    session = get_session(context)
    rows = import_module("studio.testing").check_plugin(name, config=session.studio.config)
    if session.out.as_json:
        session.out.data([vars(row) for row in rows])
    else:
        table = [
            (row.generator, session.text(row.check), session.text("ok" if row.passed else "failed"),
             row.detail)
            for row in rows
        ]  # fmt: skip
        session.table(("generator", "check", "result", "detail"), table)
    if not all(row.passed for row in rows):
        context.exit(ExitCode.FAILED)
