"""What a run of a pipeline gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.errors import PipelineError
from studio.pipelines.gate import Replacement
from studio.pipelines.host import StepAsset


@dataclass(frozen=True)
class CallFailure:
    """A call, or a result of one, that could not be made."""

    step: str
    item: str
    error: Exception


@dataclass
class PipelineRun:
    """The outcome, also of a run in which something failed.

    Attributes:
        params: with defaults.
        steps: step -> its assets, in the order of the recipe and of the inputs.
        skipped: step -> why it was not run.
        seconds: wall time.
    """

    pipeline: str
    seed: int
    params: Mapping[str, Any]
    steps: dict[str, list[StepAsset]] = field(default_factory=dict)
    replacements: list[Replacement] = field(default_factory=list)
    failures: list[CallFailure] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class PipelineFailedError(PipelineError):
    """Some calls failed; `run` has what was made all the same."""

    def __init__(self, run: PipelineRun) -> None:
        """Say what failed first, and how much was made."""
        first = run.failures[0]
        self.run = run
        super().__init__(
            "{pipeline}: step '{step}' failed on '{item}': {cause} ({failed} failed, {made} "
            "assets were made and are kept; mend it and run the pipeline again)",
            pipeline=run.pipeline,
            step=first.step,
            item=first.item,
            cause=first.error or type(first.error).__name__,
            failed=len(run.failures),
            made=sum(map(len, run.steps.values())),
        )
