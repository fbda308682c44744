"""`studio user`: who may log in to the web interface."""

import sys

import click

from studio.cli.accounts import open_accounts
from studio.cli.command import Group, WrongUseError, option
from studio.cli.context import Session
from studio.cli.rows import format_day


@click.group("user", cls=Group)
def command() -> None:
    """Add, list and remove users of the web interface."""


@command.command("add")
@click.argument("name", metavar="NAME")
@option("--admin", "is_admin", is_flag=True, help="Sees and touches everybody's jobs and assets.")
@option("--password-stdin", "from_stdin", is_flag=True,
        help="Read the password from standard input.")  # fmt: skip
@click.pass_obj
def add_user(session: Session, name: str, is_admin: bool, from_stdin: bool) -> None:
    """Add a user; from then on everybody has to log in."""
    with open_accounts(session) as accounts:
        accounts.check_free(name)
        user = accounts.add_user(name, read_password(session, from_stdin), is_admin=is_admin)
    if session.out.as_json:
        session.out.data({"name": user.name, "is_admin": user.is_admin})
    session.say("user {name} is there", name=user.name)


@command.command("list")
@click.pass_obj
def list_users(session: Session) -> None:
    """List the users."""
    with open_accounts(session) as accounts:
        users = accounts.list_users()
    if session.out.as_json:
        session.out.data([vars(user) for user in users])
        return
    rows = [(user.name, user.is_admin, format_day(user.created)) for user in users]
    session.table(("name", "admin", "since"), rows)


@command.command("remove")
@click.argument("name", metavar="NAME")
@click.pass_obj
def remove_user(session: Session, name: str) -> None:
    """Remove a user with sessions and tokens; jobs and assets stay."""
    with open_accounts(session) as accounts:
        accounts.remove_user(name)
    if session.out.as_json:
        session.out.data({"removed": name})
    session.say("user {name} is gone; what it made stays", name=name)


@command.command("password")
@click.argument("name", metavar="NAME")
@option("--password-stdin", "from_stdin", is_flag=True,
        help="Read the password from standard input.")  # fmt: skip
@click.pass_obj
def change_password(session: Session, name: str, from_stdin: bool) -> None:
    """Give a user another password, and log it out everywhere."""
    with open_accounts(session) as accounts:
        accounts.get_user(name)
        accounts.set_password(name, read_password(session, from_stdin))
    if session.out.as_json:
        session.out.data({"changed": name})
    session.say("user {name} has another password", name=name)


def read_password(session: Session, from_stdin: bool) -> str:
    """Ask for a password twice, or read a line.

    Raises:
        WrongUseError: there is nobody to ask.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise WrongUseError("nobody is here to type a password; give --password-stdin")
    answer: str = click.prompt(
        session.text("Password"),
        hide_input=True,
        confirmation_prompt=session.text("Again"),
        err=True,
    )
    return answer
