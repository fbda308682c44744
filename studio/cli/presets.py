"""`studio presets`: list, show, save, delete."""

import dataclasses
from typing import Any

import click

from studio.cli.command import Group, option
from studio.cli.context import Session, get_session
from studio.cli.generate import GenerateCommand
from studio.cli.options import read_params
from studio.presets import Preset


@click.group("presets", cls=Group)
def command() -> None:
    """List, show, save and delete presets."""


@command.command("list")
@click.argument("generator", metavar="[ID]", required=False)
@click.pass_obj
def list_presets(session: Session, generator: str | None) -> None:
    """List the presets, of one generator or of all."""
    presets = session.studio.presets.find(generator)
    for fault in session.studio.presets.find_faults():
        session.note("passed over: {fault}", fault=session.describe(fault))
    if session.out.as_json:
        session.out.data([build_preset_data(preset) for preset in presets])
        return
    rows = [(p.generator, p.name, session.text(p.title), p.source, p.params) for p in presets]
    session.table(("generator", "preset", "title", "source", "params"), rows)


@command.command("show")
@click.argument("name", metavar="NAME")
@option("--generator", metavar="ID", help="Whose preset, if several have one of that name.")
@click.pass_obj
def show_preset(session: Session, name: str, generator: str | None) -> None:
    """Show a preset."""
    preset = session.studio.presets.get(name, generator)
    if session.out.as_json:
        session.out.data(build_preset_data(preset))
        return
    session.table(("field", "value"), list(build_preset_data(preset).items()))


@command.command("save", cls=GenerateCommand)
@click.argument("generator", metavar="ID")
@click.argument("name", metavar="NAME")
@option("--summary", default="", metavar="TEXT", help="A line about it.")
@option("--overwrite", is_flag=True, help="Replace one of that name.")
@option("--param", "-p", "pairs", multiple=True, metavar="NAME=VALUE",
        help="A param whose name is also an option's.")  # fmt: skip
@click.pass_context
def save_preset(context: click.Context, /, generator: str, name: str, **given: Any) -> None:
    """Save params of a generator under a name.

    $ studio presets save textures.pbr "Wet brick" --roughness 0.2
    """
    session = get_session(context)
    spec = session.studio.registry.get(generator)
    params = read_params(spec.id, spec.params_schema, context.args, pairs=given["pairs"])
    preset = session.studio.presets.save(
        name, spec.id, params, summary=given["summary"], overwrite=given["overwrite"]
    )
    if session.out.as_json:
        session.out.data(build_preset_data(preset))
    session.say("preset {name} saved in {path}", name=preset.name, path=preset.path)


@command.command("delete")
@click.argument("name", metavar="NAME")
@option("--generator", metavar="ID", help="Whose preset, if several have one of that name.")
@click.pass_obj
def delete_preset(session: Session, name: str, generator: str | None) -> None:
    """Delete a preset of your own."""
    session.studio.presets.delete(name, generator)
    if session.out.as_json:
        session.out.data({"deleted": name})
    session.say("preset {name} deleted", name=name)


def build_preset_data(preset: Preset) -> dict[str, Any]:
    """Describe a preset as JSON."""
    return dataclasses.asdict(preset) | {"params": dict(preset.params), "path": str(preset.path)}
