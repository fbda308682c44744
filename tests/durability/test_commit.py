"""Outputs committed together: what is refused does not take the others with it."""

from pathlib import Path

import pytest
from harness.home import Home
from harness.verdict import find_damage

from studio.errors import InvalidInputError, StoreError
from studio.events import AssetAdded
from studio.scheduler.job import JobStatus, LostLeaseError
from studio.store import check_store


@pytest.fixture
def home(memory_path):
    home = Home(memory_path / "home")
    yield home
    home.close()


def lease_all(home, *specs):
    return [home.jobs.lease(job, "worker") for job in home.submit(*specs)]


def list_files(home):
    return [path for path in home.store.blobs.folder.rglob("*") if path.is_file()]


def test_a_group_is_stored_and_told(home):
    events = []
    home.host.events.subscribe(events.append)
    one, two = lease_all(home, ("plain", [1, 2]), ("twins", [3]))
    outputs = [(one, home.make(one, 0), "cpu"), (two, home.make(two, 0), "cuda:1")]
    assert home.host.commit_many(outputs) == [False, True]
    assert home.host.commit_many([]) == []
    assert home.host.commit(one, home.make(one, 1), "cpu") is True
    added = [event for event in events if isinstance(event, AssetAdded)]
    assert [event.job for event in added] == [one.job, two.job, two.job, one.job]
    assert [home.store.get(event.asset).device for event in added[:3]] == [
        "cpu",
        "cuda:1",
        "cuda:1",
    ]
    assert find_damage(home) is None
    assert check_store(home.store, deep=True).is_clean


def test_a_refused_output_leaves_nothing_and_the_rest_is_stored(home, tmp_path):
    good, lost, hostile, twice = lease_all(home, *[("plain", [seed]) for seed in range(4)])
    home.jobs.requeue(lost)
    outside = home.make(hostile, 0)
    stray = tmp_path / "stray.txt"
    stray.write_text("mine")
    outside.artifacts[0].files["main"] = str(stray)
    arrivals = [
        (lost, home.make(lost, 0), "cpu"),
        (good, home.make(good, 0), "cpu"),
        (hostile, outside, "cpu"),
        (twice, home.make(twice, 0), "cpu"),
        (twice, home.make(twice, 0).model_copy(update={"artifacts": []}), "cpu"),
    ]
    verdicts = home.host.commit_many(arrivals)
    assert isinstance(verdicts[0], LostLeaseError)
    assert verdicts[1] is True
    assert isinstance(verdicts[2], InvalidInputError)
    assert verdicts[3] is True
    assert isinstance(verdicts[4], LostLeaseError)  # its job is done already
    assert stray.read_text() == "mine"
    assert len(list_files(home)) == 2
    assert home.jobs.get(good.job).status is JobStatus.DONE
    with pytest.raises(LostLeaseError):
        home.host.commit(lost, home.make(lost, 0), "cpu")
    home.jobs.recover(100)
    assert find_damage(home) is None


@pytest.mark.parametrize("artifacts", ["some", "none"])
def test_the_same_output_twice_is_stored_once(home, artifacts):
    (lease,) = lease_all(home, ("plain", [1, 2]))
    output = home.make(lease, 0)
    if artifacts == "none":
        output = output.model_copy(update={"artifacts": []})
    assert home.host.commit(lease, output, "cpu") is False
    again = home.make(lease, 0) if artifacts == "some" else output
    with pytest.raises(StoreError, match="stored already"):
        home.host.commit(lease, again, "cpu")
    assert len(home.jobs.get(lease.job).outputs) == 1
    assert len(list_files(home)) == (artifacts == "some")


def test_a_missing_file_costs_its_own_output_only(home):
    one, two = lease_all(home, ("plain", [1]), ("plain", [2]))
    outputs = [home.make(one, 0), home.make(two, 0)]
    Path(outputs[0].artifacts[0].files["main"]).unlink()
    arrivals = [(one, outputs[0], "cpu"), (two, outputs[1], "cpu")]
    verdicts = home.host.commit_many(arrivals)
    assert isinstance(verdicts[0], InvalidInputError)
    assert verdicts[1] is True
    assert len(list_files(home)) == 1
