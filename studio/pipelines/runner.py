"""Run a pipeline: submit what is ready, settle what comes back, keep everything that is done."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from studio.errors import JobCancelledError, PipelineError
from studio.events import Event
from studio.pipelines import events
from studio.pipelines.bind import BoundPipeline, bind_pipeline, check_inputs
from studio.pipelines.expand import (
    Item,
    Made,
    build_item,
    build_value_item,
    check_work,
    count_calls,
    expand,
)
from studio.pipelines.gate import compute_excess
from studio.pipelines.host import Call, PipelineHost, StepAsset
from studio.pipelines.recipe import Pipeline
from studio.pipelines.references import EACH, parse_asset
from studio.pipelines.result import CallFailure, PipelineFailedError, PipelineRun
from studio.pipelines.validate import check_pipeline
from studio.pipelines.work import Order, StepState, Work

BELOW_GATE = "below-gate"
"""Tag of a result that was kept although every seed failed its gate."""


def run_pipeline(
    pipeline: Pipeline,
    host: PipelineHost,
    inputs: Mapping[str, Sequence[StepAsset]],
    params: Mapping[str, Any],
    *,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> PipelineRun:
    """Check everything, then run it to the end; blocks.

    Args:
        pipeline: from a `PipelineBook` or `load_pipeline`.
        host: who makes the calls.
        inputs: name -> assets of the library.
        params: values that replace the recipe's defaults.
        seed: decides all others.
        on_event: told of every event of `studio.pipelines.events`, in this thread; what it
            raises stops the run, and what is done stays in the library.

    Raises:
        PipelineError, InvalidParamsError, InvalidInputError: wrong; nothing was run.
        PipelineFailedError: some calls failed; its `run` has all that was made.
    """
    check_pipeline(pipeline, host)
    check_inputs(pipeline, inputs)
    bound = bind_pipeline(pipeline, host, params)
    check_work(bound, inputs)
    run = _Runner(bound, host, inputs, seed, on_event or (lambda event: None)).run()
    if run.failures:
        raise PipelineFailedError(run) from run.failures[0].error
    return run


@dataclass(frozen=True)
class _Submission:
    state: StepState
    work: Work
    call: Call
    positions: tuple[int, ...]


class _Runner:
    def __init__(
        self,
        bound: BoundPipeline,
        host: PipelineHost,
        inputs: Mapping[str, Sequence[StepAsset]],
        seed: int,
        emit: Callable[[Event], None],
    ) -> None:
        self._host = host
        self._emit = emit
        self._seed = seed
        self._states = {step.step.name: StepState(step) for step in bound.steps}
        self._inputs = {name: _place_inputs(assets) for name, assets in inputs.items()}
        self._planned = count_calls(bound, inputs)
        self._open: dict[int, _Submission] = {}
        self._ready: SimpleQueue[tuple[int, Future[Sequence[StepAsset]]]] = SimpleQueue()
        self._submitted = 0
        self._result = PipelineRun(
            bound.pipeline.name, seed, bound.params, {name: [] for name in self._states}
        )

    def run(self) -> PipelineRun:
        started = time.monotonic()
        result = self._result
        self._emit(events.PipelineStarted(result.pipeline, dict(self._planned)))
        try:
            self._advance()
            while self._open:
                self._take_one()
        except BaseException:
            for submission in self._open.values():
                self._host.cancel(submission.call)
            raise
        result.seconds = time.monotonic() - started
        made = sum(map(len, result.steps.values()))
        self._emit(events.PipelineDone(result.pipeline, made, len(result.failures), result.seconds))
        return result

    def _take_one(self) -> None:
        number, future = self._ready.get()
        submission = self._open.pop(number)
        work, positions = submission.work, submission.positions
        error = _find_error(future)
        if error is None:
            work.settle(submission.call, positions, future.result())
        else:
            work.fail(positions, error)
        retry = work.find_retry(self._seed)
        if retry is not None:
            self._announce_retry(work, *retry)
            self._submit(submission.state, work, *retry)
        else:
            self._close_work(submission.state, work)
            self._advance()

    def _advance(self) -> None:
        """Start all that can start. Steps only look up, so one pass from the top is enough."""
        for state in self._states.values():
            if not state.ended:
                self._advance_step(state)

    def _advance_step(self, state: StepState) -> None:
        bound = state.bound
        if not bound.enabled:
            self._end_step(state, "it is off")
            return
        needs = _list_needs(state)
        if any(not self._is_ended(name) for name in needs):
            return
        whole = {name for name, related in needs.items() if not related}
        missing = [name for name in whole if self._is_incomplete(name)]
        if missing and not bound.step.partial:
            state.incomplete = True
            self._end_step(state, f"{missing[0]} failed")
            return
        for order, item in self._take_items(state):
            self._start_item(state, order, item, list(needs))
        if state.open == 0 and (not bound.source or self._is_ended(bound.source)):
            source = self._states.get(bound.source)
            state.incomplete |= source is not None and source.incomplete
            self._end_step(state, "" if state.works else "nothing to work on")

    def _take_items(self, state: StepState) -> list[tuple[Order, Item]]:
        """Return the items that are there now and were not taken before."""
        bound = state.bound
        if bound.source:
            new = self._get_made(bound.source)[state.cursor :]
            state.cursor += len(new)
            return [(order, build_item(made)) for order, made in new]
        if state.cursor:
            return []
        state.cursor = 1
        if bound.values is not None:
            return [((n,), build_value_item(value)) for n, value in enumerate(bound.values)]
        return [((), Item())]

    def _start_item(self, state: StepState, order: Order, item: Item, needs: list[str]) -> None:
        if item.identity in state.works:
            # The same content twice is done once; its place is the first of both, whichever
            # was ready first.
            for number, work in enumerate(state.works[item.identity]):
                work.order = min(work.order, (*order, number))
            return
        if self._is_broken(state, item):
            state.incomplete = True
            return
        available = {name: [made for _, made in sorted(self._get_made(name), key=_get_order)]
                     for name in needs}  # fmt: skip
        calls = expand(state.bound, item, available, self._seed)
        if not calls:
            return
        origins = _collect_origins(calls[0], item, available)
        state.works[item.identity] = [
            Work(state.bound, call, item, (*order, number), origins)
            for number, call in enumerate(calls)
        ]
        if state.started is None:
            state.started = time.monotonic()
            self._emit(events.StepStarted(self._result.pipeline, state.name))
        for work in state.works[item.identity]:
            state.open += 1
            self._submit(state, work, work.call, tuple(range(len(work.call.seeds))))

    def _submit(self, state: StepState, work: Work, call: Call, positions: tuple[int, ...]) -> None:
        number = self._submitted
        self._submitted += 1
        self._open[number] = _Submission(state, work, call, positions)
        try:
            future = self._host.submit(call)
        except Exception as error:  # one call that cannot even be queued fails like any other
            future = Future()
            future.set_exception(error)
        future.add_done_callback(lambda done: self._ready.put((number, done)))

    def _close_work(self, state: StepState, work: Work) -> None:
        made = work.list_made()
        state.made += made
        state.open -= 1
        state.done += 1
        self._tidy(work)
        self._result.replacements += work.list_replacements()
        causes = {id(error): error for error in work.errors.values()}
        for error in causes.values():
            self._book_failure(state, work, error)
        total = max(self._planned[state.name], state.done)
        self._emit(events.StepProgressed(self._result.pipeline, state.name, state.done, total))

    def _book_failure(self, state: StepState, work: Work, error: Exception) -> None:
        if not isinstance(error, PipelineError):
            logging.getLogger("studio.pipelines").warning(
                "step %s failed on %s: %s", state.name, work.item.title, error
            )
        state.incomplete = True
        state.failed += 1
        state.broken.append(work.origins)
        item = work.item.title or work.call.titles[0]
        self._result.failures.append(CallFailure(state.name, item, error))
        self._emit(events.CallFailed(self._result.pipeline, state.name, item, str(error)))

    def _tidy(self, work: Work) -> None:
        """Put away what a gate rejected, and mark what it let through for want of better."""
        gate = work.bound.gate
        if gate is None:
            return
        rejected = [asset.id for asset in work.list_rejected() if not asset.trashed]
        if rejected:
            self._host.trash(rejected)
        kept = list(work.kept.values())
        wanted = [asset.id for attempt in kept for asset in attempt.assets if asset.trashed]
        if wanted:
            self._host.restore(wanted)
        poor = [a.id for t in kept if compute_excess(gate, t.value) > 0 for a in t.assets]
        if poor:
            self._host.tag(poor, BELOW_GATE)

    def _announce_retry(self, work: Work, call: Call, positions: tuple[int, ...]) -> None:
        gate = work.bound.gate
        for position, seed in zip(positions, call.seeds, strict=True):
            last = work.attempts[position][-1]
            self._emit(
                events.SeedReplaced(
                    pipeline=self._result.pipeline,
                    step=call.step,
                    item=work.call.titles[position],
                    metric=gate.metric if gate else "",
                    value=last.value,
                    seed=last.seed,
                    new_seed=seed,
                )
            )

    def _end_step(self, state: StepState, skipped: str) -> None:
        state.ended = True
        assets = [made.asset for made in state.list_sorted()]
        self._result.steps[state.name] = assets
        if skipped:
            self._result.skipped[state.name] = skipped
            self._emit(events.StepSkipped(self._result.pipeline, state.name, skipped))
            return
        seconds = time.monotonic() - (state.started or time.monotonic())
        self._emit(
            events.StepDone(self._result.pipeline, state.name, len(assets), state.failed, seconds)
        )

    def _get_made(self, name: str) -> list[tuple[Order, Made]]:
        return self._states[name].made if name in self._states else self._inputs.get(name, [])

    def _is_ended(self, name: str) -> bool:
        return name not in self._states or self._states[name].ended

    def _is_incomplete(self, name: str) -> bool:
        return name in self._states and self._states[name].incomplete

    def _is_broken(self, state: StepState, item: Item) -> bool:
        """Say whether something that belongs to an item, and that its call takes, failed."""
        if item.made is None or state.bound.step.partial:
            return False
        related = [name for name, is_related in _list_needs(state).items() if is_related]
        return any(
            item.made.asset.id in broken
            for name in related
            if name in self._states
            for broken in self._states[name].broken
        )


def _place_inputs(assets: Sequence[StepAsset]) -> list[tuple[Order, Made]]:
    return [((n,), Made(asset, frozenset({asset.id}))) for n, asset in enumerate(assets)]


def _list_needs(state: StepState) -> dict[str, bool]:
    """Return the names a step takes assets of besides `$each`; True: only those related to it."""
    needs: dict[str, bool] = {}
    for given in state.bound.step.inputs.values():
        for text in [given] if isinstance(given, str) else given:
            parsed = parse_asset(text)
            if parsed is not None and parsed != (False, EACH):
                related, name = parsed
                needs[name] = needs.get(name, True) and related
    return needs


def _collect_origins(
    call: Call, item: Item, available: Mapping[str, Sequence[Made]]
) -> frozenset[str]:
    known = {made.asset.id: made.origins for group in available.values() for made in group}
    if item.made is not None:
        known[item.made.asset.id] = item.made.origins
    used = [asset.id for assets in call.inputs.values() for asset in assets]
    origins = frozenset[str]().union(*(known[name] for name in used))
    return origins | item.made.origins if item.made else origins


def _get_order(pair: tuple[Order, Made]) -> Order:
    return pair[0]


def _find_error(future: "Future[Sequence[StepAsset]]") -> Exception | None:
    if future.cancelled():
        return JobCancelledError("the job was cancelled")
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error
