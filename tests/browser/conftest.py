"""A server of its own with a page in Chromium, for the tests of the rooms."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
PATIENCE = 45  # seconds; the machine may be busy with other tests
TRIAL = Path(__file__).parent / "trial_plugin.txt"


class Served:
    """`studio serve` as a process of its own, and requests to it."""

    def __init__(self, home, plugins):
        self.home = home
        self._environ = {
            **os.environ,
            "STUDIO_HOME": str(home),
            "STUDIO_LANGUAGE": "en",
            "PYTHONPATH": os.pathsep.join(map(str, plugins)),
            "OMP_NUM_THREADS": "1",
        }
        self.start()

    def start(self, port=0):
        start = "from studio.cli.main import main; main()"
        command = [sys.executable, "-uc", start, "serve", "--no-open", "--port", str(port)]
        self.process = subprocess.Popen(
            command, env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        seen = ""
        for line in self.process.stdout:
            seen += line
            found = re.search(r"http://[\d.]+:\d+/", line)
            if found:
                self.url = found[0]
                return
        raise AssertionError(f"the server did not start: {seen}")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def restart(self):
        self.stop()
        self.start(int(self.url.rsplit(":", 1)[1].strip("/")))

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}api/v1/{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path, body=None, method="POST"):
        request = urllib.request.Request(
            f"{self.url}api/v1/{path}",
            json.dumps(body or {}).encode(),
            {"Content-Type": "application/json", "X-Studio": "1"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def submit(self, generator, **call):
        return self.post("jobs", {"generator": generator, **call})["id"]

    def await_status(self, job, *statuses):
        end = time.monotonic() + PATIENCE
        while (found := self.get(f"jobs/{job}")["status"]) not in statuses:
            assert time.monotonic() < end, f"job is {found}, not {statuses}"
            time.sleep(0.1)
        return self.get(f"jobs/{job}")

    def cancel_all(self):
        self.post("jobs/cancel", {"all": True})
        end = time.monotonic() + PATIENCE
        while self.get("jobs/counts")["running"] and time.monotonic() < end:
            time.sleep(0.1)


@pytest.fixture(scope="session")
def trial_path(tmp_path_factory):
    """A folder with a plugin that fails, one that trains, and one that cannot be loaded."""
    folder = tmp_path_factory.mktemp("trial")
    shutil.copy(TRIAL, folder / "trial_plugin.py")
    (folder / "broken_plugin.py").write_text("import a_library_that_is_not_here\n")
    for name in ("trial", "broken"):
        info = folder / f"{name}_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[studio]\n{name} = {name}_plugin\n")
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory, sample_path, trial_path):
    """A server with the sample plugin and the trial plugin."""
    server = Served(tmp_path_factory.mktemp("served") / "home", [sample_path, trial_path])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium():
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=PATIENCE * 1000)
    if not os.path.exists(CHROMIUM):
        pytest.skip("there is no browser")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def room(served, chromium):
    """`room("queue")`: the page at a tab; errors in its console fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(PATIENCE * 1000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: note(message, faults))

    def open_room(address):
        page.goto(f"{served.url}#{address}")
        page.wait_for_selector("html[data-studio-ready]", state="attached")
        return page

    yield open_room
    context.close()
    assert not faults


def note(message, faults):
    """Keep what a console says of errors; a refused request is the test's own doing."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        faults.append(message.text)
