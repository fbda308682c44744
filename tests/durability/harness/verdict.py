"""Open what a crash has left, recover, look, and go on working: what is wrong, if anything."""

import hashlib
import os
from pathlib import Path

from harness.home import Home, build_artifacts

from studio.errors import StudioError
from studio.scheduler.job import JobStatus
from studio.store import check_store


class Bench:
    """A folder in which states are laid out one after the other.

    Every state is opened and recovered. What was promised is looked for, and work goes on from
    there, once for all states that are the same after recovery, row by row and file by file.
    """

    def __init__(self, folder):
        self.folder = folder
        Home(folder).close()  # the folders of the blobs
        self._promises = {}
        self._verdicts = {}

    def find_fault(self, state):
        """Return what is wrong with a state, or None."""
        self._lay_out(state.files)
        home = None
        try:
            home = Home(self.folder)
            home.jobs.recover(100)
            home.clear_scratch()
            left = take_print(home)
            promise = (left, state.acks)
            if promise not in self._promises:
                self._promises[promise] = find_broken_promise(home, state.acks)
            if left not in self._verdicts:
                self._verdicts[left] = find_damage(home) or find_trouble_later(home)
            return self._promises[promise] or self._verdicts[left]
        except StudioError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            if home is not None:
                home.close()

    def _lay_out(self, files):
        """Make the folder hold exactly those files."""
        for folder in os.scandir(self.folder / "blobs"):
            for entry in os.scandir(folder.path):
                os.unlink(entry.path)
        for name in ("studio.db", "studio.db-wal", "studio.db-shm", "studio.db-journal"):
            (self.folder / name).unlink(missing_ok=True)
        for name, data in files.items():
            if not name.startswith("scratch"):
                (self.folder / name).write_bytes(data)


def take_print(home):
    """Return all that matters of a home, as one value."""
    rows = [
        tuple(tuple(row.values()) for row in home.database.query(sql))
        for sql in (
            "PRAGMA quick_check",
            "SELECT id, status, attempts, losses, cancel_requested, error FROM jobs ORDER BY id",
            "SELECT * FROM job_outputs",
            "SELECT * FROM assets",
            "SELECT * FROM files",
        )
    ]
    files = [
        (entry.name, hashlib.sha256(Path(entry.path).read_bytes()).digest())
        for folder in os.scandir(home.store.blobs.folder)
        for entry in os.scandir(folder.path)
    ]
    return hash((tuple(rows), tuple(sorted(files))))


def find_broken_promise(home, acks):
    """Look whether all that was acknowledged is so."""
    records = {}
    for ack in acks:
        try:
            record = records[ack.job] = records.get(ack.job) or home.jobs.get(ack.job)
        except StudioError:
            return f"job {ack.job} was acknowledged and is lost"
        if ack.what == "booked" and ack.position not in record.outputs:
            return f"output {ack.position} of job {ack.job} was acknowledged and is lost"
        if ack.what in ("done", "failed") and record.status != ack.what:
            return f"job {ack.job} was {ack.what} and is {record.status}"
    return None


def find_damage(home):
    """Look whether jobs, assets and files belong together and every file is whole."""
    rows = home.database.query("SELECT id, job, output_index FROM assets")
    booked = set()
    for row in home.database.query("SELECT id FROM jobs"):
        record = home.jobs.get(row["id"])
        if record.status is JobStatus.RUNNING:
            return f"job {record.id} runs nowhere"
        if (len(record.outputs) == len(record.request.seeds)) != (record.status is JobStatus.DONE):
            return f"job {record.id} is {record.status} with {len(record.outputs)} outputs"
        booked |= {(record.id, asset) for asset in record.asset_ids}
    if booked != {(row["job"], row["id"]) for row in rows}:
        return "assets and booked outputs are not the same"
    for row in home.database.query("SELECT sha256, suffix FROM files"):
        path = home.store.blobs.folder
        found = list(path.glob(f"*/{row['sha256']}{row['suffix']}"))
        if len(found) != 1:
            return f"a file of an asset is there {len(found)} times"
        if hashlib.sha256(found[0].read_bytes()).hexdigest() != row["sha256"]:
            return "a file of an asset is torn"
    return None


def find_trouble_later(home):
    """Run the rest; then every job has exactly its outputs, whole, and the check finds nothing."""
    queued = home.jobs.find(statuses=[JobStatus.QUEUED])
    for record in queued:
        home.finish(record.id)
    fault = find_damage(home)
    if fault:
        return f"after going on: {fault}"
    for row in home.database.query("SELECT id FROM jobs"):
        record = home.jobs.get(row["id"])
        if record.status is JobStatus.FAILED:
            continue
        for position in range(len(record.request.seeds)):
            wanted = build_artifacts(record.request, position)
            made = [home.store.get(asset) for asset in record.outputs.get(position, [])]
            got = [{name: p.read_bytes() for name, p in item.files.items()} for item in made]
            if got != wanted:
                return f"after going on: output {position} of job {record.id} is not what it was"
    report = check_store(home.store, deep=True)
    return None if report.is_clean else f"after going on: {report.problems[0]}"
