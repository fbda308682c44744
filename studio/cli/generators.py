"""`studio generators`."""

from typing import Any

import click

from studio.cli.command import Command, option
from studio.cli.context import Session
from studio.cli.generate import build_subject
from studio.cli.options import describe_params
from studio.cli.subject import describe_slot
from studio.media import MediaType
from studio.spec import GeneratorSpec


@click.command("generators", cls=Command)
@click.argument("generator", metavar="[ID]", required=False)
@option(
    "--output",
    type=click.Choice([kind.value for kind in MediaType]),
    help="Only those that make this.",
)
@option("--plugin", metavar="NAME", help="Only those of this plugin.")
@click.pass_obj
def command(
    session: Session, generator: str | None, output: str | None, plugin: str | None
) -> None:
    """List the generators, or show one."""
    registry = session.studio.registry
    if generator:
        show_generator(session, registry.get(generator))
        return
    specs = registry.find(MediaType(output) if output else None, plugin)
    if session.out.as_json:
        session.out.data([build_generator_data(spec) for spec in specs])
        return
    rows = [
        (spec.id, spec.output.value, ", ".join(slot.name for slot in spec.inputs),
         session.text(spec.summary))
        for spec in specs
    ]  # fmt: skip
    session.table(("id", "makes", "inputs", "summary"), rows)


def build_generator_data(spec: GeneratorSpec) -> dict[str, Any]:
    """Describe a generator as JSON."""
    return spec.model_dump(mode="json")


def show_generator(session: Session, spec: GeneratorSpec) -> None:
    """Show inputs and params of a generator."""
    if session.out.as_json:
        session.out.data(build_generator_data(spec))
        return
    session.out.line(f"{spec.id}: {session.text(spec.title)}")
    session.out.line(session.text(spec.summary))
    session.say(
        "makes {kind}; plugin {plugin} {version}",
        kind=spec.output.value,
        plugin=spec.plugin,
        version=spec.plugin_version,
    )
    slots = build_subject(spec).slots
    if slots:
        session.out.line()
        rows = [(name, describe_slot(slot, session.text)) for name, slot in slots.items()]
        session.table(("input", "takes"), rows)
    session.out.line()
    params = [
        (p.option, p.type, p.range, p.default, p.unit, session.text(p.description))
        for p in describe_params(spec.params_schema)
    ]
    session.table(("param", "type", "range", "default", "unit", "description"), params)
