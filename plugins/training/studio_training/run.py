"""Running a training: in a job, or from a command line; both go on where they were cut off."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from studio.generator import JobContext
from studio_training.curves import Curves, Means
from studio_training.story import Learner, Run, Story
from studio_training.trainer import DivergedError

LOG: Final = logging.getLogger("studio_training")
SHOWN, NOTED = 50, 500
"""Pictures of samples, and points of the curve, in a run."""

Ending = Literal["all", "asked", "early", "diverged"]


@dataclass(frozen=True)
class Outcome:
    """How a run ended; the learner holds the weights to keep.

    Attributes:
        step: at which it stands.
        best_step: whose weights the learner holds.
        figures: the last of each, means of the loss since the point before.
        ended: all steps; asked to pause or to finish; early; or the loss was not finite.
        reason: in words, "" where it ended as planned.
        params: for `Artifact.params`: what would have given this very result.
        state: file with which a later run goes on.
    """

    step: int
    best_step: int
    figures: Mapping[str, float]
    ended: Ending
    reason: str
    params: Mapping[str, Any]
    state: Path


def learn(learner: Learner, job: JobContext, run: Run, index: int = 0) -> Outcome:
    """Learn inside `Generator.generate`: progress, previews, curves, pause, resume after a kill.

    Args:
        learner: ready to take its next step.
        job: of the generator.
        run: what to do.
        index: which of `job.seeds` this is.

    Raises:
        JobCancelledError: the job was cancelled.
        DivergedError: the very first step was not finite.
        StoreError: no room to save.
    """
    folder = job.kept / f"seed-{job.seeds[index]}"
    story = Story.open(learner, folder, run)
    span = story.last - story.first
    total, often = span * len(job.seeds), max(1, span // SHOWN)
    with Curves(job.logs / f"seed-{job.seeds[index]}") as curves:

        def show() -> None:
            taken = learner.step - story.first
            preview = run.draw() if run.draw and taken % often == 0 else None
            job.step(index * span + taken, total, preview)

        def note(figures: Mapping[str, float]) -> None:
            job.measure(learner.step, **figures)
            curves.note(learner.step, figures)

        outcome = _learn(learner, story, _Watcher(show, note, lambda: job.is_finishing))
    job.step((index + 1) * span, total, run.draw() if run.draw else None)
    return outcome


def fit(learner: Learner, folder: Path, run: Run) -> Outcome:
    """Learn from a command line: the same command again goes on where it was cut off.

    Writes to `folder`: `state.safetensors`, `best.safetensors`, `curve.jsonl`, TensorBoard's logs
    in `logs/`, and `samples/<step>.png` where `run.draw` is given.

    Raises:
        DivergedError: the very first step was not finite.
        StoreError: no room to save.
    """
    story = Story.open(learner, folder, run)
    often = max(1, (story.last - story.first) // SHOWN)
    with Curves(folder / "logs") as curves:

        def show() -> None:
            if run.draw and (learner.step - story.first) % often == 0:
                picture = run.draw()
                if picture is not None:
                    (folder / "samples").mkdir(exist_ok=True)
                    picture.save(folder / "samples" / f"{learner.step:07}.png")

        def note(figures: Mapping[str, float]) -> None:
            row = {"step": learner.step, **{k: round(v, 6) for k, v in figures.items()}}
            with (folder / "curve.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            LOG.info("%s", row)
            curves.note(learner.step, figures)

        return _learn(learner, story, _Watcher(show, note, lambda: False))


@dataclass(frozen=True)
class _Watcher:
    """What a face does while it learns."""

    show: Callable[[], None]
    note: Callable[[Mapping[str, float]], None]
    is_finishing: Callable[[], bool]


def _learn(learner: Learner, story: Story, watcher: _Watcher) -> Outcome:
    run, means = story.run, Means()
    noted = max(1, (story.last - story.first) // NOTED)
    ended: Ending = "all"
    reason = ""
    while learner.step < story.last:
        watcher.show()
        if watcher.is_finishing() and learner.step > story.first:
            ended = "asked"
            break
        try:
            means.add(learner.advance())
        except DivergedError as error:
            if learner.step == story.first:
                raise
            ended, reason = "diverged", str(error)
            break
        if learner.step % noted == 0:
            watcher.note(means.take())
        if run.measure and learner.step % run.every == 0:
            watcher.note(story.judge(run.measure()))
            if story.is_stale:
                ended, reason = "early", f"{run.watch} did not fall for {run.patience} measurements"
                break
        story.save_now_and_then()
    if run.measure and learner.step not in story.seen and ended != "diverged":
        watcher.note(story.judge(run.measure()))
    story.save()
    step = learner.step
    if ended == "all" and step < run.steps:
        ended = "asked"
    story.take_best()
    is_cut = ended == "asked" and not run.stop_after
    return Outcome(
        step=step,
        best_step=step if story.best_step < 0 else story.best_step,
        figures={**means.last, **story.measured},
        ended=ended,
        reason=reason,
        params={"stop_after": step - story.first} if is_cut else {},
        state=story.state,
    )
