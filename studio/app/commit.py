"""The commit: blobs first, then ONE transaction that inserts assets and books outputs.

It is here because here store and job table meet. Outputs that arrive together share their syncs:
one a file, one a folder of blobs, one of the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from studio.config import Config
from studio.database import Database, all_or_nothing
from studio.errors import InvalidInputError, StoreError, StudioError
from studio.scheduler.job import Lease
from studio.scheduler.jobs import JobTable
from studio.store import AssetRecord, BlobRef, NewAsset, Store
from studio.worker import protocol

Arrival = tuple[Lease, protocol.Output, str]
"""What a worker answered under a lease, and the device it was made on."""

Added = tuple[str, str]
"""Ids of an asset and of its job."""

Verdict = bool | StudioError
"""Whether an output was its job's last, or why it could not be kept."""


@dataclass(frozen=True)
class _Staged:
    """An output whose files are safe."""

    lease: Lease
    position: int
    assets: list[tuple[NewAsset, dict[str, BlobRef]]]

    @property
    def blobs(self) -> list[BlobRef]:
        """Every file."""
        return [ref for _, blobs in self.assets for ref in blobs.values()]


class Committer:
    """Commits outputs of one home, each exactly once."""

    def __init__(self, config: Config, database: Database, store: Store, jobs: JobTable) -> None:
        self._config = config
        self._database = database
        self._store = store
        self._jobs = jobs

    def commit(self, arrivals: Sequence[Arrival]) -> tuple[list[Verdict], list[Added]]:
        """Commit outputs together; one that is refused does not take the others with it.

        Returns:
            A verdict per arrival, and all assets inserted.
        """
        verdicts: dict[int, Verdict] = {}
        built: dict[int, list[NewAsset]] = {}
        for index, arrival in enumerate(arrivals):
            try:
                built[index] = self._build(*arrival)
            except StudioError as error:
                verdicts[index] = error
        staged = self._stage(arrivals, built, verdicts)
        added = self._book(staged, verdicts)
        return [verdicts[index] for index in range(len(arrivals))], added

    def get_scratch(self, lease: Lease) -> Path:
        """Return where a job's files are made."""
        # The token is in the name: a worker that outlived its lease cannot write into the next.
        return self._config.home / "scratch" / f"{lease.job}-{lease.token}"

    def _build(self, lease: Lease, output: protocol.Output, device: str) -> list[NewAsset]:
        parents = {
            name: [self._store.get(asset) for asset in assets]
            for name, assets in lease.request.inputs.items()
        }
        for data in output.artifacts:
            self._check_inside(lease, data)
        return [
            _build_asset(lease, output, index, device, parents)
            for index in range(len(output.artifacts))
        ]

    def _check_inside(self, lease: Lease, data: protocol.EncodedData) -> None:
        scratch = self.get_scratch(lease).resolve()
        for name, path in data.files.items():
            if not Path(path).resolve().is_relative_to(scratch):
                raise InvalidInputError(
                    "{generator}: file '{name}' is outside the job's scratch folder; "
                    "tell the plugin's author",
                    generator=lease.request.recipe.generator,
                    name=name,
                )

    def _stage(
        self,
        arrivals: Sequence[Arrival],
        built: Mapping[int, list[NewAsset]],
        verdicts: dict[int, Verdict],
    ) -> dict[int, _Staged]:
        """Make all files durable; if that fails, each output's by itself."""
        try:
            files = [new.files for assets in built.values() for new in assets]
            blobs = iter(self._store.stage_many(files))
            return {
                index: _pack(arrivals[index], [(new, next(blobs)) for new in assets])
                for index, assets in built.items()
            }
        except StudioError as error:
            if len(built) == 1:
                verdicts[next(iter(built))] = error
                return {}
        staged: dict[int, _Staged] = {}
        for index, assets in built.items():
            staged |= self._stage(arrivals, {index: assets}, verdicts)
        return staged

    def _book(self, staged: Mapping[int, _Staged], verdicts: dict[int, Verdict]) -> list[Added]:
        """Insert and book in one transaction; if it cannot end, each output in its own.

        What is refused loses its blobs, unless other assets name them.
        """
        if not staged:
            return []
        answers: dict[int, Verdict] = {}
        added: list[Added] = []
        try:
            with self._database.transaction() as connection:
                for index, item in staged.items():
                    answers[index] = self._book_one(connection, item, added)
        except StoreError as error:
            if len(staged) > 1:
                singles = [self._book({i: item}, verdicts) for i, item in staged.items()]
                return [asset for single in singles for asset in single]
            answers, added = dict.fromkeys(staged, error), []
        refused = [i for i, answer in answers.items() if isinstance(answer, StudioError)]
        if refused:
            self._store.discard_quietly([ref for i in refused for ref in staged[i].blobs])
        verdicts |= answers
        return added

    def _book_one(self, connection: apsw.Connection, item: _Staged, added: list[Added]) -> Verdict:
        try:
            with all_or_nothing(connection):
                made = [self._store.insert(connection, new, blobs) for new, blobs in item.assets]
                is_last = self._jobs.book_output(connection, item.lease, item.position, made)
        except StudioError as error:
            return error
        except apsw.ConstraintError:
            return StoreError(
                "job {job}: its output {index} is stored already",
                job=item.lease.job,
                index=item.position,
            )
        added += [(asset, item.lease.job) for asset in made]
        return is_last


def _pack(arrival: Arrival, assets: list[tuple[NewAsset, dict[str, BlobRef]]]) -> _Staged:
    lease, output, _ = arrival
    return _Staged(lease, output.position, assets)


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
        recipe=request.recipe.with_seed(output.seed).with_params(data.params),
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
