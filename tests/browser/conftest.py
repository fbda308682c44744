"""A server as a process of its own, and browsers that must not complain nor go elsewhere."""

import asyncio
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import zlib
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
REFUSED = re.compile(r"status of (400|409|413|422) ")
"""What a browser says when a test sends what is to be refused."""
MISUSED = re.compile(r"cannot be parsed|specified value")
"""What a browser warns of when a control is told what it cannot hold."""
PATIENCE = 40_000
"""Milliseconds that anything may take on a busy machine."""


class Child:
    """A process that the nursery started."""

    def __init__(self, pid):
        self.pid, self._handle = pid, os.pidfd_open(pid)

    def send_signal(self, number):
        signal.pidfd_send_signal(self._handle, number)

    def poll(self):
        """Tell whether it has ended, by something that is not None."""
        return 0 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self, seconds):
        assert select.select([self._handle], [], [], seconds)[0], "the server does not end"
        os.close(self._handle)


class Nursery:
    """A process that has imported what `studio serve` needs, and is forked for each."""

    def __init__(self, folder):
        self.folder, self._process = folder, None

    def start(self, words, environ, path):
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nursery.py"))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
        output = self.folder / f"{time.monotonic_ns()}.log"
        order = {"words": words, "environ": environ, "path": path, "output": str(output)}
        self._process.stdin.write(json.dumps(order) + "\n")
        return Child(int(self._process.stdout.readline())), output

    def close(self):
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(60)
            self._process.stdout.close()


