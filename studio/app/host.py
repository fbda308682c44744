"""The scheduler's host: builds workers and orders, and commits what comes back.

The commit is here because here store and job table meet: blobs first, then ONE transaction that
inserts the assets and books the output under the job's token.
"""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from studio.checkpoints import CheckpointBook
from studio.config import Config
from studio.database import Database
from studio.errors import InvalidInputError, StudioError
from studio.events import AssetAdded, Event, EventBus
from studio.registry import Registry
from studio.scheduler.job import Lease
from studio.scheduler.jobs import JobTable
from studio.store import AssetRecord, NewAsset, Store
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
        self._database = database
        self._store = store
        self._jobs = jobs
        self._checkpoints = checkpoints
        self._janitor = ThreadPoolExecutor(1, thread_name_prefix="studio-janitor")
        self.events = EventBus()

    def build_worker(self, name: str, environment: str, device: str, on_event: OnEvent) -> Worker:
        """Make a worker process, or a thread when the config says inline."""
        cls = InlineWorker if self._config.workers == "inline" else ProcessWorker
        return cls(name, environment, device, self._config, on_event)

    def build_order(self, lease: Lease) -> protocol.Run:
        """Resolve inputs and checkpoint, and make the scratch folder."""
        request = lease.request
        checkpoint = None
        if request.recipe.checkpoint is not None:
            spec = self.registry.get(request.recipe.generator)
            found = self._checkpoints.resolve(request.recipe.checkpoint.name, spec)
            checkpoint = protocol.CheckpointData(
                name=found.name, path=str(found.path), sha256=found.sha256
            )
        scratch = self._get_scratch(lease)
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
            log=str(log),
        )

    def commit(self, lease: Lease, output: protocol.Output, device: str) -> bool:
        """Store the artifacts of one seed, exactly once; True if it was the job's last."""
        parents = {
            name: [self._store.get(asset) for asset in assets]
            for name, assets in lease.request.inputs.items()
        }
        staged = []
        for index, data in enumerate(output.artifacts):
            self._check_inside(lease, data)
            new = _build_asset(lease, output, index, device, parents)
            staged.append((new, self._store.stage(new.files)))
        try:
            with self._database.transaction() as connection:
                ids = [self._store.insert(connection, new, blobs) for new, blobs in staged]
                is_last = self._jobs.book_output(connection, lease, output.position, ids)
        except StudioError:
            for _, blobs in staged:
                self._store.discard_quietly(blobs.values())
            raise
        for asset in ids:
            self.emit(AssetAdded(asset, lease.job))
        return is_last

    def end(self, lease: Lease) -> None:
        """Remove the job's scratch folder, without keeping the scheduler waiting."""
        self._janitor.submit(shutil.rmtree, self._get_scratch(lease), True)

    def emit(self, event: Event) -> None:
        """Tell the subscribers."""
        self.events.emit(event)

    def close(self) -> None:
        """Finish tidying up."""
        self._janitor.shutdown()

    def clear_scratch(self) -> None:
        """Remove what earlier hosts left; only the owner of the scheduler lock may."""
        shutil.rmtree(self._config.home / "scratch", ignore_errors=True)

    def _get_scratch(self, lease: Lease) -> Path:
        # The token is in the name: a worker that outlived its lease cannot write into the next.
        return self._config.home / "scratch" / f"{lease.job}-{lease.token}"

    def _check_inside(self, lease: Lease, data: protocol.EncodedData) -> None:
        scratch = self._get_scratch(lease).resolve()
        for name, path in data.files.items():
            if not Path(path).resolve().is_relative_to(scratch):
                raise InvalidInputError(
                    "{generator}: file '{name}' is outside the job's scratch folder; "
                    "tell the plugin's author",
                    generator=lease.request.recipe.generator,
                    name=name,
                )


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


def _build_asset(
    lease: Lease,
    output: protocol.Output,
    index: int,
    device: str,
    parents: Mapping[str, list[AssetRecord]],
) -> NewAsset:
    request, data = lease.request, output.artifacts[index]
    title = request.titles[output.position] if request.titles else data.title
    licences = {record.licence for records in parents.values() for record in records}
    inherited = " AND ".join(sorted(licences)) if licences and "" not in licences else ""
    return NewAsset(
        kind=data.kind,
        files={name: Path(path) for name, path in data.files.items()},
        payload_hash=data.payload_hash,
        title=title or data.title,
        recipe=request.recipe.with_seed(output.seed),
        thumbnail=Path(data.thumbnail) if data.thumbnail else None,
        facts=data.facts,
        metrics=data.metrics,
        info=data.info,
        licence=data.licence or inherited,
        source="generated",
        parents=tuple((name, record.id) for name, records in parents.items() for record in records),
        tags=request.tags,
        user=request.user,
        device=device,
        versions=output.versions,
        seconds=output.seconds,
        job=lease.job,
        output_index=output.position << 16 | index,
        trashed=request.trashed,
    )
