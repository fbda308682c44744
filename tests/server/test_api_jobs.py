"""Jobs over REST: queue, check, steer; many of them; other people's; bad input."""

import json
import time

import pytest

from studio.app.submission import Ask, Tray
from studio.scheduler.job import JobStatus
from studio.scheduler.jobs import JobTable

API = "/api/v1"
NAMES = ["a \"quoted\" 'name'", "🧱 emoji 🎨", "‮שלום עולם", "<script>alert(1)</script>", "{a} %s"]


def build_call(**changes):
    return {"generator": "sample.noise", "params": {"size": 4, "delay": 0}, "seed": 1, **changes}


def wait_for(client, job, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        data = client.get(f"{API}/jobs/{job}").json()
        if data["status"] in ("done", "failed", "cancelled", "dead"):
            return data
        time.sleep(0.02)
    raise AssertionError(data)


@pytest.fixture
def quiet(studio):
    """A home in which nothing runs: what is queued stays queued."""
    studio.config = studio.config.model_copy(update={"schedules": False})
    return studio


def test_a_job_from_queue_to_asset(client):
    answer = client.post(f"{API}/jobs", json=build_call(count=2))
    assert answer.status_code == 201, answer.text
    job = wait_for(client, answer.json()["id"])
    assert (job["status"], job["seeds"], job["title"]) == ("done", [1, 2], "Noise")
    assert job["done"] == job["total"] > 0
    assert (job["error"], job["paused"], job["preview"]) == (None, False, None)
    assert [client.get(f"{API}/assets/{id}").json()["seed"] for id in job["asset_ids"]] == [1, 2]
    log = client.get(f"{API}/jobs/{job['id']}/log")
    assert log.headers["content-type"].startswith("text/plain")
    assert "made noise of seed 2" in log.text


def test_a_job_that_fails_says_why(client, upload, studio):
    asset = upload(client)
    studio.assets.store.get(asset["id"]).path.unlink()
    call = {"generator": "sample.invert", "inputs": {"image": [asset["id"]]}}
    job = wait_for(client, client.post(f"{API}/jobs", json=call).json()["id"])
    assert job["status"] == "failed"
    error = job["error"]
    assert error["fault"]
    assert error["message"] == "; ".join(filter(None, (error["fault"], error["remedy"])))
    assert client.post(f"{API}/jobs/retry", json={"all": True}).json() == {"count": 1}


def test_check_tells_every_wrong_field_at_once(client):
    call = build_call(
        params={"size": 0, "colour": "mauve", "unknown": 1, "steps": "many"},
        inputs={"image": ["0" * 26]},
        seed=-1,
        count=0,
        preset="no-such",
        priority="urgent",
    )
    answer = client.post(f"{API}/jobs/check", json=call).json()
    assert answer["estimate"] is None
    assert {(fault["place"], fault["field"]) for fault in answer["errors"]} == {
        ("params", "size"),
        ("params", "colour"),
        ("params", "unknown"),
        ("params", "steps"),
        ("inputs", "image"),
        ("call", "seed"),
        ("call", "count"),
        ("call", "preset"),
        ("call", "priority"),
    }
    assert all(fault["message"] for fault in answer["errors"])
    (fault,) = client.post(f"{API}/jobs/check", json={"generator": "sample.noize"}).json()["errors"]
    assert "sample.noise" in fault["message"]


def test_check_gives_the_estimate_quickly_and_queues_nothing(client, studio):
    client.post(f"{API}/jobs/check", json=build_call())
    began = time.process_time()
    for _ in range(10):
        answer = client.post(f"{API}/jobs/check", json=build_call(count=4)).json()
    assert (time.process_time() - began) / 10 < 0.25  # 5 ms on a quiet machine
    assert answer["errors"] == []
    assert answer["estimate"]["seconds"] > 0
    assert answer["estimate"]["peak_bytes"] > 0
    assert studio.jobs.count() == {}
    faults = client.post(f"{API}/jobs/check", json={"generator": "sample.invert"}).json()["errors"]
    assert [fault["field"] for fault in faults] == ["image"]
    call = {"generator": "sample.weights", "params": {"weights": "not-here"}}
    faults = client.post(f"{API}/jobs/check", json=call).json()["errors"]
    assert [fault["field"] for fault in faults] == ["weights"]


def test_the_same_key_queues_once(client, quiet, studio):
    key = {"Idempotency-Key": "mine"}
    first, second = (client.post(f"{API}/jobs", json=build_call(), headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    other = client.post(f"{API}/jobs", json=build_call(seed=2), headers=key)
    assert (other.status_code, other.json()["error"]) == (409, "UsedKeyError")
    assert studio.jobs.count() == {JobStatus.QUEUED: 1}
    calls = {"requests": [build_call(), build_call(seed=9)]}
    key = {"Idempotency-Key": "batch"}
    first, second = (client.post(f"{API}/batches", json=calls, headers=key) for _ in range(2))
    assert first.json() == second.json()


def test_a_key_is_its_users_own(log_in, quiet):
    ann, bob = log_in("ann"), log_in("bob")
    key = {"Idempotency-Key": "k"}
    ids = {browser.post(f"{API}/jobs", json=build_call(), headers=key).json()["id"]
           for browser in (ann, bob)}  # fmt: skip
    assert len(ids) == 2


def test_steering(client, quiet, studio):
    ids = [client.post(f"{API}/jobs", json=build_call(seed=n)).json()["id"] for n in range(4)]

    def steer(what, **body):
        answer = client.post(f"{API}/jobs/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["count"]

    assert steer("priority", ids=[ids[3]], priority="interactive") == 1
    job = client.get(f"{API}/jobs/{ids[3]}").json()
    assert job["priority"] == "interactive"
    assert studio.get_job(ids[3]).request.priority == 0
    assert steer("pause", ids=ids[:2]) == 2
    assert client.get(f"{API}/jobs/{ids[0]}").json()["paused"]
    assert steer("resume", all=True) == 2
    assert steer("first", ids=[ids[2]]) == 1
    assert steer("last", ids=[ids[0]]) == 1
    assert steer("cancel", ids=[ids[0]]) == 1
    assert steer("cancel", all=True) == 3
    assert client.get(f"{API}/jobs/counts").json()["cancelled"] == 4
    assert steer("retry", ids=[ids[1]]) == 1
    assert steer("retry", all=True) == 3
    assert client.post(f"{API}/jobs/cancel", json={}).status_code == 422
    assert client.post(f"{API}/jobs/cancel", json={"ids": ["0" * 26]}).status_code == 404
    assert (
        client.post(f"{API}/jobs/priority", json={"all": True, "priority": "x"}).status_code == 422
    )


def test_a_running_scheduler_notices_another_class(client, studio):
    slow = build_call(params={"size": 4, "steps": 5000, "delay": 0.05})
    first = client.post(f"{API}/jobs", json=slow).json()["id"]
    while client.get(f"{API}/jobs/{first}").json()["status"] != "running":
        time.sleep(0.02)
    ids = [client.post(f"{API}/jobs", json=build_call(seed=n, priority="batch")).json()["id"]
           for n in range(10, 13)]  # fmt: skip
    client.post(f"{API}/jobs/priority", json={"ids": [ids[2]], "priority": "interactive"})
    client.post(f"{API}/jobs/cancel", json={"ids": [first]})
    jobs = [wait_for(client, job) for job in ids]
    assert min(jobs, key=lambda job: job["started"])["id"] == ids[2]


def test_another_users_jobs_are_not_there(log_in, quiet):
    ann, bob, root = log_in("ann"), log_in("bob"), log_in("root", admin=True)
    job = ann.post(f"{API}/jobs", json=build_call()).json()["id"]
    for path in (f"jobs/{job}", f"jobs/{job}/log", f"jobs/{job}/preview"):
        mine, missing = bob.get(f"{API}/{path}"), bob.get(f"{API}/jobs/{'0' * 26}")
        assert (mine.status_code, missing.status_code) == (404, 404)
    for what in ("cancel", "pause", "resume", "retry", "first", "last"):
        assert bob.post(f"{API}/jobs/{what}", json={"ids": [job]}).status_code == 404
        if what not in ("resume", "retry"):
            assert bob.post(f"{API}/jobs/{what}", json={"all": True}).json() == {"count": 0}
    assert bob.get(f"{API}/jobs").json()["items"] == []
    assert sum(bob.get(f"{API}/jobs/counts").json().values()) == 0
    assert bob.get(f"{API}/system").json()["queue"] == []
    assert [item["id"] for item in ann.get(f"{API}/jobs").json()["items"]] == [job]
    assert [item["user"] for item in root.get(f"{API}/jobs").json()["items"]] == ["ann"]
    assert root.post(f"{API}/jobs/cancel", json={"all": True}).json() == {"count": 1}


def test_another_users_asset_is_no_input(log_in, upload):
    ann, bob = log_in("ann"), log_in("bob")
    asset = upload(ann)["id"]
    call = {"generator": "sample.invert", "inputs": {"image": asset}}
    answer = bob.post(f"{API}/jobs", json=call)
    assert (answer.status_code, answer.json()["field"]) == (422, "image")
    assert ann.post(f"{API}/jobs", json=call).status_code == 201


@pytest.mark.parametrize("path", ["/etc/passwd", "~/x.png", "../home/studio.db", "."])
def test_no_path_comes_from_a_client(client, log_in, path):
    call = {"generator": "sample.invert", "inputs": {"image": path}}
    answer = client.post(f"{API}/jobs", json=call)
    assert (answer.status_code, answer.json()["error"]) == (422, "InvalidInputError")
    ann = log_in("ann")
    call = {"generator": "sample.weights", "params": {"weights": path}}
    answer = ann.post(f"{API}/jobs", json=call)
    assert (answer.status_code, answer.json()["field"]) == (422, "weights")


@pytest.mark.parametrize("name", NAMES)
def test_strange_text_comes_back_as_it_is(client, name):
    call = build_call(params={"size": 4, "prompt": name})
    assert wait_for(client, client.post(f"{API}/jobs", json=call).json()["id"])["params"][
        "prompt"
    ] == name  # fmt: skip
    answer = client.post(f"{API}/jobs", json=build_call(generator=name))
    assert answer.status_code == 404
    assert name in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"generator": 5}',
        b'{"generator": "sample.noise", "params": []}',
        b'{"generator": "sample.noise", "params": {"size": NaN}}',
        b'{"generator": "sample.noise", "params": {"size": 1e999}}',
        b'{"generator": "sample.noise", "params": {"prompt": "\\ud800"}}',
        b'{"generator": "sample.noise", "params": {"size": {"a": [1]}}}',
        b'{"generator": "sample.noise", "seed": "1"}',
        b'{"generator": "sample.noise", "seed": 99999999999999999999}',
        b'{"generator": "sample.noise", "count": 1.5}',
        b'{"generator": "sample.noise", "seeds": [1, 1]}',
        b'{"generator": "sample.noise", "inputs": {"image": 5}}',
        b'{"generator": "sample.noise", "more": 1}',
        b'{"generator": "sample.noise", "params": {"size": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b"\xff\xfe",
    ],
)
def test_wrong_types_are_refused_in_words(client, body):
    answer = client.post(f"{API}/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert set(answer.json()) == {"error", "message", "field"}
    assert answer.json()["message"]


def test_ten_thousand_queued_jobs(client, quiet, studio):
    """Paging, counting and steering stay quick: processor time, whatever else the machine does."""
    (first,) = studio.submit_asks([Ask("sample.noise", {"size": 4}, seed=0)], Tray())
    request = studio.get_job(first).request
    JobTable(studio.assets.store.database).submit(
        [request.model_copy(update={"seeds": (seed,)}) for seed in range(1, 10_000)]
    )

    def measure(path, most):
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            answer = client.get(f"{API}/{path}")
            best = min(best, time.process_time() - began)
        assert answer.status_code == 200
        assert best < most, f"{path}: {best * 1000:.0f} ms"
        return answer.json()

    page = measure("jobs?limit=100", 0.4)
    assert len(page["items"]) == 100
    seen = {item["id"] for item in page["items"]}
    for _ in range(3):
        page = client.get(f"{API}/jobs?limit=500&status=queued&before={page['next']}").json()
        seen |= {item["id"] for item in page["items"]}
    assert len(seen) == 1600
    deep = studio.jobs.find_live()[200]
    assert len(measure(f"jobs?limit=100&status=queued&before={deep}", 0.4)["items"]) == 100
    assert measure("jobs/counts", 0.1)["queued"] == 10_000
    spent = []
    for _ in range(3):
        began = time.process_time()
        answer = client.post(f"{API}/jobs/check", json=build_call())
        spent.append(time.process_time() - began)
    assert min(spent) < 0.3, "an estimate is as quick when many wait"
    assert answer.json()["estimate"]
    answer = client.post(f"{API}/jobs/cancel", json={"all": True})
    assert answer.json() == {"count": 10_000}


def test_pages_walk_an_index(studio):
    database = studio.assets.store.database
    for where in ("status = 'queued'", "user = 'x' AND status = 'queued'"):
        plan = database.query(
            f"EXPLAIN QUERY PLAN SELECT * FROM jobs WHERE {where} ORDER BY seq DESC LIMIT 9"
        )
        text = json.dumps(plan)
        assert "USING INDEX jobs_page" in text
        assert "TEMP B-TREE" not in text


def test_a_running_job_shows_previews(client):
    call = build_call(params={"size": 16, "steps": 5000, "delay": 0.05})
    job = client.post(f"{API}/jobs", json=call).json()["id"]
    path = f"{API}/jobs/{job}/preview"
    tags, end = set(), time.monotonic() + 60
    while len(tags) < 2 and time.monotonic() < end:
        answer = client.get(path)
        if answer.status_code == 200:
            assert answer.headers["content-type"] == "image/webp"
            assert answer.content[8:12] == b"WEBP"
            tags.add(answer.headers["etag"])
        time.sleep(0.05)
    assert len(tags) == 2
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code in (200, 304)
    assert client.get(f"{API}/jobs/{job}").json()["preview"].startswith(path)
    client.post(f"{API}/jobs/cancel", json={"ids": [job]})
    wait_for(client, job)
    assert client.get(path).status_code == 204


def test_a_batch_is_one_thing(client, quiet):
    calls = {"requests": [build_call(), build_call(seed=5, count=20)], "tags": ["x"]}
    batch = client.post(f"{API}/batches", json=calls).json()
    shown = client.get(f"{API}/batches/{batch['id']}").json()
    assert shown["jobs"] == batch["jobs"]
    assert shown["counts"]["queued"] == len(batch["jobs"]) == 4
    assert client.post(f"{API}/jobs/cancel", json={"batch": batch["id"]}).json() == {"count": 4}
    assert client.get(f"{API}/batches/none").status_code == 404
    assert client.post(f"{API}/batches", json={"requests": []}).status_code == 422
