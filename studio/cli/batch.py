"""`studio batch`."""

from pathlib import Path
from typing import Any

import click

from studio.app.job import Batch
from studio.cli.batch_file import load_requests
from studio.cli.command import Command, option, split_words
from studio.cli.context import Session, get_session
from studio.cli.exits import ExitCode
from studio.cli.rows import build_asset_data
from studio.cli.saving import save_assets
from studio.cli.watching import count_seeds, watch_jobs
from studio.errors import JobCancelledError


@click.command("batch", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Copy the files there.")
@option("--tag", "tags", multiple=True, metavar="TAG", help="Add a tag; repeat it, or use commas.")
@option("--priority", default="batch", metavar="CLASS", help="interactive, normal or batch.")
@option("--no-wait", is_flag=True, help="Queue it and return; `studio jobs wait` runs it.")
@click.pass_context
def command(context: click.Context, /, file: Path, **given: Any) -> None:
    """Run a file of requests; only what is missing is made.

    FILE is TOML with `[[requests]]`, and `[defaults]` for all of them, or JSON lines, one request
    a line. A request has `generator` and any of `params`, `inputs`, `seed`, `count`, `seeds`,
    `preset`, `titles`. Paths of inputs count from the folder of FILE.

    After Ctrl-C, or a crash, the same command does the rest.
    """
    session = get_session(context)
    requests = load_requests(file)
    batch = session.studio.batch(
        requests, priority=given["priority"], tags=split_words(given["tags"])
    )
    session.has_queued = True
    made, total = count_seeds([job.record for job in batch.jobs])
    session.note(
        "{total} wanted: {made} there already, {missing} to make",
        total=total,
        made=made,
        missing=total - made,
    )
    if not given["no_wait"]:
        wait_for_batch(session, batch, file)
    show_batch(context, batch, made, given["out"])


def wait_for_batch(session: Session, batch: Batch, file: Path) -> None:
    """Wait; on Ctrl-C the jobs stay queued."""
    try:
        watch_jobs(session, batch.jobs, file.name)
    except KeyboardInterrupt:
        made, total = count_seeds([job.record for job in batch.jobs])
        raise JobCancelledError(
            "interrupted; {made} of {total} are made, the rest stays queued: "
            "`studio batch {file}` goes on",
            made=made,
            total=total,
            file=file,
        ) from None


def show_batch(context: click.Context, batch: Batch, before: int, folder: Path | None) -> None:
    """Sum up a batch; leave with 1 if something in it failed."""
    session = get_session(context)
    records = [job.record for job in batch.jobs]
    made, total = count_seeds(records)
    errors = batch.find_errors()
    ids = [asset for record in records for asset in record.asset_ids]
    assets = session.studio.assets.get_many(ids)
    copies = save_assets(assets, folder)
    if session.out.as_json:
        session.out.data(
            {
                "batch": batch.id,
                "wanted": total,
                "there": before,
                "made": made - before,
                "failed": {job: str(error) for job, error in errors.items()},
                "assets": [
                    build_asset_data(asset, saved)
                    for asset, saved in zip(assets, copies, strict=True)
                ],
            }
        )
    else:
        for job, error in errors.items():
            session.note("job {job}: {fault}", job=job, fault=session.describe(error))
        session.say(
            "{total} wanted: {before} were there, {made} made, {missing} missing",
            total=total,
            before=before,
            made=made - before,
            missing=total - made,
        )
        if folder:
            session.say("copied into {folder}", folder=folder)
    if errors:
        context.exit(ExitCode.FAILED)
