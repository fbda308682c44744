"""`studio fsck`."""

import dataclasses

import click

from studio.cli.command import Command, option
from studio.cli.context import get_session
from studio.cli.exits import ExitCode


@click.command("fsck", cls=Command)
@option("--deep", is_flag=True, help="Read every file and compare its hash.")
@option("--repair", is_flag=True, help="Move what is wrong to the quarantine.")
@click.pass_context
def command(context: click.Context, deep: bool, repair: bool) -> None:
    """Look for damage in the library.

    Nothing is ever deleted: repair moves damaged and orphaned files to the folder `quarantine` of
    the home. Leaves with 1 if something is wrong and was not repaired.
    """
    session = get_session(context)
    result = session.studio.assets.check(deep=deep, repair=repair)
    if session.out.as_json:
        session.out.data(dataclasses.asdict(result) | {"is_clean": result.is_clean})
    else:
        rows = [
            (session.text(p.kind), p.subject, session.text(p.advice), p.repaired)
            for p in result.problems
        ]
        if rows:
            session.table(("problem", "what", "advice", "repaired"), rows)
        session.say(
            "{assets} assets and {files} files looked at, {problems} problems",
            assets=result.assets,
            files=result.files,
            problems=len(result.problems),
        )
    if any(not problem.repaired for problem in result.problems):
        context.exit(ExitCode.FAILED)
