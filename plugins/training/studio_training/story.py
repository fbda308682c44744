"""Where a training stands, on disk: what a run cut off anywhere goes on from."""

import errno
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

from PIL import Image

from studio.errors import StoreError

STATE: Final = "state.safetensors"
BEST: Final = "best.safetensors"
STORY: Final = "story.json"
SAVE_EVERY: Final = 60.0
"""Seconds between two saves, at most; the first come sooner, each after as long as all before."""
FIRST_SAVE: Final = 1.0
"""Seconds until the first."""


class Learner(Protocol):
    """What can be learnt with: `Trainer`, or a loop of one's own with several nets."""

    step: int

    def advance(self) -> Mapping[str, float]:
        """Take one step; returns figures."""
        ...

    def save(self, path: Path) -> None:
        """Write all that resuming needs."""
        ...

    def load(self, path: Path) -> None:
        """Go on where `save` left off, bit-equal on the CPU."""
        ...


@dataclass(frozen=True)
class Run:
    """A stretch of a training.

    Attributes:
        steps: where it ends, counted from the very first step.
        stop_after: pause after so many steps of this run; 0 goes to the end.
        draw: makes a picture of samples, shown while it learns.
        measure: figures on what was held out, taken every `every` steps and at the end.
        every: see `measure`.
        watch: a figure of `measure`, lower is better: the weights at its best are what is kept.
        patience: stop when it did not fall for so many measurements; 0 never stops early.
    """

    steps: int
    stop_after: int = 0
    draw: Callable[[], Image.Image | None] | None = None
    measure: Callable[[], Mapping[str, float]] | None = None
    every: int = 500
    watch: str = ""
    patience: int = 0


@dataclass
class Story:
    """Where a run stands, on disk beside the learner's state."""

    learner: Learner
    folder: Path
    run: Run
    first: int
    last: int = 0
    seen: dict[int, float] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    opened: float = field(default_factory=time.monotonic)
    saved: float = 0.0

    @classmethod
    def open(cls, learner: Learner, folder: Path, run: Run) -> Self:
        """Begin, or go on where an earlier process was cut off."""
        folder.mkdir(parents=True, exist_ok=True)
        story = cls(learner, folder, run, learner.step)
        if (folder / STATE).exists() and (folder / STORY).exists():
            learner.load(folder / STATE)
            known = json.loads((folder / STORY).read_text(encoding="utf-8"))
            story.first = int(known["first"])
            story.seen = {int(s): v for s, v in known["seen"].items() if int(s) <= learner.step}
        story.last = min(run.steps, story.first + (run.stop_after or run.steps))
        return story

    @property
    def state(self) -> Path:
        """With which a later run goes on."""
        return self.folder / STATE

    @property
    def best_step(self) -> int:
        """Whose measurement was the best, the first of equals; -1 for none."""
        return min(self.seen, key=lambda step: (self.seen[step], step)) if self.seen else -1

    @property
    def is_stale(self) -> bool:
        """The best measurement is longer ago than patience lasts."""
        after = [step for step in self.seen if step > self.best_step]
        return bool(self.run.patience) and len(after) >= self.run.patience

    def judge(self, figures: Mapping[str, float]) -> Mapping[str, float]:
        """Note figures of a measurement; the best weights so far are saved."""
        self.measured = dict(figures)
        if self.run.watch:
            value = float(figures[self.run.watch])
            self.seen[self.learner.step] = value if math.isfinite(value) else math.inf
            if self.best_step == self.learner.step:
                self._save(self.folder / BEST)
        return figures

    def save_now_and_then(self) -> None:
        """Save, if the last time is long enough ago."""
        age = time.monotonic() - self.opened
        if age - self.saved > min(SAVE_EVERY, max(FIRST_SAVE, self.saved)):
            self.save()
            self.saved = time.monotonic() - self.opened

    def save(self) -> None:
        """Write what going on needs; the state first, so that the story is never ahead of it."""
        self._save(self.folder / STATE)
        draft = self.folder / f"{STORY}.part"
        draft.write_text(json.dumps({"first": self.first, "seen": self.seen}), encoding="utf-8")
        draft.replace(self.folder / STORY)

    def take_best(self) -> None:
        """Give the learner the weights of its best measurement, if there was one."""
        if self.best_step >= 0 and (self.folder / BEST).exists():
            self.learner.load(self.folder / BEST)

    def _save(self, path: Path) -> None:
        try:
            self.learner.save(path)
        except OSError as error:
            path.with_name(f"{path.name}.part").unlink(missing_ok=True)
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StoreError(
                "no room on the disk to save the training at step {step}; make some and retry the "
                "job, which goes on from its last save",
                step=self.learner.step,
            ) from error
