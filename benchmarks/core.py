"""The host: start, memory, latency and throughput of durable jobs, the library at 100,000 assets.

    python benchmarks/core.py [--json] [--assets N]

Figures of rivals are those of `docs/architecture.md`'s sources; they were measured on the same kind
of machine. Times of durable operations stand beside the median fsync of this disk.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from machine import Row, report
from trivial import install_trivial

from studio import Studio
from studio.database import Database
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import NewAsset, SearchQuery, Store

START = """
import sys, time
from studio import Studio
studio = Studio(sys.argv[1])
pages = int(open('/proc/self/statm').read().split()[1])
heavy = sorted({'torch', 'numpy', 'gradio'} & set(sys.modules))
print(pages * 4096, ','.join(heavy) or '-')
studio.close()
"""


def measure_start(home: Path) -> list[Row]:
    """Time a fresh process from exec to an open `Studio`, its memory, and `studio --help`."""
    seconds, memory, heavy = [], 0.0, "-"
    for _ in range(7):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", START, str(home)], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - start)
        size, heavy = done.stdout.split()
        memory = int(size) / 2**20
    help_seconds = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "studio.cli.main", "--help"], capture_output=True, check=True
        )
        help_seconds.append(time.perf_counter() - start)
    bare = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter() - start)
    base = statistics.median(bare)
    return [
        Row(
            "start to ready",
            statistics.median(seconds),
            "s",
            "<= 3",
            "ComfyUI 13.6 s, InvokeAI 25.8 s",
        ),
        Row("memory of the idle host", memory, "MiB", "<= 150", "ComfyUI 494, InvokeAI 673"),
        Row(f"heavy modules in the host ({heavy})", float(heavy != "-"), "", "0"),
        Row(
            "`studio --help`",
            statistics.median(help_seconds),
            "s",
            "<= 0.3",
            f"bare python {base * 1000:.0f} ms",
            statistics.median(help_seconds) / base,
        ),
    ]


def measure_jobs(studio: Studio) -> list[Row]:
    """Time durable jobs: one at a time, 200 single submits, one batch call of 200."""
    generator = "trivial.text"
    studio.generate(generator, seed=0)  # the worker is up
    single = []
    for seed in range(1, 101):
        start = time.perf_counter()
        studio.generate(generator, seed=seed)
        single.append((time.perf_counter() - start) * 1000)
    start = time.perf_counter()
    jobs = [studio.submit(generator, seed=1000 + i) for i in range(200)]
    submit_seconds = time.perf_counter() - start
    for job in jobs:
        job.wait()
    rate = 200 / (time.perf_counter() - start)
    start = time.perf_counter()
    batch = studio.batch({"generator": generator, "seed": 5000 + i} for i in range(200))
    batch_seconds = time.perf_counter() - start
    batch.wait()
    batch_rate = 200 / (time.perf_counter() - start)
    return [
        Row(
            "trivial job, submit to stored, p50",
            statistics.median(single),
            "ms",
            "<= 30",
            "ComfyUI 8 (memory only), InvokeAI 769",
        ),
        Row("trivial job, submit to stored, p95", statistics.quantiles(single, n=20)[18], "ms"),
        Row(
            "200 jobs, submitted one by one",
            rate,
            "1/s",
            ">= 50",
            "ComfyUI 194 (memory only), InvokeAI 1.0",
        ),
        Row("200 jobs, one batch call", batch_rate, "1/s", ">= 50"),
        Row("200 single submits", submit_seconds, "s", "", "ComfyUI 0.82, InvokeAI 79.5"),
        Row("one batch call of 200", batch_seconds, "s", "<= 0.2"),
    ]


def fill_library(home: Path, count: int) -> Store:
    """Insert assets that share one blob; the rows are what is measured."""
    database = Database(home / "studio.db")
    store = Store(database, home)
    source = home / "one.txt"
    source.write_text("one\n", encoding="utf-8")
    blobs = store.stage({"main": source})
    words = ["brick", "moss", "slate", "plank", "gravel", "marble", "rust", "tile"]
    for start in range(0, count, 5000):
        with database.transaction(durable=False) as connection:
            for i in range(start, min(start + 5000, count)):
                title = f"{words[i % 8]} wall {i}" + (" heliotrope" if i % 20_000 == 77 else "")
                recipe = Recipe(
                    generator="bench.rows",
                    plugin="bench",
                    plugin_version="1",
                    params={"prompt": f"{words[i // 8 % 8]} number {i}"},
                    seed=i,
                )
                new = NewAsset(
                    kind=MediaType.TEXT,
                    files={"main": source},
                    payload_hash=f"{i:064x}",
                    title=title,
                    recipe=recipe,
                    tags=(words[i // 64 % 8],),
                )
                store.insert(connection, new, blobs)
    return store


def measure_library(store: Store, count: int) -> list[Row]:
    """Time pages and searches, each 30 times, warm."""
    deep = SearchQuery(cursor=_find_deep_cursor(store, count))

    def p50(run: Callable[[], object]) -> float:
        run()
        times = []
        for _ in range(30):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1000)
        return statistics.median(times)

    common = p50(lambda: store.search(SearchQuery(text="brick")))
    rare = p50(lambda: store.search(SearchQuery(text="heliotrope")))
    both = p50(lambda: store.search(SearchQuery(text="brick wall", tags=("moss",))))
    first = p50(lambda: store.search(SearchQuery()))
    return [
        Row(f"page of 60 of {count:,}, first", first, "ms", "<= 10", "InvokeAI 141"),
        Row(
            f"page of 60 of {count:,}, deep",
            p50(lambda: store.search(deep)),
            "ms",
            "<= 10",
            "InvokeAI 583",
        ),
        Row(f"search in {count:,}, common word", common, "ms", "<= 20", "InvokeAI 299"),
        Row(f"search in {count:,}, rare word", rare, "ms", "<= 20", "InvokeAI 197"),
        Row(f"search in {count:,}, two words and a tag", both, "ms"),
    ]


def _find_deep_cursor(store: Store, count: int) -> str | None:
    cursor = None
    for _ in range(count // 2000):
        cursor = store.search(SearchQuery(limit=1000, cursor=cursor)).next_cursor
    return cursor


def measure_fsync(folder: Path) -> float:
    """Return the median milliseconds of an fsync after writing 4 KiB."""
    times = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Run everything in temporary homes."""
    count = int(sys.argv[sys.argv.index("--assets") + 1]) if "--assets" in sys.argv else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install_trivial(folder / "plugin")
        Studio(folder / "home").close()  # describes the plugins once
        rows = measure_start(folder / "home")
        with Studio(folder / "home") as studio:
            rows += measure_jobs(studio)
        (folder / "big").mkdir()
        rows += measure_library(fill_library(folder / "big", count), count)
        note = (
            f"Medians; fsync p50 of this disk {measure_fsync(folder):.2f} ms. Rivals: measured on "
            "the same kind of machine with ComfyUI 0.3.64 and InvokeAI 6.14-alpha."
        )
    report("Core", note, rows)


if __name__ == "__main__":
    main()
