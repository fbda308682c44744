"""Commits with one thing wrong each. The harness is worth something only if it notices."""

from harness.recording import RecordingDisk

from studio.app.commit import Committer
from studio.app.host import StudioHost
from studio.database import Database
from studio.store import BlobRef


class NoFileSync(RecordingDisk):
    """The fsync of files is left out."""

    def sync_file(self, path):
        pass


class NoFolderSync(RecordingDisk):
    """The fsync of folders is left out."""

    def sync_folder(self, folder):
        pass


class LateSync(RecordingDisk):
    """The file gets its name before it is synced."""

    def sync_file(self, path):
        pass

    def rename(self, source, target):
        super().rename(source, target)
        super().sync_file(target)


class _RowBeforeBlob(Committer):
    """The transaction comes first, the files after it."""

    def _stage(self, arrivals, built, verdicts):
        self.files = [new.files for assets in built.values() for new in assets]
        real, self._store.stage_many = self._store.stage_many, self._look
        try:
            return super()._stage(arrivals, built, verdicts)
        finally:
            self._store.stage_many = real

    def _look(self, groups):
        disk = self._store.blobs._disk
        return [
            {name: BlobRef(*disk.hash(path), ".txt") for name, path in files.items()}
            for files in groups
        ]

    def _book(self, staged, verdicts):
        self._store.blobs.is_there = lambda ref: True
        try:
            return super()._book(staged, verdicts)
        finally:
            del self._store.blobs.is_there
            self._store.stage_many(self.files)


class _TwoTransactions(Committer):
    """Assets in one transaction, the booking in another."""

    def _book(self, staged, verdicts):
        transaction = self._database.transaction
        for index, item in staged.items():
            with transaction() as connection:
                made = [self._store.insert(connection, new, blobs) for new, blobs in item.assets]
            with transaction() as connection:
                verdicts[index] = self._jobs.book_output(
                    connection, item.lease, item.position, made
                )
        return []


def _build_host(committer):
    class Host(StudioHost):
        def __init__(self, config, database, store, jobs, checkpoints):
            super().__init__(config, database, store, jobs, checkpoints)
            self._committer = committer(config, database, store, jobs)

    return Host


class NotDurable(Database):
    """No transaction waits for the disk."""

    def transaction(self, *, durable=True):
        return super().transaction(durable=False)


MUTATIONS = {
    "fsync of files removed": {"disk": NoFileSync},
    "fsync of folders removed": {"disk": NoFolderSync},
    "fsync of the database removed": {"lies": True},
    "database not waited for": {"database": NotDurable},
    "rename before fsync": {"disk": LateSync},
    "row before blob": {"host": _build_host(_RowBeforeBlob)},
    "two transactions": {"host": _build_host(_TwoTransactions)},
}
"""What is wrong -> arguments for `workload.record`."""
