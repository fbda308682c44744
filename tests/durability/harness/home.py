"""A home with the real database, store, job table and commit, and nothing else: quick to open."""

import hashlib
import shutil
from types import SimpleNamespace

from studio.app.host import StudioHost
from studio.config import Config
from studio.database import Database
from studio.media import MediaType
from studio.recipe import Recipe
from studio.scheduler.job import JobRequest
from studio.scheduler.jobs import JobTable
from studio.store import Store
from studio.worker import protocol

GENERATOR = "harness.text"


class Home:
    """A home opened; `vfs` and `disk` are SQLite's and the store's file layers."""

    def __init__(self, folder, *, vfs=None, disk=None, database=Database, host=StudioHost):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.database = database(folder / "studio.db", vfs=vfs)
        self.store = Store(self.database, folder)
        self.store.blobs._disk = disk or self.store.blobs._disk  # the folders were made without
        self.jobs = JobTable(self.database)
        config = Config(home=folder)
        self.host = host(config, self.database, self.store, self.jobs, SimpleNamespace())

    def submit(self, *specs):
        """Queue a job per (name, seeds)."""
        return self.jobs.submit([build_request(name, seeds) for name, seeds in specs])

    def make(self, lease, position, log=None):
        """Do a worker's work: write the files of one seed and return its output."""
        scratch = self.folder / "scratch" / f"{lease.job}-{lease.token}"
        scratch.mkdir(parents=True, exist_ok=True)
        artifacts = []
        for number, files in enumerate(build_artifacts(lease.request, position)):
            paths = {}
            for name, data in files.items():
                path = scratch / f"{position}-{number}-{name}.txt"
                path.write_bytes(data)
                paths[name] = str(path)
                if log is not None:
                    short = path.relative_to(self.folder).as_posix()
                    log.write(log.create(short), 0, data)
            artifacts.append(build_data(paths, files))
        seed = lease.request.seeds[position]
        return protocol.Output(job=lease.job, position=position, seed=seed, artifacts=artifacts)

    def finish(self, job):
        """Run a queued job to its end."""
        lease = self.jobs.lease(job, "worker")
        for position in lease.positions:
            self.host.commit(lease, self.make(lease, position), "cpu")

    def clear_scratch(self):
        """Do what a new host does."""
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)

    def close(self):
        """Close everything."""
        self.host.close()
        self.database.close()


def build_request(name, seeds):
    """Ask for texts; the name says what kind: "maps" has two files, "twins" two artifacts.

    "same" makes the same bytes whatever the seed.
    """
    recipe = Recipe(generator=GENERATOR, plugin="harness", plugin_version="1", params={"as": name})
    return JobRequest(recipe=recipe, seeds=tuple(seeds), entry_point="harness", resident=GENERATOR)


def build_artifacts(request, position):
    """Return what a seed gives: per artifact, file name -> bytes."""
    name, seed = request.recipe.params["as"], request.seeds[position]

    def fill(word):
        return f"{name} {0 if name == 'same' else seed} {word}\n".encode() * 90

    if name == "maps":
        return [{"albedo": fill("albedo"), "height": fill("height")}]
    if name == "twins":
        return [{"main": fill("first")}, {"main": fill("second")}]
    return [{"main": fill("only")}]


def build_data(paths, files):
    """Describe an artifact as a worker does."""
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()
    return protocol.EncodedData(
        kind=MediaType.TEXT, files=paths, payload_hash=digest, thumbnail=None, facts={}
    )
