"""Showing how a pipeline gets on."""

import threading

from studio.cli.context import Session
from studio.cli.output import format_seconds
from studio.cli.progress import Meter
from studio.events import Event, JobChanged, JobProgressed
from studio.pipelines import events
from studio.scheduler.job import JobStatus


class PipelineWatch:
    """Turns the events of a run into progress and remarks; called from several threads."""

    def __init__(self, session: Session, meter: Meter) -> None:
        self._session = session
        self._meter = meter
        self._guard = threading.Lock()
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._running: dict[str, float] = {}

    def note(self, event: Event) -> None:
        """Take an event."""
        with self._guard:
            if isinstance(event, JobProgressed | JobChanged):
                self._note_job(event)
            else:
                self._note_step(event)
            self._show_all()

    def _note_job(self, event: JobProgressed | JobChanged) -> None:
        if isinstance(event, JobProgressed):
            self._running[event.job] = event.done / event.total if event.total else 0.0
        elif JobStatus(event.status).is_final:
            self._running.pop(event.job, None)

    def _note_step(self, event: Event) -> None:
        if isinstance(event, events.PipelineStarted):
            self._session.has_queued = True
            self._totals = dict(event.calls)
        elif isinstance(event, events.StepProgressed):
            self._done[event.step] = event.done
            self._totals[event.step] = event.total
            self._meter.show(event.step, event.step, event.done, event.total)
        elif isinstance(event, events.StepStarted):
            self._meter.show(event.step, event.step, 0, self._totals.get(event.step, 0))
        else:
            remark = self._describe(event)
            if remark:
                self._meter.remark(remark)

    def _describe(self, event: Event) -> str:
        text = self._session.text
        if isinstance(event, events.StepDone):
            time = format_seconds(event.seconds)
            return text("{step}: {count} in {time}", step=event.step, count=event.assets, time=time)
        if isinstance(event, events.SeedReplaced):
            return text(
                "{item}: seed {seed} had {metric} {value}; seed {new_seed} is tried instead",
                item=event.item,
                seed=event.seed,
                metric=event.metric,
                value=f"{event.value:.3g}",
                new_seed=event.new_seed,
            )
        if isinstance(event, events.CallFailed):
            return text(
                "{step}: {item} failed: {cause}",
                step=event.step,
                item=event.item,
                cause=event.cause,
            )
        if isinstance(event, events.StepSkipped):
            return text("{step}: not run: {cause}", step=event.step, cause=text(event.cause))
        return ""

    def _show_all(self) -> None:
        total = sum(self._totals.values())
        done = sum(self._done.values()) + sum(self._running.values())
        if total and self._session.out.is_live:
            self._meter.show("", self._session.text("in all"), min(done, total), total)
