"""`studio generate`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from studio.app.asset import Asset
from studio.app.job import Job
from studio.app.submission import Ask, Tray, get_priority
from studio.cli.command import option
from studio.cli.context import Session, get_session
from studio.cli.inputs import read_inputs
from studio.cli.options import read_params
from studio.cli.rows import build_asset_data, build_job_data
from studio.cli.saving import save_assets
from studio.cli.subject import Subject, SubjectCommand
from studio.cli.watching import watch_jobs
from studio.errors import JobCancelledError
from studio.spec import GeneratorSpec

_PATIENCE = 15.0  # seconds for a cancelled job to stop; then the worker is killed anyway


class GenerateCommand(SubjectCommand):
    """Its first argument is the id of a generator."""

    def get_subject(self, session: Session, name: str) -> Subject:
        """Find the generator."""
        return build_subject(session.studio.registry.get(name))


def build_subject(spec: GeneratorSpec) -> Subject:
    """Describe a generator for the command line."""
    slots = {slot.name: slot for slot in spec.inputs}
    return Subject(spec.id, spec.title, spec.summary, dict(slots), spec.params_schema)


@click.command("generate", cls=GenerateCommand)
@click.argument("generator", metavar="ID")
@option("--input", "inputs", multiple=True, metavar="NAME=PATH_OR_ID", help="An input; repeat it.")
@option("--preset", metavar="NAME", help="Start from saved params.")
@option("--param", "-p", "pairs", multiple=True, metavar="NAME=VALUE",
        help="A param whose name is also an option's.")  # fmt: skip
@option("--seed", type=int, metavar="N", help="First seed; by chance if not given.")
@option("--count", type=int, default=1, metavar="N", help="How many results; seeds go up from it.")
@option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Copy the files there.")
@option("--no-wait", is_flag=True, help="Queue it and return; `studio jobs wait` runs it.")
@option("--priority", default="interactive", metavar="CLASS",
        help="interactive, normal or batch.")  # fmt: skip
@click.pass_context
def command(context: click.Context, /, generator: str, **given: Any) -> None:
    """Make assets with a generator.

    Its params are options: `--tile-size 64`, `--flag`, `--no-flag`. `studio generate ID --help`
    lists them with range, default and unit. An input is a file, or the id of an asset.

    Ctrl-C cancels the job; what was made before stays in the library.

    $ studio generate textures.from_image --input image=brick.png --width 512 --count 4 --out out
    """
    session = get_session(context)
    job = submit(session, context, generator, given)
    session.has_queued = True
    if given["no_wait"]:
        show_queued(session, job)
        return
    try:
        watch_jobs(session, [job], generator)
    except KeyboardInterrupt:
        raise cancel_job(job) from None
    show_results(session, job.result(), given["out"])


def submit(
    session: Session, context: click.Context, generator: str, given: Mapping[str, Any]
) -> Job:
    """Check everything, and queue it."""
    spec = session.studio.registry.get(generator)
    command = context.command
    options = command.list_options() if isinstance(command, SubjectCommand) else []
    ask = Ask(
        generator=spec.id,
        params=read_params(
            spec.id, spec.params_schema, context.args, pairs=given["pairs"], options=options
        ),
        inputs=dict(read_inputs(build_subject(spec), given["inputs"])),
        seed=given["seed"],
        count=given["count"],
        preset=given["preset"],
    )
    tray = Tray(priority=get_priority(given["priority"]))
    (job,) = session.studio.submit_asks([ask], tray)
    return Job(job, session.studio)


def cancel_job(job: Job) -> JobCancelledError:
    """Cancel a job, wait until it has stopped, and say what is left of it."""
    job.cancel()
    with suppress(TimeoutError):
        job.wait(_PATIENCE)
    record = job.record
    return JobCancelledError(
        "interrupted; job {job} was cancelled, {made} of {total} results are in the library",
        job=job.id,
        made=len(record.outputs),
        total=len(record.request.seeds),
    )


def show_queued(session: Session, job: Job) -> None:
    """Say that a job waits."""
    if session.out.as_json:
        session.out.data(build_job_data(job.record))
    session.say("job {job} is queued; `studio jobs wait {job}` runs it", job=job.id)


def show_results(session: Session, assets: Sequence[Asset], folder: Path | None) -> None:
    """List what was made, and copy it out."""
    copies = save_assets(assets, folder)
    if session.out.as_json:
        pairs = zip(assets, copies, strict=True)
        session.out.data([build_asset_data(asset, saved) for asset, saved in pairs])
        return
    rows = [
        (asset.id, asset.seed, asset.metrics, (saved or [asset.path])[0])
        for asset, saved in zip(assets, copies, strict=True)
    ]
    session.table(("id", "seed", "figures", "file"), rows)
