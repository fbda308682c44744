"""What waits, over HTTP; and ending a training early."""

import pytest

API = "/api/v1"


@pytest.fixture
def waiting(client):
    """Three jobs and a batch that are paused, so that they stay where they are."""
    calls = [{"generator": "sample.noise", "params": {"size": 8}, "seed": n} for n in range(7)]
    client.post(f"{API}/jobs", json={**calls[0], "params": {"steps": 9000, "delay": 1.0}})
    jobs = [client.post(f"{API}/jobs", json=call).json()["id"] for call in calls[:3]]
    batch = client.post(f"{API}/batches", json={"requests": calls[3:]}).json()
    yield jobs, batch
    client.post(f"{API}/jobs/cancel", json={"all": True})


def test_queue_is_in_order_with_batches_folded(client, waiting):
    jobs, batch = waiting
    page = client.get(f"{API}/queue").json()
    rows = [row for row in page["items"] if row["id"] in (*jobs, *batch["jobs"])]
    assert [row["id"] for row in rows] == [*jobs, batch["jobs"][0]]
    assert (rows[-1]["count"], rows[-1]["in_batch"], rows[-1]["ended"]) == (4, 4, 0)
    assert [row["priority"] for row in rows] == ["normal"] * 3 + ["batch"]
    assert client.get(f"{API}/queue?start=1&limit=1").json()["items"][0]["id"] == jobs[1]


def test_jobs_move(client, waiting):
    jobs, _ = waiting
    moved = client.post(f"{API}/queue/move", json={"ids": [jobs[2]], "before": jobs[0]})
    assert moved.json() == {"count": 1}
    ids = [row["id"] for row in client.get(f"{API}/queue").json()["items"]]
    assert ids.index(jobs[2]) < ids.index(jobs[0]) < ids.index(jobs[1])
    missing = {"ids": [jobs[2]], "before": "0" * 26}
    assert client.post(f"{API}/queue/move", json=missing).status_code == 404


def test_only_a_trainer_can_be_ended_early(client, waiting):
    jobs, _ = waiting
    answer = client.post(f"{API}/jobs/{jobs[0]}/finish", json={})
    assert answer.status_code == 409
    assert client.get(f"{API}/jobs/{jobs[0]}/figures").json() == {"items": [], "count": 0}


def test_plugins_and_checkpoints_that_are_not_there(client):
    assert client.post(f"{API}/plugins/nobody/enable", json={}).status_code == 404
    assert client.post(f"{API}/plugins/sample/enable", json={}).json() == {"was_suspended": False}
    assert client.delete(f"{API}/checkpoints/nothing").status_code == 404
