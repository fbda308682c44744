"""`logs/traces`: one file a job, the newest kept."""

import json
from pathlib import Path

from studio.errors import StudioError
from studio.observe.trace_events import Trace, merge_traces


class TraceFiles:
    """A folder of traces.

    Args:
        folder: made when the first trace is saved.
        keep: how many to keep; now and then there are a tenth more.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._count: int | None = None  # unknown before the first trace is saved

    def save(self, job: str, trace: Trace) -> Path:
        """Write the trace of a job, and drop the oldest if there are too many."""
        # In place, without paths as objects: jobs may end by the hundred a second. A file torn by
        # a crash is no trace, which `load` says.
        path = f"{self._folder}/{job}.json"
        if self._count is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._count = len(self.list())
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(trace, separators=(",", ":")))
        self._count += 1
        if self._count > self._keep + self._keep // 10:
            self._prune()
        return Path(path)

    def list(self) -> list[Path]:
        """Return the files, oldest job first: ids of jobs sort by time."""
        return sorted(self._folder.glob("*.json"))

    def find(self, job: str) -> Path | None:
        """Return the file of a job, given its whole id."""
        path = self._folder / f"{job}.json"
        return path if path.is_file() else None

    def load(self, job: str) -> Trace:
        """Read the trace of a job.

        Raises:
            StudioError: there is none.
        """
        path = self.find(job)
        trace = path and _read(path)
        if not trace:
            raise StudioError(
                "job {job}: no trace; they are written when a job ends, and the newest {keep} are "
                "kept (setting trace_jobs)",
                job=job,
                keep=self._keep,
            )
        return trace

    def merge(self) -> Trace:
        """Put all traces on one timeline; a file that cannot be read is left out."""
        return merge_traces(trace for trace in map(_read, self.list()) if trace is not None)

    def _prune(self) -> None:
        found = self.list()
        for path in found[: max(0, len(found) - self._keep)]:
            path.unlink(missing_ok=True)
        self._count = min(len(found), self._keep)


def _read(path: Path) -> Trace | None:
    try:
        trace = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return trace if isinstance(trace, dict) and "traceEvents" in trace else None
