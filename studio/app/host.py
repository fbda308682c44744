"""The scheduler's host: builds workers and orders, and has committed what comes back."""

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from studio.app.commit import Arrival, Committer, Verdict
from studio.app.kept import KeptFolders
from studio.checkpoints import CheckpointBook
from studio.config import Config
from studio.database import Database
from studio.errors import StudioError
from studio.events import AssetAdded, Event, EventBus
from studio.registry import Registry
from studio.scheduler.job import Lease
from studio.scheduler.jobs import JobTable
from studio.store import AssetRecord, Store
from studio.strikes import Strikes
from studio.worker import protocol
from studio.worker.base import OnEvent, Worker
from studio.worker.inline import InlineWorker
from studio.worker.process import ProcessWorker


class StudioHost:
    """Implements `studio.scheduler.ports.Host` for one home."""

    def __init__(
        self,
        config: Config,
        database: Database,
        store: Store,
        jobs: JobTable,
        checkpoints: CheckpointBook,
    ) -> None:
        self.registry: Registry  # set by `Studio`, which also keeps it fresh
        self._config = config
        self._store = store
        self._committer = Committer(config, database, store, jobs)
        self._kept = KeptFolders(config.home, jobs)
        self._checkpoints = checkpoints
        self.strikes = Strikes(database)
        self._janitor = ThreadPoolExecutor(1, thread_name_prefix="studio-janitor")
        self.events = EventBus()

    def build_worker(self, name: str, environment: str, device: str, on_event: OnEvent) -> Worker:
        """Make a worker process, or a thread when the config says inline."""
        cls = InlineWorker if self._config.workers == "inline" else ProcessWorker

        def listen(worker: str, event: protocol.WorkerEvent) -> None:
            if isinstance(event, protocol.Exited) and event.culprit:
                self.strikes.note_death(event.culprit, event.reason)
            on_event(worker, event)

        return cls(name, environment, device, self._config, listen)

    def build_order(self, lease: Lease) -> protocol.Run:
        """Resolve inputs and checkpoint, and make the scratch folder."""
        request = lease.request
        self.strikes.check(request.entry_point)
        checkpoint = None
        if request.recipe.checkpoint is not None:
            spec = self.registry.get(request.recipe.generator)
            found = self._checkpoints.resolve(request.recipe.checkpoint.name, spec)
            checkpoint = protocol.CheckpointData(
                name=found.name, path=str(found.path), sha256=found.sha256
            )
        scratch = self._committer.get_scratch(lease)
        scratch.mkdir(parents=True, exist_ok=True)
        log = self._config.home / "logs" / "jobs" / f"{lease.job}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        return protocol.Run(
            job=lease.job,
            entry_point=request.entry_point,
            resident=request.resident,
            checkpoint=checkpoint,
            recipe=request.recipe,
            seeds=[request.seeds[position] for position in lease.positions],
            positions=list(lease.positions),
            inputs={
                name: [_build_input(self._store.get(asset)) for asset in assets]
                for name, assets in request.inputs.items()
            },
            scratch=str(scratch),
            kept=str(self._kept.find(lease.job)),
            log=str(log),
        )

    def commit(self, lease: Lease, output: protocol.Output, device: str) -> bool:
        """Store the artifacts of one seed, exactly once; True if it was the job's last.

        Raises:
            StudioError: it cannot be kept.
        """
        (verdict,) = self.commit_many([(lease, output, device)])
        if isinstance(verdict, StudioError):
            raise verdict
        return verdict

    def commit_many(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Commit outputs that came together with few syncs; see `Committer.commit`."""
        verdicts, ids = self._committer.commit(arrivals)
        for asset, job in ids:
            self.emit(AssetAdded(asset, job))
        return verdicts

    def end(self, lease: Lease) -> None:
        """Remove the job's scratch folder, without keeping the scheduler waiting."""
        self._janitor.submit(shutil.rmtree, self._committer.get_scratch(lease), True)
        self._janitor.submit(self._kept.sweep)

    def emit(self, event: Event) -> None:
        """Tell the subscribers."""
        self.events.emit(event)

    def close(self) -> None:
        """Finish tidying up."""
        self._janitor.shutdown()

    def clear_scratch(self) -> None:
        """Remove what earlier hosts left; only the owner of the scheduler lock may."""
        shutil.rmtree(self._config.home / "scratch", ignore_errors=True)
        self._kept.sweep()


def _build_input(record: AssetRecord) -> protocol.InputData:
    return protocol.InputData(
        id=record.id,
        kind=record.kind,
        path=str(record.path),
        files={name: str(path) for name, path in record.files.items()},
        payload_hash=record.payload_hash,
        title=record.title,
        metadata={"params": record.params, "metrics": record.metrics, "facts": record.facts},
    )