class StudioProcess:
    """`studio serve` on a home of its own: from the nursery, or without one as anybody starts it.

    `known` is a folder where those with the same plugins keep what these offer.
    """

    def __init__(self, home, plugins=None, *, options=(), nursery=None, known=None):
        self.home, self.plugins, self.options, self.port = home, str(plugins or ""), options, 0
        self.nursery = nursery
        self.known = known and known / f"{zlib.crc32(self.plugins.encode())}.json"
        self.cache = home / "cache" / "specs.json"
        if self.known and self.known.exists():
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.known, self.cache)
        self.start()

    def start(self):
        words = ["serve", "--no-open", *self.options, "--port", str(self.port)]
        path = os.pathsep.join(filter(None, [self.plugins, os.environ.get("PYTHONPATH")]))
        environ = {**os.environ, "STUDIO_HOME": str(self.home), "STUDIO_LANGUAGE": "en"}
        environ |= {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        if self.nursery is not None:
            folders = self.plugins.split(os.pathsep) if self.plugins else []
            self.process, output = self.nursery.start(words, environ, folders)
        else:
            self.home.mkdir(parents=True, exist_ok=True)
            output = self.home / f"{time.monotonic_ns()}.log"
            with output.open("wb") as file:
                command = [sys.executable, "-m", "studio.cli.main", *words]
                self.process = subprocess.Popen(command, env=environ, stdout=file, stderr=file)
        end = time.monotonic() + 6 * PATIENCE / 1000
        while True:
            is_over = self.process.poll() is not None
            seen = output.read_text() if output.exists() else ""
            if found := re.search(r"(http://[\d.]+:(\d+)/)\s", seen):
                break
            assert not is_over and time.monotonic() < end, f"the server did not start: {seen}"
            time.sleep(0.02)
        self.url, self.port = found[1], int(found[2])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)
        if self.known and self.cache.exists() and not self.known.exists():
            shutil.copy(self.cache, self.known)

    def restart(self):
        self.stop()
        self.start()

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}api/v1/{path}", timeout=60) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            f"{self.url}api/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-Studio": "1"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(autouse=True)
def patient():
    """What a test expects of a page may take as long as anything."""
    with suppress(ImportError):  # without a browser some tests still run
        from playwright.sync_api import expect

        expect.set_options(timeout=3 * PATIENCE // 2)


@pytest.fixture(scope="session")
def needs():
    """What nobody has to install is missing: no test of a browser can run."""
    for name in ("gradio", "playwright"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}; STUDIO_CHROMIUM names another")


class Room:
    """What takes seconds to start: there for all tests of this folder that run one after the other.

    It is gone before those of other folders, some of which look for what outlives a test.
    """

    def __init__(self, make_folder):
        self.folder, self._close = make_folder("room"), ExitStack()
        self.nursery = Nursery(self.folder)
        self._close.callback(self.nursery.close)
        self._browser, self._contexts = None, {}

    def open_browser(self):
        """Return Debian's browser, and its loop, which nobody else may notice."""
        if self._browser is None:
            from playwright.sync_api import sync_playwright

            play = sync_playwright().start()
            opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            self._browser = opened, asyncio._get_running_loop()
            asyncio._set_running_loop(None)
            self._close.callback(play.stop)
            self._close.callback(opened.close)
        return self._browser

    def get_profile(self, **options):
        """Return a profile that has the page's files already, if it was here before."""
        key = repr(sorted(options.items()))
        if key not in self._contexts:
            self._contexts[key] = self.open_browser()[0].new_context(**options)
        return self._contexts[key]

    def close(self):
        if self._browser is not None:
            asyncio._set_running_loop(self._browser[1])
        self._close.close()
        asyncio._set_running_loop(None)


ROOM = pytest.StashKey[Room]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Close the room when the next test is not of this folder."""
    outcome = yield
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        room = item.config.stash.get(ROOM, None)
        if room is not None:
            del item.config.stash[ROOM]
            room.close()
    return outcome


@pytest.fixture(scope="module")
def house(request, tmp_path_factory, needs):
    """The room that is open."""
    if ROOM not in request.config.stash:
        request.config.stash[ROOM] = Room(tmp_path_factory.mktemp)
    return request.config.stash[ROOM]


@pytest.fixture(scope="module")
def shared(house):
    """What servers are started with, to be there soon: a nursery, and what plugins offer."""
    return {"nursery": house.nursery, "known": house.folder}


TRIAL = Path(__file__).parent / "trial_plugin.txt"


@pytest.fixture(scope="session")
def trial_path(tmp_path_factory):
    """A folder with a plugin that fails and trains, and one that cannot be loaded."""
    folder = tmp_path_factory.mktemp("trial")
    shutil.copy(TRIAL, folder / "trial_plugin.py")
    (folder / "broken_plugin.py").write_text("import a_library_that_is_not_here\n")
    for name in ("trial", "broken"):
        info = folder / f"{name}_plugin-1.0.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n"
        (info / "METADATA").write_text(text)
        (info / "entry_points.txt").write_text(f"[studio]\n{name} = {name}_plugin\n")
    return folder


@pytest.fixture(scope="session")
def plugin_path(sample_path, trial_path):
    """The sample plugin and the trial plugin: the same for most servers, so described once."""
    return os.pathsep.join(map(str, (sample_path, trial_path)))


@pytest.fixture(scope="module")
def sample_server(tmp_path_factory, plugin_path, shared):
    """A server that takes small uploads only."""
    home = tmp_path_factory.mktemp("browser") / "home"
    started = StudioProcess(home, plugin_path, options=("--upload-limit", "8"), **shared)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def serve_home(shared):
    """`serve_home(folder, plugins=None, is_cold=False)`: a server of a home filled before.

    A cold one is started as anybody does it: `python -m studio.cli.main serve`.
    """
    started = []

    def serve(home, plugins=None, is_cold=False):
        started.append(StudioProcess(home, plugins, **({} if is_cold else shared)))
        return started[-1]

    yield serve
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def chromium(house):
    """The browser, for the tests of a file; tests of other rooms may run loops after them."""
    opened, loop = house.open_browser()
    asyncio._set_running_loop(loop)
    yield opened
    asyncio._set_running_loop(None)


def listen(page, url, faults):
    """Note what a page complains of, and what it asks of other hosts."""

    def is_ours(address):
        return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))

    page.on("pageerror", lambda error: faults.append(f"error: {error.message}"))
    page.on(
        "console",
        lambda said: (
            ((said.type == "error" and not REFUSED.search(said.text)) or MISUSED.search(said.text))
            and faults.append(f"console: {said.text}")
        ),
    )
    page.on("request", lambda sent: is_ours(sent.url) or faults.append(f"elsewhere: {sent.url}"))


@pytest.fixture(scope="module")
def keep_page(chromium):
    """`keep_page(server, address)`: a page for many tests, and the list of what is wrong with it.

    Loading it takes longer than most of them.
    """
    kept = []

    def go(server, address):
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        kept.append(context)
        page, faults = context.new_page(), []
        listen(page, server.url, faults)
        page.goto(f"{server.url}{address}", timeout=3 * PATIENCE)
        page.wait_for_selector("html[data-studio-ready]", state="attached", timeout=3 * PATIENCE)
        return page, faults

    yield go
    for context in kept:
        context.close()


@pytest.fixture
def open_page(chromium, house):
    """`open_page(server, address="", **context)`: a page in an empty profile.

    At the end: nothing was written to the console as an error, nothing was asked of other hosts.
    """
    used, own, pages, faults = [], [], [], []

    def go(server, address="", **options):
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        context = house.get_profile(**options)
        if context in used:  # another browser
            context = chromium.new_context(**options)
            own.append(context)
        used.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        pages.append(page)
        listen(page, server.url, faults)
        page.goto(f"{server.url}{address}", timeout=3 * PATIENCE)
        page.wait_for_selector("html[data-studio-ready]", state="attached", timeout=3 * PATIENCE)
        return page

    yield go
    for page in pages:
        with suppress(Exception):  # it is somewhere else, or closed
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.close()
    for context in used:
        if context in own:
            context.close()
        else:
            context.clear_cookies()
            context.clear_permissions()
    assert faults == []


class Served(StudioProcess):
    """A server, and what tests of the rooms ask of it."""

    def submit(self, generator, **call):
        return self.post("jobs", {"generator": generator, **call})["id"]

    def await_status(self, job, *statuses):
        end = time.monotonic() + 3 * PATIENCE / 1000
        while (found := self.get(f"jobs/{job}")["status"]) not in statuses:
            assert time.monotonic() < end, f"job is {found}, not {statuses}"
            time.sleep(0.1)
        return self.get(f"jobs/{job}")

    def await_run(self, run):
        end = time.monotonic() + 3 * PATIENCE / 1000
        while (found := self.get(f"runs/{run}")["status"]) != "done":
            assert time.monotonic() < end, f"run is {found}"
            time.sleep(0.1)

    def cancel_all(self):
        self.post("jobs/cancel", {"all": True})
        end = time.monotonic() + 3 * PATIENCE / 1000
        while self.get("jobs/counts")["running"]:
            assert time.monotonic() < end, "what was cancelled still runs"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def served(tmp_path_factory, plugin_path, shared):
    """A server, and what tests ask of it."""
    server = Served(tmp_path_factory.mktemp("served") / "home", plugin_path, **shared)
    yield server
    server.stop()


@pytest.fixture
def room(served, open_page):
    """`room("queue?view=failed")`: the page at a place."""
    return lambda address: open_page(served, f"#{address}")
