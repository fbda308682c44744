"""Events: numbered, without a gap, only what one may see, and no client can hold them up."""

import contextlib
import json
import socket
import threading
import time

import httpx
import pytest

from studio import Studio
from studio.app.changes import Change
from studio.database import Database
from studio.scheduler.jobs import JobTable
from studio.server import routes_events
from studio.server.feed import Ring
from studio.server.run import build_server, open_socket

API = "/api/v1"


@pytest.fixture
def url(app):
    """Where `app` is served, by a real server."""
    listener = open_socket("127.0.0.1", 0)
    ready = threading.Event()
    server = build_server(app, ready.set)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


class Page:
    """Somebody who listens, in a thread."""

    def __init__(self, url, last="", **headers):
        self.events, self.id, self.fault = [], last, None
        self._ready, self._stop = threading.Event(), False
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._args = (url, {**headers, **({"Last-Event-ID": last} if last else {})})
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_):
        self._stop = True
        line = self._response.extensions["network_stream"].get_extra_info("socket")
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who reads
        self._thread.join()

    def _listen(self):
        url, headers = self._args
        kind = ""
        try:
            patience = httpx.Timeout(60, read=None)  # how long to listen is for `wait` to say
            with httpx.stream(
                "GET", f"{url}{API}/events", headers=headers, timeout=patience
            ) as response:
                self._response = response
                assert response.headers["content-type"].startswith("text/event-stream")
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "id":
                        self.id = value
                        self._ready.set()
                    elif name == "data":
                        self.events.append((self.id, kind, json.loads(value)))
        except (httpx.HTTPError, RuntimeError, AttributeError, OSError) as error:
            self.fault = None if self._stop else error

    def wait(self, is_it, timeout=60):
        end = time.monotonic() + timeout
        while not any(is_it(kind, data) for _, kind, data in list(self.events)):
            assert self.fault is None, (self.fault, self.events)
            assert time.monotonic() < end, self.events
            time.sleep(0.02)


