"""`studio doctor`."""

import dataclasses

import click

from studio.app import doctor
from studio.app.doctor import BROKEN, Finding
from studio.cli.command import Command
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.errors import StudioError


@click.command("doctor", cls=Command)
@click.pass_context
def command(context: click.Context, /) -> None:
    """Say what this installation has and what it lacks.

    Each line that is not ok names the command that mends it. Leaves with 4 if something that
    everything needs is broken.
    """
    session = get_session(context)
    findings = collect_findings(session)
    if session.out.as_json:
        session.out.data([dataclasses.asdict(finding) for finding in findings])
    else:
        rows = [(session.text(f.name), session.text(f.state), f.detail, f.remedy) for f in findings]
        session.table(("what", "state", "detail", "mend it with"), rows)
        bad = sum(finding.state == BROKEN for finding in findings)
        if bad:
            session.say("{count} things are broken", count=bad)
        else:
            session.say("nothing is broken")
    if any(finding.state == BROKEN for finding in findings):
        context.exit(ExitCode.BROKEN)


def collect_findings(session: Session) -> list[Finding]:
    """Look at everything; a home that cannot be opened is a finding too."""
    try:
        studio = session.studio
    except StudioError as error:
        home = Finding("home", BROKEN, session.describe(error), "--home, STUDIO_HOME")
        return [doctor.check_python(), *doctor.check_libraries(), home]
    return doctor.collect_findings(studio)
