"""A stretch of a host's life, recorded: jobs queued, leased, committed alone and together."""

from pathlib import Path

from harness.home import Home
from harness.log import Log
from harness.recording import RecordingDisk, RecordingVfs

from studio.app.host import StudioHost
from studio.database import Database
from studio.scheduler.job import JobStatus


def record(folder, *, disk=RecordingDisk, host=StudioHost, database=Database, lies=False):
    """Record the host's life in a new home and return the log.

    The arguments stand in for parts of the commit, to see that the harness notices.
    """
    folder = Path(folder)
    Home(folder).close()  # made and closed: the database is one file, and on the disk
    log = Log({"studio.db": (folder / "studio.db").read_bytes()})
    vfs = RecordingVfs(f"recording-{id(log)}", folder, log, lies=lies)
    home = Home(folder, vfs=vfs.name, disk=disk(folder, log), host=host, database=database)
    try:
        home.database.connection.execute("PRAGMA wal_autocheckpoint = 60")
        live(home, log)
    finally:
        home.close()
        vfs.unregister()
    return log


def live(home, log):
    """Do a bit of everything that is acknowledged to somebody."""
    first = submit(home, log, ("plain", [1]), ("maps", [2]), ("plain", [3, 4]))
    for job in first[:2]:
        lease = home.jobs.lease(job, "worker")
        commit(home, log, [(lease, 0)])
    lease = home.jobs.lease(first[2], "worker")
    home.jobs.note_progress(lease, 1, 2, None)
    commit(home, log, [(lease, 0), (lease, 1)])
    second = submit(home, log, ("same", [5]), ("same", [6]), ("twins", [7]), ("bad", [8]))
    leases = [home.jobs.lease(job, "worker") for job in second]
    commit(home, log, [(lease, 0) for lease in leases[:3]])
    home.jobs.end(leases[3], JobStatus.FAILED, {"type": "StudioError", "template": "no"})
    log.ack("failed", second[3])
    (third,) = submit(home, log, ("plain", [9]))
    lease = home.jobs.lease(third, "worker")
    home.jobs.requeue(lease, died=True)
    lease = home.jobs.lease(third, "worker")
    commit(home, log, [(lease, 0)])


def submit(home, log, *specs):
    """Queue jobs and note the promise."""
    jobs = home.submit(*specs)
    for job in jobs:
        log.ack("queued", job)
    return jobs


def commit(home, log, outputs):
    """Commit outputs together and note the promises."""
    arrivals = [(lease, home.make(lease, position, log), "cpu") for lease, position in outputs]
    verdicts = home.host.commit_many(arrivals)
    for (lease, position), verdict in zip(outputs, verdicts, strict=True):
        assert isinstance(verdict, bool), verdict
        log.ack("booked", lease.job, position)
        if verdict:
            log.ack("done", lease.job)
