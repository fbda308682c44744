"""Running a pipeline from the command line: watch, copy out, sum up."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from studio.app.asset import Asset
from studio.cli.context import Session
from studio.cli.delivery import deliver_steps
from studio.cli.output import format_seconds
from studio.cli.pipeline_watch import PipelineWatch
from studio.cli.progress import open_meter
from studio.cli.rows import build_asset_data
from studio.errors import JobCancelledError
from studio.pipelines import PipelineFailedError, PipelineRun


@dataclass(frozen=True)
class RunOrder:
    """What to run, and where to put it.

    Attributes:
        inputs: slot -> paths or ids.
        out: folder for what is made; None copies nothing.
        folders: step -> its folder in `out`, where it is not called like the step.
    """

    pipeline: str
    inputs: Mapping[str, Sequence[str]]
    params: Mapping[str, Any]
    seed: int = 0
    out: Path | None = None
    folders: Mapping[str, str] | None = None


@dataclass(frozen=True)
class RunOutcome:
    """What came of it.

    Attributes:
        steps: step -> assets.
        new: how many of them were not there before.
        places: step -> where they were copied to.
        error: some calls failed; what they do not concern was made.
    """

    run: PipelineRun
    steps: dict[str, list[Asset]]
    new: dict[str, int]
    places: dict[str, Path]
    error: PipelineFailedError | None


def run_order(session: Session, order: RunOrder) -> RunOutcome:
    """Run a pipeline to its end.

    Raises:
        StudioError: nothing was run, or it was interrupted.
    """
    started = time.time()
    error = None
    try:
        with open_meter(session) as meter:
            run = session.studio.run_pipeline(
                order.pipeline,
                inputs=order.inputs,
                seed=order.seed,
                on_event=PipelineWatch(session, meter).note,
                **order.params,
            )
    except PipelineFailedError as failure:
        run, error = failure.run, failure
    except KeyboardInterrupt:
        raise JobCancelledError(
            "interrupted; what is done is in the library, and the same command again does the rest"
        ) from None
    library = session.studio.assets
    steps = {
        step: library.get_many([asset.id for asset in assets]) for step, assets in run.steps.items()
    }
    new = {
        step: sum(asset.record.created >= started - 0.001 for asset in assets)
        for step, assets in steps.items()
    }
    places = {}
    if order.out is not None:
        places = deliver_steps(steps, order.out, order.folders or {})
    return RunOutcome(run, steps, new, places, error)


def build_outcome_data(outcome: RunOutcome) -> dict[str, Any]:
    """Describe a run as JSON."""
    run = outcome.run
    return {
        "pipeline": run.pipeline,
        "seed": run.seed,
        "params": dict(run.params),
        "seconds": run.seconds,
        "steps": {
            step: [build_asset_data(asset) for asset in assets]
            for step, assets in outcome.steps.items()
        },
        "new": outcome.new,
        "folders": {step: str(path) for step, path in outcome.places.items()},
        "replaced": [vars(replacement) for replacement in run.replacements],
        "skipped": run.skipped,
        "failures": [
            {"step": failure.step, "item": failure.item, "cause": str(failure.error)}
            for failure in run.failures
        ],
    }


def show_outcome(session: Session, outcome: RunOutcome) -> None:
    """Sum up a run: a table of steps, figures, replaced seeds, failures."""
    rows = [
        (step, len(assets), outcome.new[step], outcome.places.get(step))
        for step, assets in outcome.steps.items()
    ]
    session.table(("step", "assets", "new", "folder"), rows)
    show_seams(session, outcome)
    for item in outcome.run.replacements:
        session.say(
            "{item}: {count} seeds were replaced ({metric} {values}); seed {seed} has {value}",
            item=item.item,
            count=len(item.rejected),
            metric=item.metric,
            values=", ".join(f"{value:.3g}" for _, value in item.rejected),
            seed=item.seed,
            value=f"{item.value:.3g}" if item.passed else f"{item.value:.3g} (!)",
        )
    for failure in outcome.run.failures:
        session.note(
            "{step}: {item} failed: {cause}",
            step=failure.step,
            item=failure.item,
            cause=session.describe(failure.error),
        )
    seconds = format_seconds(outcome.run.seconds)
    if not any(outcome.new.values()) and not outcome.error:
        session.say("everything was there already; looked at in {seconds}", seconds=seconds)
    else:
        session.say(
            "{count} assets made in {seconds}, in the library {home}",
            count=sum(outcome.new.values()),
            seconds=seconds,
            home=session.studio.config.home,
        )


def show_seams(session: Session, outcome: RunOutcome) -> None:
    """Say median and largest seam ratio of each step that measures it."""
    told: list[list[float]] = []
    for step, assets in outcome.steps.items():
        seams = sorted(
            asset.metrics["seam_ratio"] for asset in assets if "seam_ratio" in asset.metrics
        )
        if not seams or seams in told:  # a material hands on what its albedo has
            continue
        told.append(seams)
        session.say(
            "{step}: seam ratio median {median}, largest {largest} (1 is no seam)",
            step=step,
            median=f"{median(seams):.2f}",
            largest=f"{seams[-1]:.2f}",
        )
