"""`studio plugin env`: a Python of its own for a plugin."""

import sys
from importlib import import_module
from typing import Any

import click

from studio.cli.command import Command, WrongUseError, option
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.progress import open_meter
from studio.environments import (
    EnvironmentOrder,
    find_order,
    make_environment,
    remove_environment,
)


@click.command("env", cls=Command)
@click.argument("name", metavar="NAME")
@option("--requirements", type=click.Path(exists=True, dir_okay=False, resolve_path=True),
        metavar="FILE", help="Hash-locked requirements, every package named.")  # fmt: skip
@option("--plugin", "plugins", multiple=True, type=click.Path(exists=True, resolve_path=True),
        metavar="PATH", help="Folder or wheel of a plugin to install there; repeat.")  # fmt: skip
@option("--python", metavar="PATH", help="Python it is based on; this one if not given.")
@option("--remove", is_flag=True, help="Delete the environment.")
@click.pass_context
def command(context: click.Context, /, name: str, remove: bool, **given: Any) -> None:
    """Give plugins whose pins contradict those of others a Python of their own.

    It is made in the home, from a hash-locked requirements file; generators of the plugins in it
    appear beside all others. What was interrupted goes on with `studio plugin env NAME`.

    $ studio plugin env audiocraft --requirements lock.txt --plugin plugins/audiocraft
    """
    session = get_session(context)
    config = session.load_config()
    if remove:
        remove_environment(config, name)
        session.say("environment {name} removed", name=name)
        return
    order = choose_order(find_order(config, name), name, given)
    with open_meter(session) as meter:
        remarks = make_environment(
            config,
            order,
            lambda what, done, total: meter.show(name, f"{name}: {what}", done, total),
        )
    for remark in remarks:
        session.note("pip remarks: {remark}", remark=remark)
    if not report_plugins(session, name):
        context.exit(ExitCode.FAILED)


def choose_order(
    earlier: EnvironmentOrder | None, name: str, given: dict[str, Any]
) -> EnvironmentOrder:
    """Take what is given; what is not, as it was asked for the last time.

    Raises:
        WrongUseError: neither says what to install.
    """
    known = earlier or EnvironmentOrder(name)
    order = EnvironmentOrder(
        name,
        given["requirements"] or known.requirements,
        given["python"] or known.python or sys.executable,
        given["plugins"] or known.plugins,
    )
    if not order.requirements and not order.plugins:
        raise WrongUseError(
            "environment {name}: say what belongs into it with --requirements or --plugin",
            name=name,
        )
    return order


def report_plugins(session: Session, name: str) -> bool:
    """Show which plugins the environment offers; False if one of them does not load."""
    describe = import_module("studio.worker.describe")
    record = describe.describe_environment(session.load_config(), name)
    if session.out.as_json:
        session.out.data(
            {
                "environment": name,
                "python": record.interpreter,
                "plugins": [plugin.model_dump(mode="json") for plugin in record.plugins],
            }
        )
    for plugin in record.plugins:
        state = session.text(plugin.status)
        session.say("{plugin}: {state} {detail}", plugin=plugin.name, state=state,
                    detail=plugin.cause or ", ".join(plugin.generators))  # fmt: skip
    if not record.plugins:
        session.say("environment {name} is ready; no plugin is in it yet", name=name)
    return all(plugin.status == "ok" for plugin in record.plugins)
