"""One run of a pipeline in a thread of its own, written down step by step."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from studio.app.pipeline_host import PipelineBridge, PipelineStudio
from studio.app.run_records import RunRecord, RunStatus, RunTable, StepRecord, close_steps
from studio.errors import JobCancelledError, JobFailedError, StudioError
from studio.events import Event
from studio.pipelines import Call, PipelineFailedError, PipelineRun, StepAsset, events, run_pipeline

_log = logging.getLogger("studio.pipelines")


class WatchedBridge(PipelineBridge):
    """Tells of the assets of a step as they come; all of its jobs can be cancelled."""

    def __init__(
        self, studio: PipelineStudio, on_made: Callable[[str, Sequence[str]], None]
    ) -> None:
        super().__init__(studio)
        self._on_made = on_made

    def submit(self, call: Call) -> "Future[Sequence[StepAsset]]":
        """Queue a call."""
        future = super().submit(call)
        future.add_done_callback(lambda done: self._tell(call.step, done))
        return future

    def _tell(self, step: str, future: "Future[Sequence[StepAsset]]") -> None:
        if not future.cancelled() and future.exception() is None:
            self._on_made(step, [asset.id for asset in future.result()])


class RunThread:
    """Runs one row of the table of runs to its end.

    Args:
        studio: the home, as the user whose run it is.
        on_change: told after each change of the row.
    """

    def __init__(
        self,
        studio: PipelineStudio,
        table: RunTable,
        record: RunRecord,
        on_change: Callable[[str, RunStatus], None],
    ) -> None:
        self.id = record.id
        self._studio = studio
        self._table = table
        self._record = record
        self._on_change = on_change
        self._steps = {step.name: _forget(step) for step in record.steps}
        self._guard = threading.RLock()
        self._bridge: WatchedBridge | None = None
        self._is_cancelled = self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="studio-run", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._thread.join(timeout)

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Stop it: its queued and running jobs are cancelled."""
        self._is_cancelled = True
        with self._guard:
            if self._bridge is not None:
                self._bridge.cancel_all()

    def leave(self) -> None:
        """Stop watching: this process ends. Its jobs stay queued, and it goes on another time."""
        self._is_closing = True
        with self._guard:
            if self._bridge is not None:
                self._bridge.abandon()

    def _run(self) -> None:
        status, error = RunStatus.DONE, None
        try:
            self._note_assets(self._work())
        except PipelineFailedError as failure:
            self._note_assets(failure.run)
            status, error = RunStatus.FAILED, failure.to_dict()
        except JobCancelledError as failure:
            status, error = RunStatus.CANCELLED, failure.to_dict()
        except StudioError as failure:
            status, error = RunStatus.FAILED, failure.to_dict()
        except Exception as failure:
            _log.exception("run %s failed", self.id)
            wrapped = JobFailedError("{what}: {fault}", what="the run broke", fault=failure)
            status, error = RunStatus.FAILED, wrapped.to_dict()
        if self._is_closing:
            return
        if self._is_cancelled and status is RunStatus.FAILED:
            status = RunStatus.CANCELLED
        steps = list(self._steps.values())
        if status is not RunStatus.DONE:
            early = "cancelled" if status is RunStatus.CANCELLED else "failed"
            steps = list(close_steps(steps, early))
        self._table.end(self.id, status, steps, error)
        self._on_change(self.id, status)

    def _work(self) -> PipelineRun:
        order = self._record.order
        with WatchedBridge(self._studio, self._note_made) as bridge:
            with self._guard:
                self._bridge = bridge
            try:
                self._check()
                given = bridge.resolve(order.inputs, order.user)
                return run_pipeline(
                    order.recipe,
                    bridge,
                    given,
                    order.params,
                    seed=order.seed,
                    on_event=self._note,
                )
            finally:
                with self._guard:
                    self._bridge = None

    def _check(self) -> None:
        if self._is_cancelled or self._is_closing:
            raise JobCancelledError("the run was cancelled")

    def _note(self, event: Event) -> None:
        """Take an event of the runner; raising here is how a run is stopped."""
        with self._guard:
            self._change(event)
        self._save()
        self._check()

    def _change(self, event: Event) -> None:
        match event:
            case events.PipelineStarted(_, calls):
                for name, total in calls.items():
                    self._update(name, total=total)
            case events.StepStarted(_, step):
                self._update(step, status="running")
            case events.StepProgressed(_, step, done, total):
                self._update(step, done=done, total=total)
            case events.StepSkipped(_, step, cause):
                self._update(step, status="skipped", note=cause, total=0)
            case events.CallFailed(_, step, _, cause):
                if not self._steps[step].note:
                    self._update(step, note=cause)
            case events.StepDone(_, step, _, failed, _):
                self._update(step, status="failed" if failed else "done")
            case _:
                pass

    def _note_made(self, step: str, assets: Sequence[str]) -> None:
        with self._guard:
            known = self._steps[step].assets
            self._update(step, assets=tuple(dict.fromkeys([*known, *assets])))

    def _note_assets(self, run: PipelineRun) -> None:
        """Enter what the steps gave in the end, in order, without what their gates rejected."""
        for name, assets in run.steps.items():
            self._update(name, assets=tuple(asset.id for asset in assets))

    def _update(self, step: str, **changes: object) -> None:
        self._steps[step] = replace(self._steps[step], **changes)  # type: ignore[arg-type]

    def _save(self) -> None:
        self._table.save_steps(self.id, list(self._steps.values()))
        self._on_change(self.id, RunStatus.RUNNING)


def _forget(step: StepRecord) -> StepRecord:
    """Return a step as it is before a run: what is done comes back from the library."""
    return StepRecord(step.name, step.generator)
