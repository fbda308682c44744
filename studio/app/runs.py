"""`studio.runs`: pipeline runs that outlive whoever started them."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from studio.app.inputs import InputValues
from studio.app.pipeline_host import PipelineBridge, PipelineStudio
from studio.app.run_records import RunOrder, RunRecord, RunStatus, RunTable
from studio.app.run_thread import RunThread
from studio.database import Database
from studio.events import EventBus, RunChanged
from studio.pipelines import Pipeline, check_pipeline
from studio.pipelines.bind import bind_pipeline, check_inputs
from studio.pipelines.expand import check_work

_LOOK = 0.3  # seconds between looks at what other processes want cancelled


class RunBook:
    """Starts, watches, cancels and takes up pipeline runs.

    A run belongs to the process that started it, which holds a lock file as long as it lives;
    `resume` takes up those whose process ended. What was made is found in the library again,
    for the seeds of a run are decided by its own.

    Args:
        get_studio: the home as a user sees it.
        folder: for the lock files.
    """

    def __init__(
        self,
        database: Database,
        events: EventBus,
        get_studio: Callable[[str], PipelineStudio],
        folder: Path,
    ) -> None:
        self._table = RunTable(database)
        self._events = events
        self._get_studio = get_studio
        self._folder = folder
        self._guard = threading.Lock()
        self._active: dict[str, tuple[RunThread, FileLock]] = {}
        self._closing = threading.Event()
        self._keeper: threading.Thread | None = None

    def start(
        self,
        recipe: Pipeline,
        *,
        inputs: InputValues | None = None,
        params: Mapping[str, Any] | None = None,
        seed: int = 0,
        user: str,
    ) -> RunRecord:
        """Check everything, then run a recipe in a thread; it is on disk when this returns.

        Raises:
            PipelineError, InvalidParamsError, InvalidInputError: wrong; nothing was begun.
        """
        bridge = PipelineBridge(self._get_studio(user))
        check_pipeline(recipe, bridge)
        given = bridge.resolve(inputs or {}, user)
        check_inputs(recipe, given)
        check_work(bind_pipeline(recipe, bridge, params or {}), given)
        ids = {name: [asset.id for asset in assets] for name, assets in given.items()}
        record = self._table.insert(RunOrder(recipe, ids, dict(params or {}), seed, user))
        self._take_up(record)
        return record

    def get(self, run: str) -> RunRecord:
        """Return a run by its id.

        Raises:
            StudioError: there is none.
        """
        return self._table.get(run)

    def list(
        self, *, user: str = "", status: str = "", before: str = "", limit: int = 100
    ) -> list[RunRecord]:
        """Return runs, newest first; page on with `before=` the last id seen."""
        return self._table.find(user=user, status=status, before=before, limit=limit)

    def cancel(self, run: str) -> bool:
        """Stop a run, in whatever process it is; False if it has ended. What is made is kept."""
        is_live = self._table.ask_to_cancel(run)
        with self._guard:
            found = self._active.get(run)
        if found is not None:
            found[0].cancel()
        elif is_live and (lock := self._try_lock(run)) is not None:
            with lock:  # nobody runs it: its process ended
                record = self._table.get(run)
                if not record.status.is_final:
                    self._table.end(run, RunStatus.CANCELLED, record.steps)
                    self._tell(run, RunStatus.CANCELLED)
        return is_live

    def resume(self) -> Sequence[str]:
        """Take up the runs whose process ended; return their ids."""
        running = self._table.find(status=RunStatus.RUNNING, limit=10_000)
        return [record.id for record in reversed(running) if self._take_up(record)]

    def wait(self, run: str, timeout: float | None = None) -> RunRecord:
        """Wait for the end of a run of this process, and return it."""
        with self._guard:
            found = self._active.get(run)
        if found is not None:
            found[0].join(timeout)
        return self._table.get(run)

    def close(self) -> None:
        """Leave the runs of this process; they go on when somebody calls `resume`."""
        self._closing.set()
        with self._guard:
            active = list(self._active.values())
        for thread, _ in active:
            thread.leave()
        for thread, lock in active:
            thread.join(10)
            lock.release()
        if self._keeper is not None:
            self._keeper.join()

    def _take_up(self, record: RunRecord) -> bool:
        with self._guard:
            if record.id in self._active or self._closing.is_set():
                return False
        lock = self._try_lock(record.id)
        if lock is None:
            return False
        if self._table.get(record.id).status.is_final:  # ended before we had the lock
            self._release(lock)
            return False
        thread = RunThread(self._get_studio(record.order.user), self._table, record, self._tell)
        with self._guard:
            self._active[record.id] = (thread, lock)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="studio-runs", daemon=True)
                self._keeper.start()
        thread.start()
        return True

    def _try_lock(self, run: str) -> FileLock | None:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / f"{run}.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock

    def _release(self, lock: FileLock) -> None:
        lock.release()
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink()

    def _keep(self) -> None:
        """See to what other processes want cancelled, and tidy up what ended."""
        while not self._closing.wait(_LOOK):
            with self._guard:
                active = dict(self._active)
            if not active:
                continue
            for run in self._table.find_cancelled():
                if run in active:
                    active[run][0].cancel()
            for run, (thread, lock) in active.items():
                if not thread.is_alive:
                    with self._guard:
                        del self._active[run]
                    self._release(lock)

    def _tell(self, run: str, status: RunStatus) -> None:
        self._events.emit(RunChanged(run, str(status)))