def submit(url, seed=1, **headers):
    call = {"generator": "sample.noise", "params": {"size": 4}, "seed": seed}
    answer = httpx.post(
        f"{url}{API}/jobs", json=call, headers={"X-Studio": "1", **headers}, timeout=60
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def is_done(job):
    return lambda kind, data: kind == "job" and data["id"] == job and data["status"] == "done"


def test_a_job_is_followed_to_its_asset(url):
    with Page(url) as page:
        job = submit(url)
        page.wait(is_done(job))
        page.wait(lambda kind, data: kind == "asset" and data["job"] == job)
        page.wait(lambda kind, data: kind == "worker")
        statuses = [data["status"] for _, kind, data in page.events if kind == "job"]
        assert statuses == sorted(statuses, key=["queued", "running", "done"].index)
        numbers = [int(id.partition("-")[2]) for id, kind, _ in page.events if kind != "hello"]
        assert numbers == sorted(set(numbers))


def test_who_comes_back_has_missed_nothing(url):
    with Page(url) as page:
        first = submit(url, 1)
        page.wait(is_done(first))
        last = page.id
    gone = [submit(url, seed) for seed in (2, 3)]
    with Page(url) as witness:
        for job in gone:
            end = time.monotonic() + 60
            while httpx.get(f"{url}{API}/jobs/{job}", timeout=60).json()["status"] != "done":
                assert time.monotonic() < end
                time.sleep(0.05)
        submit(url, 4)
        witness.wait(lambda kind, data: kind == "job")
    with Page(url, last) as page:
        for job in gone:
            page.wait(is_done(job))
        assert not any(kind == "reset" for _, kind, _ in page.events)
        numbers = [int(id.partition("-")[2]) for id, kind, _ in page.events if kind != "hello"]
        start = int(last.partition("-")[2]) + 1
        assert numbers == list(range(start, start + len(numbers)))


@pytest.mark.parametrize("last", ["other-5", "nonsense", "-", "x" * 60, "0-99999999999999999999"])
def test_who_was_away_too_long_reads_anew(url, last):
    with Page(url, last) as page:
        page.wait(lambda kind, data: kind == "reset")


def test_only_what_one_may_see(url, accounts):
    for name in ("ann", "bob"):
        accounts.add_user(name, "correct horse", is_admin=False)
    ann, bob = (
        {"Authorization": f"Bearer {accounts.add_token(name)[1]}"} for name in ("ann", "bob")
    )
    with Page(url, **ann) as hers, Page(url, **bob) as his:
        job = submit(url, **ann)
        hers.wait(is_done(job))
        other = submit(url, 2, **bob)
        his.wait(is_done(other))
        seen = {data.get("id") for _, kind, data in his.events if kind in ("job", "progress")}
        assert seen == {other}
        assert all(data["job"] == other for _, kind, data in his.events if kind == "asset")


def test_a_client_that_never_reads_or_vanishes_holds_nobody_up(url, app):
    host, port = url.removeprefix("http://").split(":")
    sockets = []
    for _ in range(20):
        stuck = socket.create_connection((host, int(port)))
        stuck.sendall(f"GET {API}/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        sockets.append(stuck)
    with Page(url) as page:
        job = submit(url)
        page.wait(is_done(job))
        for stuck in sockets:
            stuck.close()
        page.wait(is_done(submit(url, 2)))
    end = time.monotonic() + 60
    while app.state.feed.listeners and time.monotonic() < end:
        submit(url, int(time.time()))  # a write is how a server finds out
        time.sleep(0.2)
    assert app.state.feed.listeners == 0


def test_another_process_of_the_home_is_heard(url, home, studio):
    """What somebody else writes into the home is an event too."""
    studio.ensure_scheduler()
    with Page(url) as page, Studio(home, workers="inline", schedules=False) as other:
        job = other.submit("sample.noise", seed=1, params={"size": 4})
        page.wait(is_done(job.id))
        other.jobs.pause([other.submit("sample.noise", seed=2, params={"size": 4}).id])
        last = other.submit("sample.noise", seed=3, params={"size": 4})
        page.wait(is_done(last.id))


def test_every_step_that_another_process_takes_is_heard(url, studio):
    """The table is written as the scheduler of another process would, a step at a time."""
    studio.config = studio.config.model_copy(update={"schedules": False})
    job = studio.submit("sample.noise", seed=1, params={"size": 4}).id
    database = Database(studio.config.database_path)
    table = JobTable(database)
    with Page(url) as page:
        lease = table.lease(job, "elsewhere")
        for done in range(1, 6):
            table.note_progress(lease, done, 5, None)
            page.wait(lambda kind, data: kind == "progress" and data["done"] == done)  # noqa: B023
        told = [data["done"] for _, kind, data in page.events if kind == "progress"]
        assert sorted(set(told)) == [*range(told[0], 6)]
    database.close()


def test_a_server_that_ends_lets_them_go(url, app, monkeypatch):
    monkeypatch.setattr(routes_events, "BEAT", 600.0)  # when it would see for itself
    with Page(url) as page:
        app.state.feed.close()
        page._thread.join(60)
        assert not page._thread.is_alive()


def test_a_ring_forgets_and_says_so():
    ring = Ring(size=4)
    for number in range(20):
        ring.append([Change("job", "", {"n": number})])
    assert ring.newest == 20
    batch = ring.read(18)
    assert [entry.seq for entry in batch.entries] == [19, 20]
    assert (batch.place, batch.has_gap) == (20, False)
    assert ring.read(2).has_gap
    assert ring.read(2).place == 20
    assert ring.read(25).has_gap  # of another ring
    assert ring.find(ring.name(19)) == 19
    assert ring.find(ring.name(1)) is None
    assert ring.find(ring.name(21)) is None
