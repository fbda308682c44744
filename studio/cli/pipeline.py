"""`studio pipeline`: list, show, run."""

from pathlib import Path
from typing import Any

import click

from studio.cli.command import Group, option
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.inputs import read_inputs
from studio.cli.options import describe_params, read_params
from studio.cli.pipeline_run import RunOrder, build_outcome_data, run_order, show_outcome
from studio.cli.subject import Subject, SubjectCommand, describe_slot
from studio.pipelines import Pipeline


class PipelineCommand(SubjectCommand):
    """Its first argument is the name of a pipeline."""

    def get_subject(self, session: Session, name: str) -> Subject:
        """Find the pipeline."""
        return build_subject(session.studio.pipelines.get(name))


def build_subject(pipeline: Pipeline) -> Subject:
    """Describe a pipeline for the command line."""
    return Subject(
        pipeline.name,
        pipeline.title,
        pipeline.summary,
        dict(pipeline.inputs),
        pipeline.params_schema,
    )


@click.group("pipeline", cls=Group)
def command() -> None:
    """List, show and run pipelines."""


@command.command("list")
@click.pass_obj
def list_pipelines(session: Session) -> None:
    """List the pipelines."""
    book = session.studio.pipelines
    found = book.find()
    for fault in book.find_faults():
        session.note("passed over: {fault}", fault=session.describe(fault))
    if session.out.as_json:
        session.out.data([pipeline.model_dump(mode="json") for pipeline in found])
        return
    rows = [(p.name, session.text(p.title), list(p.inputs), session.text(p.summary)) for p in found]
    session.table(("pipeline", "title", "inputs", "summary"), rows)


@command.command("show")
@click.argument("name", metavar="NAME")
@click.pass_obj
def show_pipeline(session: Session, name: str) -> None:
    """Show inputs, params and steps of a pipeline."""
    pipeline = session.studio.pipelines.get(name)
    if session.out.as_json:
        session.out.data(pipeline.model_dump(mode="json"))
        return
    subject = build_subject(pipeline)
    session.out.line(f"{pipeline.name}: {session.text(pipeline.title)}")
    session.out.line(session.text(pipeline.summary))
    session.out.line()
    slots = [(name, describe_slot(slot, session.text)) for name, slot in subject.slots.items()]
    session.table(("input", "takes"), slots)
    session.out.line()
    params = [
        (p.option, p.type, p.range, p.default, p.unit, session.text(p.description))
        for p in describe_params(subject.schema)
    ]
    session.table(("param", "type", "range", "default", "unit", "description"), params)
    session.out.line()
    steps = [(step.name, step.generator, step.foreach, step.count) for step in pipeline.steps]
    session.table(("step", "generator", "for each", "count"), steps)


@command.command("run", cls=PipelineCommand)
@click.argument("pipeline", metavar="NAME")
@option("--input", "inputs", multiple=True, metavar="NAME=PATH_OR_ID",
        help="An input; repeat it. A folder means all pictures in it.")  # fmt: skip
@option("--param", "-p", "pairs", multiple=True, metavar="NAME=VALUE",
        help="A param whose name is also an option's.")  # fmt: skip
@option("--seed", type=int, default=0, metavar="N", help="Every seed of the run derives from it.")
@option("--out", type=click.Path(path_type=Path), metavar="FOLDER",
        help="Copy what each step made there; archives are unpacked.")  # fmt: skip
@click.pass_context
def run(context: click.Context, /, pipeline: str, **given: Any) -> None:
    """Run a pipeline; what was done before is not done again.

    NAME is one of `studio pipeline list`, or the path of a .toml file. Its params are options:
    `studio pipeline run NAME --help` lists them. Everything is checked before anything runs.

    After Ctrl-C, or a crash, the same command does the rest.

    $ studio pipeline run texture-pack --input pictures=photos --variations 8 --out out
    """
    session = get_session(context)
    recipe = session.studio.pipelines.get(pipeline)
    command = context.command
    options = command.list_options() if isinstance(command, SubjectCommand) else []
    params = read_params(
        recipe.name, recipe.params_schema, context.args, pairs=given["pairs"], options=options
    )
    inputs = read_inputs(build_subject(recipe), given["inputs"])
    order = RunOrder(pipeline, inputs, params, given["seed"], given["out"])
    outcome = run_order(session, order)
    if session.out.as_json:
        session.out.data(build_outcome_data(outcome))
    else:
        show_outcome(session, outcome)
    if outcome.error:
        context.exit(ExitCode.FAILED)
