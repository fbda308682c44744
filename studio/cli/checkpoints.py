"""`studio checkpoints`: list, add, verify, remove, approve."""

import dataclasses
from functools import partial

import click

from studio.cli.command import Group, option
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.output import format_size
from studio.cli.progress import open_meter


@click.group("checkpoints", cls=Group)
def command() -> None:
    """List, add, verify, approve and remove checkpoints."""


@command.command("list")
@option("--hash", "hashed", is_flag=True, help="Read the files whose hash is not known yet.")
@click.pass_obj
def list_checkpoints(session: Session, hashed: bool) -> None:
    """List the checkpoints on this machine, and which generators take them."""
    found = session.studio.checkpoints.list(hashed=hashed)
    if session.out.as_json:
        session.out.data([dataclasses.asdict(info) for info in found])
        return
    rows = [
        (
            info.name,
            info.source,
            format_size(info.size),
            (info.sha256 or "-")[:12],
            info.licence or "-",
            info.generators,
            info.problem or info.path,
        )
        for info in found
    ]
    session.table(("checkpoint", "source", "size", "hash", "licence", "generators", "path"), rows)


@command.command("add")
@click.argument("source", metavar="PATH_OR_HUB_ID")
@option("--revision", default="", metavar="NAME", help="Branch, tag or commit of a hub id.")
@option("--copy", is_flag=True, help="Copy a file or folder into the home.")
@click.pass_obj
def add_checkpoint(session: Session, source: str, revision: str, copy: bool) -> None:
    """Make a file or folder known, or fetch a hub id.

    A hub id is `owner/name`, `owner/name@revision` or `owner/name:file`; it is pinned to the
    commit it has now. An interrupted fetch goes on where it was.

    $ studio checkpoints add owner/name:model.safetensors
    """
    with open_meter(session) as meter:
        info = session.studio.checkpoints.add(
            source,
            revision,
            copy=copy,
            on_progress=partial(meter.show, source, source),
        )
    if session.out.as_json:
        session.out.data(dataclasses.asdict(info))
    session.say("{name}: {size}, sha256 {sha256}, {path}", name=info.name,
                size=format_size(info.size), sha256=info.sha256, path=info.path)  # fmt: skip


@command.command("verify")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.pass_context
def verify_checkpoints(context: click.Context, names: tuple[str, ...]) -> None:
    """Read checkpoints again and compare their hashes; leaves with 1 if one differs."""
    session = get_session(context)
    with open_meter(session) as meter:
        results = [
            session.studio.checkpoints.verify(name, partial(meter.show, name, name))
            for name in names
        ]
    if session.out.as_json:
        session.out.data([dataclasses.asdict(result) for result in results])
    else:
        rows = [
            (result.name, session.text(result.problem or "ok"), result.sha256) for result in results
        ]
        session.table(("checkpoint", "state", "hash"), rows)
    if not all(result.is_ok for result in results):
        context.exit(ExitCode.FAILED)


@command.command("remove")
@click.argument("name", metavar="NAME")
@click.pass_obj
def remove_checkpoint(session: Session, name: str) -> None:
    """Delete a checkpoint from the home; one that lives elsewhere is only forgotten."""
    path = session.studio.checkpoints.remove(name)
    if session.out.as_json:
        session.out.data({"removed": name, "deleted": path})
    elif path:
        session.say("{path} deleted", path=path)
    else:
        session.say("{name} forgotten; its files stay", name=name)


@command.command("approve")
@click.argument("sha256", metavar="SHA256")
@click.pass_obj
def approve_checkpoint(session: Session, sha256: str) -> None:
    """Trust a file that is not safetensors; it may run any program when it is loaded."""
    session.studio.checkpoints.approve(sha256)
    if session.out.as_json:
        session.out.data({"approved": sha256})
    session.say("{sha256} is trusted", sha256=sha256)
