"""`studio token`: how programs come in."""

import click

from studio.cli.accounts import open_accounts
from studio.cli.command import Group, option
from studio.cli.context import Session
from studio.cli.rows import format_day


@click.group("token", cls=Group)
def command() -> None:
    """Make, list and remove tokens, with which programs use the web interface."""


@command.command("add")
@click.argument("user", metavar="USER")
@option("--label", default="", metavar="TEXT", help="What it is for.")
@click.pass_obj
def add_token(session: Session, user: str, label: str) -> None:
    """Make a token of a user; it is shown once and cannot be found out again.

    A program sends it as `Authorization: Bearer TOKEN`.
    """
    with open_accounts(session) as accounts:
        token, secret = accounts.add_token(user, label)
    if session.out.as_json:
        session.out.data({"id": token.id, "user": token.user, "token": secret})
    else:
        session.out.line(secret)
    session.note("keep it now: it is not shown again; `studio token remove {id}` ends it",
                 id=token.id)  # fmt: skip


@command.command("list")
@click.pass_obj
def list_tokens(session: Session) -> None:
    """List the tokens, without their secrets."""
    with open_accounts(session) as accounts:
        tokens = accounts.list_tokens()
    if session.out.as_json:
        session.out.data([vars(token) for token in tokens])
        return
    rows = [(t.id, t.user, t.label or "-", format_day(t.created)) for t in tokens]
    session.table(("id", "user", "label", "since"), rows)


@command.command("remove")
@click.argument("id", metavar="ID")
@click.pass_obj
def remove_token(session: Session, id: str) -> None:
    """Remove a token; whoever uses it is out at once."""
    with open_accounts(session) as accounts:
        accounts.remove_token(id)
    if session.out.as_json:
        session.out.data({"removed": id})
    session.say("token {id} is gone", id=id)
