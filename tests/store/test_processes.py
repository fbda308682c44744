"""Real processes on one home, and one that is killed in the middle."""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

from studio.store import SearchQuery, Store, check_store

ADD = """
import sys
from pathlib import Path
from studio.database import Database
from studio.media import MediaType
from studio.store import NewAsset, Store

home, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = Store(Database(home / "studio.db"), home)
for number in range(count):
    files = {}
    for part in ("albedo", "height"):
        files[part] = home / f"{name}-{number}-{part}.txt"
        files[part].write_text(f"{name} {number} {part}" * 50)
    new = NewAsset(kind=MediaType.TEXT, files=files, payload_hash=f"{name}{number}")
    print(store.add(new).id, flush=True)
    shared = home / f"{name}-shared.txt"
    shared.write_text(f"shared {number % 5}")
    store.import_file(shared)
"""


def start(home: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ADD, str(home), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_processes_fill_one_home(store: Store, home: Path) -> None:
    processes = [start(home, name, 15) for name in ("a", "b")]
    ids = [line for process in processes for line in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(ids)) == 30
    assert store.count(SearchQuery()) == 35  # the shared ones once each
    assert check_store(store, deep=True).is_clean


def test_what_was_acknowledged_outlives_a_kill(store: Store, home: Path) -> None:
    rng = random.Random(0)
    acknowledged: list[str] = []
    for attempt in range(2):
        process = start(home, str(attempt), 10_000)
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().strip() for _ in range(2)]
        time.sleep(rng.uniform(0.02, 0.2))
        process.kill()
        acknowledged += process.communicate()[0].split("\n")[:-1]
    assert len(acknowledged) > 2
    for id in acknowledged:
        for path in store.get(id).files.values():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    assert check_store(store, deep=True).is_clean
