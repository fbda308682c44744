"""Real worker processes, and several processes on one home."""

import os
import subprocess
import sys
import time

import pytest

from studio import Studio
from studio.app.kept import WEEK, KeptFolders
from studio.errors import JobFailedError, OutOfMemoryError, StoreError, StudioError
from studio.scheduler.job import JobStatus
from studio.scheduler.jobs import JobTable

WAITER = """
import sys
from studio import Studio
with Studio(sys.argv[1], workers="inline") as studio:
    print("ready", flush=True)
    sys.stdin.readline()
    job = studio.submit("sample.noise", seed=int(sys.argv[2]), size=8)
    job.result(60)
    print(job.id, flush=True)
"""


def start_waiter(home, seed):
    return subprocess.Popen(
        [sys.executable, "-c", WAITER, str(home), str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_work_like_threads(home, sample_path, use_plugins):
    use_plugins(sample_path)
    with Studio(home, workers="process", worker_threads=1) as studio:
        (noise,) = studio.generate("sample.noise", seed=1, size=8)
        assert studio.scheduler.list_workers()[0]["device"] == "cpu"
        assert noise.record.versions
    with Studio(home, workers="inline") as studio:
        (again,) = studio.generate("sample.noise", seed=1, size=8)
        assert again.payload_hash == noise.payload_hash


def test_several_processes_share_one_scheduler(home, sample_path, use_plugins):
    use_plugins(sample_path)
    waiters = [start_waiter(home, seed) for seed in (1, 2, 3)]
    for waiter in waiters:
        assert waiter.stdout.readline() == "ready\n"
    for waiter in waiters:
        waiter.stdin.write("\n")
        waiter.stdin.flush()
    ids = {waiter.communicate(timeout=60)[0].strip() for waiter in waiters}
    assert [waiter.returncode for waiter in waiters] == [0, 0, 0]
    with Studio(home, workers="inline") as studio:
        assert {record.id for record in studio.jobs.list()} == ids
        assert studio.jobs.count() == {JobStatus.DONE: 3}


def test_a_waiter_takes_over_when_the_scheduler_dies(home, sample_path, use_plugins):
    use_plugins(sample_path)
    with Studio(home, workers="inline") as studio:
        waiter = start_waiter(home, 1)
        assert waiter.stdout.readline() == "ready\n"
        studio.submit("sample.noise", seed=9, steps=500, delay=0.02, size=8)
        waiter.stdin.write("\n")
        waiter.stdin.flush()
    # This process gave the scheduler up, with a job running; the waiter must not wait for ever.
    with Studio(home, workers="inline") as studio:
        while len(studio.jobs.list()) < 2:
            time.sleep(0.02)
        studio.jobs.cancel([studio.jobs.list()[1].id])
        assert waiter.communicate(timeout=60)[0].strip()
        assert waiter.returncode == 0


CRASH = """
import ctypes, os
from studio import Artifact, Generator, MediaType, Params, hookimpl

class Crash(Generator):
    id = "crash.now"
    title = "Crash"
    output = MediaType.TEXT
    class Params(Params):
        how: str = "exit"

    def generate(self, params, job):
        for seed in job.seeds:
            if params.how == "exit":
                os._exit(3)
            if params.how == "segfault":
                ctypes.string_at(0)
            if params.how == "raise":
                raise ZeroDivisionError("a bug")
            if params.how == "memory":
                raise MemoryError
            if params.how == "after one" and seed != job.seeds[0]:
                os._exit(3)
            if params.how == "learn":
                state = job.kept / "state"
                if not state.exists():
                    job.kept.mkdir(parents=True)
                    state.write_text("half learnt")
                    os._exit(3)
                yield Artifact(state.read_text(), MediaType.TEXT)
                continue
            yield Artifact(f"{seed}", MediaType.TEXT)

@hookimpl
def register_generators(register):
    register(Crash)
"""


@pytest.fixture(scope="module")
def crashing(tmp_path_factory):
    """One studio with a plugin that crashes, for all tests: nothing it does may harm the next."""
    folder = tmp_path_factory.mktemp("crash")
    info = folder / "crash_plugin-1.0.dist-info"
    info.mkdir()
    (folder / "crash_plugin.py").write_text(CRASH)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crash-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[studio]\ncrash = crash_plugin\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with Studio(folder / "home", workers="process", worker_threads=1) as studio:
            yield studio


@pytest.fixture(autouse=True)
def forgive(request):
    """Strikes of one test must not suspend the plugin in the next."""
    if "crashing" in request.fixturenames:
        request.getfixturevalue("crashing").strikes.enable("crash")


def test_a_job_that_kills_its_worker_twice_is_dead_and_the_rest_goes_on(crashing):
    bad = crashing.submit("crash.now", how="segfault", seed=1)
    good = crashing.submit("crash.now", how="none", seed=1)
    with pytest.raises(StudioError, match="SIGSEGV"):
        bad.result(60)
    assert bad.status is JobStatus.DEAD
    assert bad.record.attempts == 1  # the second time it was given up
    assert len(good.result(60)) == 1


def test_a_bug_fails_the_job_with_its_traceback(crashing):
    job = crashing.submit("crash.now", how="raise", seed=1)
    with pytest.raises(JobFailedError, match="a bug"):
        job.result(60)
    assert job.status is JobStatus.FAILED
    assert "ZeroDivisionError" in job.record.error["traceback"]
    with pytest.raises(OutOfMemoryError):
        crashing.submit("crash.now", how="memory", seed=1).result(60)
    assert crashing.generate("crash.now", how="none", seed=1)


def test_what_was_made_before_the_crash_is_kept(crashing):
    job = crashing.submit("crash.now", how="after one", seed=5, count=3)
    with pytest.raises(StudioError):
        job.result(60)
    # Each try answers one more seed before it dies: two tries, two assets, none twice.
    made = list(crashing.assets.search(job=job.id))
    assert sorted(asset.seed for asset in made) == [5, 6]
    assert crashing.jobs.retry([job.id]) == 1
    assert len(job.result(60)) == 3


def test_a_job_finds_what_its_killed_run_kept_and_leaves_nothing(crashing):
    (asset,) = crashing.submit("crash.now", how="learn", seed=1).result(60)
    assert asset.path.read_text() == "half learnt"
    crashing.generate("crash.now", how="none", seed=2)
    deadline = time.monotonic() + 60
    while list((crashing.config.home / "kept").iterdir()):
        assert time.monotonic() < deadline, "the folder of a job that is done stays"
        time.sleep(0.05)


def refuse(self, job):
    raise StoreError("locked")


def test_what_a_failed_job_kept_waits_for_its_retry(crashing, monkeypatch):
    kept = KeptFolders(crashing.config.home, JobTable(crashing._database))
    job = crashing.submit("crash.now", how="raise", seed=3)
    with pytest.raises(JobFailedError):
        job.result(60)
    for name in (job.id, "unknown"):
        kept.find(name).mkdir(parents=True)
    kept.sweep()
    assert kept.find(job.id).exists()
    assert not kept.find("unknown").exists()
    with monkeypatch.context() as patch:
        patch.setattr(JobTable, "get_status", refuse)
        kept.sweep()
    assert kept.find(job.id).exists(), "what cannot be told is kept"
    old = time.time() - WEEK - 60
    os.utime(kept.find(job.id), (old, old))
    kept.sweep()
    assert not kept.find(job.id).exists()
