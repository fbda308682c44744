"""A hundred misbehaviours: the host lives, the job says why, the next job works."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from studio.worker.guard import find_family
from studio.worker.landlock import find_version

CASES = {}
exec(compile((Path(__file__).with_name("cases.py")).read_text(), "cases.py", "exec"), CASES)
CASES = CASES["CASES"]
SLOW = {"stop_self", "leak_in_children"}  # like hold_gil: the heartbeat's timeout
SILENT = {"hold_gil", *SLOW}


def find_marked(outside):
    """Processes whose command line bears the mark, wherever they are."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if outside.name.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def await_none(find):
    deadline = time.monotonic() + 60
    while find():
        assert time.monotonic() < deadline, find()
        time.sleep(0.02)


def read_tree(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def picture(studio):
    (asset,) = studio.generate("sample.noise", size=8, seed=99)
    return asset


@pytest.fixture
def sibling(outside):
    """Another child of the host."""
    with subprocess.Popen(["sleep", "60"]) as process:
        (outside / "sibling").write_text(str(process.pid))
        yield process
        process.kill()
    (outside / "sibling").unlink()


def hasten(studio):
    """Have the worker that is there, and no later one, be given up after a short silence."""
    studio.generate("sample.noise", size=4, seed=1)
    for place in studio.scheduler._memory.places.values():
        worker = place.handle
        worker._config = worker._config.model_copy(update={"heartbeat_timeout": 2.5})


def submit(studio, way, case, outside, picture):
    studio.strikes.enable("hostile")
    if way in SILENT:
        hasten(studio)
    return studio.submit(
        case.generator, seed=1, inputs={"image": picture}, way=way, outside=str(outside)
    )


def await_end(job, case):
    if case.status == "cancelled":
        time.sleep(0.3)
        job.cancel()
    return job.wait(60)


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[pytest.mark.slow] if way in SLOW else []) for way in CASES],
)
def test_misbehaviour(way, studio, outside, picture, signals, sibling):
    case = CASES[way]
    if case.kernel and find_version() < 6:
        pytest.skip("this kernel has no Landlock that could prevent it")
    before = read_tree(outside), sorted(os.listdir(studio.config.home))
    job = submit(studio, way, case, outside, picture)
    status = await_end(job, case)
    assert (status, str(job.error or "")) == (case.status, str(job.error or "")), job.error
    assert case.words in str(job.error or "")
    if case.status == "dead":
        await_none(lambda: find_marked(outside))

    lasting = {"steps": 100, "delay": 0.02} if way == "alarm" else {}  # until it would ring
    (good,) = studio.generate("sample.noise", size=4, seed=1, **lasting)
    assert good.image().size == (4, 4)
    assert not studio.strikes.is_suspended("sample")
    assert (read_tree(outside), sorted(os.listdir(studio.config.home))) == before
    assert signals == []
    assert sibling.poll() is None


def test_the_library_is_as_it_was(studio, picture):
    """After all of it: nothing damaged, inputs untouched."""
    assert list(studio.assets.check(deep=True, repair=False).problems) == []
    assert picture.image().size == (8, 8)


def test_nothing_outlives_the_host(studio, outside, others):
    studio.close()
    await_none(lambda: find_marked(outside))
    await_none(lambda: set(find_family(os.getpid())) - others)
