"""Writes a trace file for every job that ends."""

from studio.events import AssetAdded, JobChanged, JobProgressed, WorkerChanged
from studio.observe.moments import Moment, find_resident
from studio.observe.story import Attempt, Mark, Story
from studio.observe.tables import Tables
from studio.observe.trace_events import build_trace
from studio.observe.trace_files import TraceFiles


class Tracer:
    """Follows the jobs that run: memory grows with them, not with the queue."""

    def __init__(self, tables: Tables, files: TraceFiles) -> None:
        self._tables = tables
        self._files = files
        self._stories: dict[str, Story] = {}

    def note(self, moment: Moment) -> None:
        """Follow an event."""
        match moment.event:
            case JobChanged(job, "running"):
                self._begin(job, moment)
            case JobChanged(job, status):
                self._end(job, status, moment.time)
            case JobProgressed(job, done, total):
                attempt = self._find_attempt(job)
                if attempt is not None:
                    attempt.steps.add(Mark(moment.time, f"{done}/{total}"))
            case AssetAdded(asset, job):
                attempt = self._find_attempt(job)
                if attempt is not None:
                    attempt.outputs.add(Mark(moment.time, asset))
            case WorkerChanged(worker, state) if find_resident(state):
                self._note_loaded(worker, find_resident(state), moment)

    def _begin(self, job: str, moment: Moment) -> None:
        worker = moment.worker or {}
        attempt = Attempt(
            moment.time,
            worker=str(worker.get("id", "")),
            environment=str(worker.get("environment", "")),
            device=str(worker.get("device", "")),
        )
        self._stories.setdefault(job, Story(job)).attempts.append(attempt)

    def _note_loaded(self, worker: str, resident: str, moment: Moment) -> None:
        job = str((moment.worker or {}).get("job") or "")
        attempt = self._find_attempt(job)
        if attempt is not None and attempt.worker == worker and attempt.loaded is None:
            attempt.loaded, attempt.resident = moment.time, resident

    def _end(self, job: str, status: str, time: float) -> None:
        attempt = self._find_attempt(job)
        if attempt is not None:
            attempt.finished, attempt.end = time, status
        if status == "queued":  # its worker died, or it was preempted: another attempt follows
            return
        story = self._stories.pop(job, None)
        row = self._tables.find_job(job)
        if story is None or row is None:
            return
        story.created, story.generator = row["created"], row["generator"]
        story.facts = {name: row[name] for name in ("generator", "user", "priority", "batch")}
        story.facts["status"] = status
        self._files.save(job, build_trace(story))

    def _find_attempt(self, job: str) -> Attempt | None:
        """Return the attempt that goes on."""
        story = self._stories.get(job)
        if story is None or not story.attempts or story.attempts[-1].end:
            return None
        return story.attempts[-1]
