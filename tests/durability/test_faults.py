"""A disk that is full or broken at one operation of the commit, whichever."""

from functools import partial
from itertools import count

import pytest
from harness.faults import CODES, Fault, FaultyDisk, FaultyVfs
from harness.home import Home
from harness.plugin import install
from harness.verdict import find_damage

import studio.app.studio
import studio.store.blobs
from studio import Studio
from studio.database import Database
from studio.errors import StoreError
from studio.scheduler.job import JobStatus
from studio.store import check_store

REMEDIES = {"ENOSPC": "free some space", "EIO": "check the disk"}


@pytest.fixture
def fault(request):
    return Fault()


@pytest.fixture
def vfs(fault):
    vfs = FaultyVfs(f"faulty-{id(fault)}", fault)
    yield vfs.name
    vfs.unregister()


@pytest.fixture
def opened(memory_path, fault, vfs, use_plugins, monkeypatch):
    """A studio on faulty layers, armed while it commits."""
    use_plugins(install(memory_path / "plugin"))
    monkeypatch.setattr(studio.app.studio, "Database", partial(Database, vfs=vfs))
    monkeypatch.setattr(studio.store.blobs, "Disk", partial(FaultyDisk, fault))
    with Studio(memory_path / "home", workers="inline") as opened:
        yield opened


@pytest.mark.parametrize("code", CODES)
def test_each_operation_of_a_commit_fails_once(opened, fault, code):
    """The job fails with the remedy or is done all the same; tried again it is done."""
    host, struck, place = opened._host, set(), None
    commit_many = host.commit_many

    def commit_under_fault(arrivals):
        if place is None:
            return commit_many(arrivals)
        fault.arm(*place)
        try:
            return commit_many(arrivals)
        finally:
            fault.disarm()

    def run(seed):
        job = opened.submit("durable.text", seed=seed)
        return job, job.wait(60)

    host.commit_many = commit_under_fault
    # The number of pages a transaction writes changes from time to time: its sync gets a turn.
    places = [(at, CODES[code]) for at in range(60)] + [(0, CODES[code], "db-wal sync")]
    for seed, place in enumerate(places):
        fault.struck = ""
        job, status = run(seed)
        place = None
        struck.add(fault.struck)
        if status is JobStatus.FAILED:
            assert isinstance(job.error, StoreError), job.error
            assert REMEDIES[code] in str(job.error), fault.struck
            opened.jobs.retry([job.id])
            status = job.wait(60)
        assert status is JobStatus.DONE, (fault.struck, job.error)
        assert len(job.record.asset_ids) == 1
        if not fault.struck and len(struck) > 5:
            places[seed + 1 : -1] = []  # beyond the last operation
    assert {"blob sync_file", "blob sync_folder", "blob rename"} <= struck
    assert {"studio.db-wal write", "studio.db-wal sync"} <= struck
    assert run(1000)[1] is JobStatus.DONE
    assert find_damage(as_home(opened)) is None
    assert opened.assets.check(deep=True).is_clean


def as_home(opened):
    home = Home.__new__(Home)
    home.database, home.store, home.jobs = opened._database, opened._store, opened._table
    return home


@pytest.mark.parametrize("code", CODES)
def test_one_fault_costs_at_most_a_retry_of_a_group(memory_path, fault, vfs, code):
    """Whatever fails once while a group is committed, every output of it is stored."""
    home = Home(memory_path / "home", vfs=vfs, disk=FaultyDisk(fault))
    for place in count():
        jobs = home.submit(*[("plain", [place * 10 + i]) for i in range(3)])
        leases = [home.jobs.lease(job, "worker") for job in jobs]
        arrivals = [(lease, home.make(lease, 0), "cpu") for lease in leases]
        fault.arm(place, CODES[code])
        verdicts = home.host.commit_many(arrivals)
        fault.disarm()
        assert verdicts == [True] * 3, fault.struck
        if not fault.struck:
            break
    assert place > 12
    home.jobs.recover(100)
    assert find_damage(home) is None
    assert check_store(home.store, deep=True).is_clean
    home.close()


def test_a_commit_that_failed_at_its_last_sync_does_not_come_true_without_its_files(
    memory_path, fault, vfs
):
    """SQLite takes it back, but its bytes are in the log; a crash right then must not find them."""
    places = 0
    for place in range(100):
        home = Home(memory_path / f"home-{place}", vfs=vfs, disk=FaultyDisk(fault))
        (job,) = home.submit(("plain", [1]))
        lease = home.jobs.lease(job, "worker")
        output = home.make(lease, 0)
        fault.arm(place, CODES["EIO"])
        (verdict,) = home.host.commit_many([(lease, output, "cpu")])
        fault.disarm()
        files = {name: (home.folder / name).read_bytes() for name in ("studio.db", "studio.db-wal")}
        home.close()
        for name, data in files.items():  # the process never closed: it was killed
            (home.folder / name).write_bytes(data)
        (home.folder / "studio.db-shm").unlink(missing_ok=True)
        again = Home(home.folder)
        again.jobs.recover(100)
        assert find_damage(again) is None, f"after a failure of {fault.struck}"
        again.close()
        places += verdict is not True
        if not fault.struck:
            break
    assert places > 5
