"""A server as a process of its own, and browsers that must not complain nor go elsewhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("STUDIO_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
REFUSED = re.compile(r"status of (400|409|413|422) ")
"""What a browser says when a test sends what is to be refused."""
PATIENCE = 20_000
"""Milliseconds that anything may take on a busy machine."""


class StudioProcess:
    """`studio serve` on a home of its own."""

    def __init__(self, home, plugins=None, port=0, options=()):
        self.home, self.plugins, self.port, self.options = home, plugins, port, options
        self.start()

    def start(self):
        command = [sys.executable, "-m", "studio.cli.main", "serve", "--no-open"]
        path = os.pathsep.join(
            filter(None, [str(self.plugins or ""), os.environ.get("PYTHONPATH")])
        )
        environ = {**os.environ, "STUDIO_HOME": str(self.home), "STUDIO_LANGUAGE": "en"}
        self.process = subprocess.Popen(
            [*command, *self.options, "--port", str(self.port)],
            env={**environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seen = ""
        for line in self.process.stdout:
            seen += line
            found = re.search(r"http://[\d.]+:(\d+)/", line)
            if found:
                self.url, self.port = found[0], int(found[1])
                return
        raise AssertionError(f"the server did not start: {seen}")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def restart(self):
        self.stop()
        self.start()

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            f"{self.url}api/v1/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-Studio": "1"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def sample_server(tmp_path_factory, sample_path):
    """A server with the sample plugin."""
    home = tmp_path_factory.mktemp("browser") / "home"
    started = StudioProcess(home, sample_path, options=("--upload-limit", "8"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def serve_home():
    """`serve_home(folder, plugins=None)`: a server of a home that was filled before."""
    started = []

    def serve(home, plugins=None):
        started.append(StudioProcess(home, plugins))
        return started[-1]

    yield serve
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def chromium():
    """Debian's browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}; STUDIO_CHROMIUM names another")
    with playwright.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def profiles(chromium):
    """`profiles(**options)`: a profile that tests have one after the other: it has the page's
    files already, as that of somebody has who was here before."""
    kept = {}

    def get(**options):
        key = repr(sorted(options.items()))
        if key not in kept:
            kept[key] = chromium.new_context(**options)
        return kept[key]

    yield get
    for context in kept.values():
        context.close()


def listen(page, url, faults):
    """Note what a page complains of, and what it asks of other hosts."""

    def is_ours(address):
        return address.startswith((url, url.replace("http", "ws"), "data:", "blob:"))

    page.on("pageerror", lambda error: faults.append(f"error: {error.message}"))
    page.on(
        "console",
        lambda said: (
            said.type == "error"
            and not REFUSED.search(said.text)
            and faults.append(f"console: {said.text}")
        ),
    )
    page.on("request", lambda sent: is_ours(sent.url) or faults.append(f"elsewhere: {sent.url}"))


@pytest.fixture
def open_page(chromium, profiles):
    """`open_page(server, address="", **context)`: a page in an empty profile.

    At the end: nothing was written to the console as an error, nothing was asked of other hosts.
    """
    used, own, pages, faults = [], [], [], []

    def go(server, address="", **options):
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        context = profiles(**options)
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


TRIAL = Path(__file__).parent / "trial_plugin.txt"


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

    def cancel_all(self):
        self.post("jobs/cancel", {"all": True})
        end = time.monotonic() + PATIENCE / 1000
        while self.get("jobs/counts")["running"] and time.monotonic() < end:
            time.sleep(0.1)


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


@pytest.fixture(scope="module")
def served(tmp_path_factory, sample_path, trial_path):
    """A server with the sample plugin and the trial plugin."""
    plugins = os.pathsep.join(map(str, (sample_path, trial_path)))
    server = Served(tmp_path_factory.mktemp("served") / "home", plugins)
    yield server
    server.stop()


@pytest.fixture
def room(served, open_page):
    """`room("queue?view=failed")`: the page at a place."""
    pytest.importorskip("playwright.sync_api").expect.set_options(timeout=3 * PATIENCE)
    return lambda address: open_page(served, f"#{address}")
