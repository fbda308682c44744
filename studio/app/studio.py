"""`Studio`: the composition root. Faces talk to it and to nothing below it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from studio.app.asset import Asset, Reproduction
from studio.app.forecasts import DryRun, Forecaster
from studio.app.host import StudioHost
from studio.app.inputs import InputValues
from studio.app.job import Batch, Job, Progress
from studio.app.jobs import JobBook
from studio.app.library import Library, find_all
from studio.app.ownership import Ownership
from studio.app.pipeline_host import PipelineBridge
from studio.app.reproduction import Reproducer
from studio.app.runs import RunBook
from studio.app.submission import (
    Ask,
    Submission,
    Tray,
    build_ask,
    get_priority,
    name_batch,
)
from studio.checkpoints import CheckpointBook
from studio.config import load_config
from studio.database import Database
from studio.events import Event
from studio.host_plugins import HostPlugins
from studio.media import MediaType
from studio.observe.logs import open_log
from studio.observe.watch import Watch
from studio.pipelines import PipelineBook, PipelineRun, run_pipeline
from studio.presets import PresetBook
from studio.scheduler.devices import find_devices
from studio.scheduler.job import JobRecord, JobRequest
from studio.scheduler.jobs import JobTable
from studio.scheduler.receipts import Receipts
from studio.scheduler.runtime import Scheduler
from studio.store import Lineage, Store
from studio.worker.describe import load_registry

if TYPE_CHECKING:
    from studio.observe.monitor import Monitor


class Studio:
    """A home opened: generators, queue and library.

    Use it as a context manager, or call `close()`. Any number of processes may open one home; one
    of them runs the scheduler, the others enqueue and wait.

    Args:
        home: folder of the library; None takes `STUDIO_HOME` or the user's data folder.
        workers: "process", or "inline" to run generators in this process (notebooks, tests).
        **settings: other fields of `Config`.

    Raises:
        ConfigError: a setting is wrong or the home cannot be written.
        StoreError: the database cannot be opened.
    """

    def __init__(
        self, home: str | Path | None = None, *, workers: str | None = None, **settings: Any
    ) -> None:
        self.config = load_config(home=home, workers=workers, **settings)
        self._database = Database(self.config.database_path)
        self._store = Store(self._database, self.config.home)
        self._table = JobTable(self._database)
        self._receipts = Receipts(self._database)
        self.plugins = HostPlugins()
        self.registry = load_registry(self.config)
        self.presets = PresetBook(self.config, self.registry, self.plugins.find_preset_folders())
        self.checkpoints = CheckpointBook(
            self.config,
            self._database,
            self.registry,
            self._store.find_checkpoint,
            lambda: find_all(self._store, MediaType.CHECKPOINT),
        )
        self._submission = Submission(
            self.config, self._store, self.registry, self.presets, self.checkpoints
        )
        self._host = StudioHost(
            self.config, self._database, self._store, self._table, self.checkpoints
        )
        self._host.registry = self.registry
        self.events = self._host.events
        self.strikes = self._host.strikes
        self._ownership = Ownership(self.config, self._build_scheduler)
        self.assets = Library(self._store, self, self.config.user)
        self.jobs = JobBook(
            self._table,
            self.events,
            lambda: self,
            self.ensure_scheduler,
            self.config.home / "logs" / "jobs",
        )
        self._reproducer = Reproducer(self._store, self.registry, self._run_request)
        self.forecaster = Forecaster(
            self.config, self._database, self._table, lambda: self.scheduler
        )
        self.pipelines = PipelineBook(self.config, self.plugins.find_pipeline_folders())
        self.runs = RunBook(
            self._database, self.events, self.for_user, self.config.home / "cache" / "runs"
        )
        self._watch = Watch(self.config, self._database)
        self._close_log = open_log(self.config)
        if self.plugins.plugins:
            self.plugins.call("startup", studio=self)
            self.events.subscribe(self._tell_plugins)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop scheduling here and close the home; what is queued stays queued."""
        self.runs.close()
        self._ownership.release()
        self._watch.close()
        self._host.close()
        self.jobs.close()
        self._database.close()
        self._close_log()

    def generate(
        self,
        generator: str,
        *,
        seed: int | None = None,
        count: int = 1,
        inputs: InputValues | None = None,
        preset: str | None = None,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> list[Asset]:
        """Make assets and wait for them.

        Args:
            generator: id, e.g. "textures.from_image".
            seed: first seed, 0..2³²-1; None picks one by chance.
            count: how many results; seeds go up from `seed`.
            inputs: slot name -> path, asset, asset id, or a list of them.
            preset: name of saved params, which those given here override.
            params: the generator's params,
            **named: the same by name, where that is not a name of this method's own.

        Raises:
            StudioError: the request is wrong (nothing was queued) or the job failed.
        """
        values = {**(params or {}), **named}
        return self.submit(
            generator, seed=seed, count=count, inputs=inputs, preset=preset, params=values
        ).result()

    def submit(  # noqa: PLR0913 - the whole of a request, by name
        self,
        generator: str,
        *,
        seed: int | None = None,
        count: int = 1,
        inputs: InputValues | None = None,
        preset: str | None = None,
        priority: str = "normal",
        reuse: bool = False,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> Job:
        """Queue a job and return at once; it is on disk when this returns.

        Args:
            generator: as `generate`.
            seed: as `generate`.
            count: as `generate`.
            inputs: as `generate`.
            preset: as `generate`.
            params: as `generate`.
            **named: as `generate`.
            priority: "interactive", "normal" or "batch".
            reuse: take results of the same recipe that the library has already.
        """
        ask = Ask(generator, {**(params or {}), **named}, inputs or {}, seed, count, None, preset)
        tray = Tray(priority=get_priority(priority), reuse=reuse)
        return Job(self.submit_asks([ask], tray)[0], self)

    def batch(
        self,
        requests: Iterable[Mapping[str, Any]],
        *,
        priority: str = "batch",
        tags: Sequence[str] = (),
    ) -> Batch:
        """Queue many calls as one; what the library has already is not made again.

        Args:
            requests: each with `generator` and any of `params`, `inputs`, `seed`, `count`,
                `seeds`, `preset`.
            priority: as `submit`.
            tags: for everything it makes.

        Raises:
            StudioError: a request is wrong; nothing was queued.
        """
        tray = Tray(priority=get_priority(priority), tags=tuple(tags), reuse=True)
        return self.submit_batch(requests, tray)

    def dry_run(self, requests: Iterable[Mapping[str, Any]], *, priority: str = "batch") -> DryRun:
        """Predict what `batch` would take: time, memory, disk. Queues nothing.

        Args:
            requests: as `batch`; files given as inputs are imported, as `batch` would.
            priority: as `submit`.

        Raises:
            StudioError: a request is wrong.
        """
        tray = Tray(priority=get_priority(priority), reuse=True)
        _, chunks = self._build_batch(requests, tray)
        left = [
            len(chunk.seeds) - len(self._submission.find_answers(chunk, with_trash=False))
            for chunk in chunks
        ]
        return self.forecaster.dry_run(chunks, left)

    def run_pipeline(
        self,
        pipeline: str | Path,
        *,
        inputs: InputValues | None = None,
        seed: int = 0,
        on_event: Callable[[Event], None] | None = None,
        params: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> PipelineRun:
        """Run a recipe to its end; steps that were done before are not done again.

        Args:
            pipeline: name of a shipped or saved recipe, or the path of a TOML file.
            inputs: as `generate`.
            seed: every seed of the run derives from it.
            on_event: called with each `studio.pipelines.events` event and the jobs' events, from
                several threads; what it raises on one of the former stops the run.
            params: the recipe's params,
            **named: the same by name, where that is not a name of this method's own.

        Raises:
            PipelineError: the recipe is wrong (nothing ran) or a step could not be done.
        """
        recipe = self.pipelines.get(pipeline)
        with PipelineBridge(self, on_job=on_event) as bridge:
            given = bridge.resolve(inputs or {}, self.config.user)
            values = {**(params or {}), **named}
            return run_pipeline(recipe, bridge, given, values, seed=seed, on_event=on_event)

    def for_user(self, user: str) -> "Studio":
        """Return a view of this home whose jobs and assets belong to `user`; do not close it."""
        if user == self.config.user:
            return self
        view = copy(self)
        view.config = self.config.model_copy(update={"user": user})
        view._submission = Submission(
            view.config, self._store, self.registry, self.presets, self.checkpoints
        )
        view.assets = Library(self._store, view, user)
        view._reproducer = Reproducer(self._store, self.registry, view._run_request)
        return view

    def asset(self, asset: str) -> Asset:
        """Return an asset by id or unique beginning of one."""
        return self.assets.get(asset)

    def ensure_scheduler(self) -> bool:
        """Run the scheduler here if nobody does; True if it runs here."""
        return self.config.schedules and self._ownership.ensure()

    @cached_property
    def monitor(self) -> "Monitor":
        """Status, figures and traces of the home, whoever schedules it."""
        from studio.observe.monitor import Monitor  # of no use to most programs

        return Monitor(self.config, self._database)

    @property
    def scheduler(self) -> Scheduler | None:
        """The scheduler, if it runs in this process."""
        return self._ownership.scheduler

    def submit_asks(self, asks: Sequence[Ask], tray: Tray) -> list[str]:
        """Queue asks as given and return job ids; `submit`, `batch` and pipelines end here."""
        return self._queue([self._submission.build(ask, tray) for ask in asks], tray)

    def submit_batch(self, requests: Iterable[Mapping[str, Any]], tray: Tray) -> Batch:
        """Queue requests as one; as `batch`."""
        batch, chunks = self._build_batch(requests, tray)
        return Batch(batch, self._queue(chunks, tray), self)

    # What handles need (`AssetHome`, `JobHome`).

    def get_lineage(self, asset: str) -> Lineage:
        """Return what an asset was made from and what was made from it."""
        return self._store.get_lineage(asset)

    def reproduce(self, record: Any) -> Reproduction:
        """Run an asset's recipe again and compare."""
        return self._reproducer.reproduce(record)

    def get_job(self, job: str) -> JobRecord:
        """Read a job's row."""
        return self._table.get(job)

    def get_assets(self, ids: Sequence[str]) -> list[Asset]:
        """Load assets in order."""
        return self.assets.get_many(ids)

    def wait(self, jobs: Sequence[str], timeout: float | None) -> None:
        """Block until jobs ended."""
        self.jobs.wait(jobs, timeout)

    def cancel(self, jobs: Sequence[str]) -> int:
        """Cancel jobs."""
        touched = self.jobs.cancel(jobs)
        self._ownership.wake()
        return touched

    def get_progress(self, record: JobRecord) -> Progress:
        """Return the newest progress known of a job."""
        return self.jobs.get_progress(record)

    def _build_batch(
        self, requests: Iterable[Mapping[str, Any]], tray: Tray
    ) -> tuple[str, list[JobRequest]]:
        """Return the name of a batch and its jobs."""
        asks = [build_ask(i, request) for i, request in enumerate(requests)]
        built = [self._submission.build(ask, tray) for ask in asks]
        batch = name_batch(built)
        return batch, [
            chunk.model_copy(update={"batch": batch})
            for request in built
            for chunk in self._submission.chunk(request)
        ]

    def _queue(self, requests: Sequence[JobRequest], tray: Tray) -> list[str]:
        for plugin in {request.entry_point for request in requests}:
            self.strikes.check(plugin)
        answered = (
            [
                self._submission.find_answers(request, with_trash=tray.with_trash)
                for request in requests
            ]
            if tray.reuse
            else ()
        )
        ids = self._receipts.submit(
            tray.receipt,
            lambda: self._table.submit(requests, answered=answered, reuse=tray.reuse),
        )
        self.ensure_scheduler()
        self._ownership.wake()
        return ids

    def _tell_plugins(self, event: Event) -> None:
        self.plugins.call("track_event", studio=self, event=event)

    def _run_request(self, request: JobRequest) -> list[Asset]:
        own = request.model_copy(update={"user": self.config.user})
        return Job(self._queue([own], Tray())[0], self).result()

    def _build_scheduler(self) -> Scheduler:
        self._host.clear_scratch()
        scheduler = Scheduler(
            self.config, self._database, self._table, self._host, find_devices(self.config)
        )
        self._watch.start(self.events, scheduler.list_workers)
        return scheduler
