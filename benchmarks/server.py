"""The web server over real HTTP: pages and searches of a library of 100,000 assets, and its start.

    python benchmarks/server.py [--json] [--assets N]

Times are the server's own, from the request to the head of the answer, as its `Server-Timing` says;
beside them those of a client on the same machine, to the last byte.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from core import fill_library
from machine import Row, report

from studio.codecs.colours import COLOURS
from studio.store.text import index_all

ROUNDS = 100
SERVE = """
import sys
from studio import Studio
from studio.server.app import build_app
from studio.server.run import serve_home
from studio.server.settings import ServerSettings
with Studio(sys.argv[1], schedules=False) as studio:
    serve_home(studio, build_app, ServerSettings(port=0), lambda url: print(url, flush=True))
"""


def fill_home(home: Path, count: int) -> None:
    """Fill a library; Ann has a hundred. One colour is common, one on no asset of "brick"."""
    store = fill_library(home, count)
    with store.database.transaction(durable=False) as connection:
        connection.execute(
            "INSERT INTO colours SELECT ?, n FROM assets WHERE n % 8 = 0", (COLOURS[0],)
        )
        connection.execute(
            "INSERT INTO colours SELECT ?, n FROM assets WHERE title LIKE 'slate%' "
            "AND recipe NOT LIKE '%brick%'",
            (COLOURS[1],),
        )
        index_all(connection)
        connection.execute(
            "UPDATE assets SET user = 'ann' WHERE n IN (SELECT n FROM assets LIMIT 100)"
        )
    store.database.close()


class Browser:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self.spent = 0.0

    def get(self, path: str, **params: object) -> bytes:
        """Return the body of an answer, which must be a good one."""
        query = urlencode({name: value for name, value in params.items() if value is not None})
        self._connection.request("GET", f"/api/v1/{path}?{query}")
        answer = self._connection.getresponse()
        body = answer.read()
        self.spent = float(answer.headers["Server-Timing"].rpartition("=")[2])
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
        return body

    def measure(self, path: str, **params: object) -> tuple[list[float], list[float]]:
        """Return the server's and the client's times, milliseconds."""
        for _ in range(5):
            self.get(path, **params)
        own, whole = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            self.get(path, **params)
            whole.append((time.perf_counter() - start) * 1000)
            own.append(self.spent)
        return own, whole

    def find_deep_cursor(self, count: int) -> str | None:
        """Turn pages to the middle."""
        cursor = None
        for _ in range(count // 2000):
            page = json.loads(self.get("assets", limit=1000, cursor=cursor))
            cursor = page["next_cursor"]
        return cursor


def measure_library(browser: Browser, count: int) -> list[Row]:
    """Time what the library page asks for."""
    first = json.loads(browser.get("assets"))["items"][0]
    asked = (
        (f"page of 60 of {count:,}, first", "<= 10", "assets", {}),
        ("the same, deep", "<= 10", "assets", {"cursor": browser.find_deep_cursor(count)}),
        ("the same, of one kind", "<= 10", "assets", {"kind": "text"}),
        ("the same, of one colour", "<= 10", "assets", {"colour": COLOURS[0]}),
        ("search, common word", "<= 20", "assets", {"text": "brick"}),
        ("search, rare word", "<= 20", "assets", {"text": "heliotrope"}),
        ("search, two words and a tag", "<= 20", "assets", {"text": "brick wall", "tag": "moss"}),
        ("search, a word and a colour", "<= 20", "assets", {"text": "moss", "colour": COLOURS[0]}),
        ("search, nothing in common", "<= 20", "assets", {"text": "brick", "colour": COLOURS[1]}),
        ("count of a common word", "", "assets/count", {"text": "wall"}),
        ("one asset", "", f"assets/{first['id']}", {}),
        ("a file of 4 bytes", "", f"assets/{first['id']}/files/main", {}),
        ("count of all", "", "assets/count", {}),
        ("tags", "", "tags", {}),
        ("collections", "", "collections", {}),
    )
    rows = []
    for name, target, path, params in asked:
        own, whole = browser.measure(path, **params)
        note = f"p50 {statistics.median(own):.1f} ms; client p95 {find_slow(whole):.1f} ms"
        rows.append(Row(f"{name}, p95", find_slow(own), "ms", target, note))
    return rows


def find_slow(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[18]


def start_server(home: Path) -> tuple["subprocess.Popen[str]", int, float]:
    """Start a server; return it, its port and the seconds until it answered."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
    return process, port, time.perf_counter() - start


def main() -> None:
    """Run everything in a temporary home."""
    count = int(sys.argv[sys.argv.index("--assets") + 1]) if "--assets" in sys.argv else 100_000
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        fill_home(home, count)
        start_server(home)[0].terminate()  # describes the plugins once
        process, port, seconds = start_server(home)
        try:
            rows = measure_library(Browser(port), count)
            pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        finally:
            process.terminate()
            process.wait(10)
    rows.append(Row("start to ready, without the page", seconds, "s", "<= 3"))
    rows.append(Row("memory of the server, without the page", pages * 4096 / 2**20, "MiB"))
    note = (
        f"Over HTTP, {ROUNDS} requests each on one connection, one client. Times of the server, "
        "from the request to the head of the answer (`Server-Timing`)."
    )
    report("Web server", note, rows)


if __name__ == "__main__":
    main()
