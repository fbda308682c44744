"""What pipelines need of the studio: calls become jobs, futures come true when jobs end."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol, Self

from studio.app.asset import Asset
from studio.app.inputs import InputValues, resolve_input
from studio.app.job import check_done
from studio.app.library import Library
from studio.app.submission import Ask, Tray
from studio.errors import StudioError
from studio.events import Event, EventBus, JobChanged
from studio.pipelines import Call, StepAsset
from studio.presets import PresetBook
from studio.registry import Registry
from studio.scheduler.job import JobRecord, Priority
from studio.spec import GeneratorSpec

_POLL = 0.1  # seconds between looks when another process runs the scheduler


class PipelineStudio(Protocol):
    """The part of `Studio` that a pipeline uses."""

    registry: Registry
    presets: PresetBook
    assets: Library
    events: EventBus

    def submit_asks(self, asks: Sequence[Ask], tray: Tray) -> list[str]:
        """Queue and return job ids."""
        ...

    def get_job(self, job: str) -> JobRecord:
        """Read a job's row."""
        ...

    def cancel(self, jobs: Sequence[str]) -> int:
        """Cancel jobs."""
        ...

    def ensure_scheduler(self) -> bool:
        """Run the scheduler here if nobody does."""
        ...


class PipelineBridge:
    """Implements `studio.pipelines.host.PipelineHost`; use it as a context manager.

    Args:
        on_job: told of the jobs' own events (progress) while the pipeline runs.
    """

    def __init__(
        self,
        studio: PipelineStudio,
        priority: Priority = Priority.BATCH,
        on_job: Callable[[Event], None] | None = None,
    ) -> None:
        self._studio = studio
        self._priority = priority
        self._on_job = on_job
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._pending: dict[str, list[Future[Sequence[StepAsset]]]] = {}
        self._jobs: dict[int, str] = {}
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="studio-pipeline", daemon=True)
        self._unsubscribe: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        self._unsubscribe = self._studio.events.subscribe(self._note)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._unsubscribe()
        self._closing.set()
        self._wake.set()
        self._watcher.join()

    def get_spec(self, generator: str) -> GeneratorSpec:
        """Describe a generator."""
        return self._studio.registry.get(generator)

    def get_preset(self, generator: str, name: str) -> Mapping[str, Any]:
        """Return the params of a preset."""
        return self._studio.presets.get(name, generator).params

    def resolve(self, inputs: InputValues, user: str) -> dict[str, list[Asset]]:
        """Turn what people give (paths, ids, assets) into assets of the library."""
        store = self._studio.assets.store
        resolved = {}
        for name, given in inputs.items():
            values = [given] if not isinstance(given, Sequence) or isinstance(given, str) else given
            resolved[name] = self._studio.assets.get_many(
                [resolve_input(store, value, user).id for value in values]
            )
        return resolved

    def submit(self, call: Call) -> "Future[Sequence[StepAsset]]":
        """Queue a call, reusing every result made before."""
        inputs = {
            slot: [self._studio.assets.get(asset.id) for asset in assets]
            for slot, assets in call.inputs.items()
        }
        ask = Ask(call.generator, dict(call.params), inputs, seeds=call.seeds, titles=call.titles)
        tray = Tray(self._priority, reuse=True, with_trash=call.with_trash)
        (job,) = self._studio.submit_asks([ask], tray)
        future: Future[Sequence[StepAsset]] = Future()
        self._jobs[id(call)] = job
        with self._guard:
            self._pending.setdefault(job, []).append(future)
        self._wake.set()
        return future

    def cancel(self, call: Call) -> None:
        """Give up a submitted call."""
        job = self._jobs.get(id(call))
        if job is not None and not self._closing.is_set():
            self._studio.cancel([job])

    def cancel_all(self) -> None:
        """Cancel every submitted call that has not ended."""
        with self._guard:
            jobs = list(self._pending)
        self._studio.cancel(jobs)
        self._wake.set()

    def abandon(self) -> None:
        """Stop waiting: the jobs stay queued, their futures are cancelled."""
        self._closing.set()
        self._wake.set()
        with self._guard:
            futures = [future for group in self._pending.values() for future in group]
            self._pending.clear()
        for future in futures:
            future.cancel()

    def trash(self, ids: Sequence[str]) -> None:
        """Put results that failed a gate into the trash."""
        self._studio.assets.trash(ids)

    def restore(self, ids: Sequence[str]) -> None:
        """Take results out of the trash."""
        self._studio.assets.restore(ids)

    def tag(self, ids: Sequence[str], tag: str) -> None:
        """Tag results."""
        for asset in ids:
            self._studio.assets.tag(asset, add=[tag])

    def _note(self, event: Event) -> None:
        if self._on_job is not None:
            self._on_job(event)
        if isinstance(event, JobChanged):
            self._wake.set()

    def _watch(self) -> None:
        """Complete futures as their jobs end; see to it that somebody runs them."""
        while not self._closing.is_set():
            self._wake.wait(_POLL if self._pending else None)
            self._wake.clear()
            with self._guard:
                jobs = list(self._pending)
            if jobs:
                self._studio.ensure_scheduler()
            for job in jobs:
                self._settle(job)

    def _settle(self, job: str) -> None:
        record = self._studio.get_job(job)
        if not record.status.is_final:
            return
        with self._guard:
            futures = self._pending.pop(job, [])
        for future in futures:
            try:
                check_done(record)
                future.set_result(self._studio.assets.get_many(record.asset_ids))
            except StudioError as error:
                future.set_exception(error)
