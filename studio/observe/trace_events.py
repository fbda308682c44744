"""Traces in the Chrome trace event format, which Perfetto and chrome://tracing show.

Processes are devices, threads are workers; jobs that wait stand on a track of their own. Times are
microseconds since 1970, so that traces of several jobs and processes fit together.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from studio.observe.story import Attempt, Marks, Story

TraceEvent = dict[str, Any]
Trace = dict[str, Any]

QUEUE = "queue"
"""Name of the process on which jobs wait."""

_CATEGORY = "studio"


def build_trace(story: Story) -> Trace:
    """Make the trace of one job."""
    tracks = Tracks()
    events = list(_build_events(story, tracks))
    return build_document(events, tracks, {"job": story.job, **story.facts})


def merge_traces(traces: Iterable[Trace]) -> Trace:
    """Put traces on one timeline: a process per device, a thread per worker."""
    tracks, events, count = Tracks(), list[TraceEvent](), 0
    for trace in traces:
        count += 1
        names = _read_names(trace["traceEvents"])
        for event in trace["traceEvents"]:
            if event["ph"] == "M":
                continue
            process = names.get((event["pid"], None), str(event["pid"]))
            thread = names.get((event["pid"], event["tid"]), str(event["tid"]))
            events.append({**event, **tracks.get(process, thread)})
    return build_document(events, tracks, {"jobs": count})


def build_document(
    events: Iterable[TraceEvent], tracks: "Tracks", facts: Mapping[str, object]
) -> Trace:
    """Sort events by time and name their tracks."""
    # Of events that begin together the longer one is around the shorter one.
    ordered = sorted(events, key=lambda event: (event["ts"], -event.get("dur", 0)))
    return {
        "displayTimeUnit": "ms",
        "otherData": dict(facts),
        "traceEvents": [*tracks.list_names(), *ordered],
    }


class Tracks:
    """Gives processes and threads their numbers."""

    def __init__(self) -> None:
        self._processes: dict[str, int] = {}
        self._threads: dict[tuple[str, str], int] = {}

    def get(self, process: str, thread: str) -> dict[str, int]:
        """Return `pid` and `tid` of a track."""
        pid = self._processes.setdefault(process, len(self._processes) + 1)
        tid = self._threads.setdefault((process, thread), len(self._threads) + 1)
        return {"pid": pid, "tid": tid}

    def list_names(self) -> list[TraceEvent]:
        """Return the metadata events that name the tracks."""
        found = [_name("process_name", process, pid, 0) for process, pid in self._processes.items()]
        for (process, thread), tid in self._threads.items():
            found.append(_name("thread_name", thread, self._processes[process], tid))
        return found


def _name(kind: str, name: str, pid: int, tid: int) -> TraceEvent:
    return {"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}


def _read_names(events: Iterable[TraceEvent]) -> dict[tuple[int, int | None], str]:
    names: dict[tuple[int, int | None], str] = {}
    for event in events:
        if event["ph"] == "M" and event["name"] == "process_name":
            names[event["pid"], None] = event["args"]["name"]
        elif event["ph"] == "M" and event["name"] == "thread_name":
            names[event["pid"], event["tid"]] = event["args"]["name"]
    return names


def _build_events(story: Story, tracks: Tracks) -> Iterator[TraceEvent]:
    title = story.generator or "job"
    track = tracks.get(QUEUE, QUEUE)
    since = story.created
    for number, attempt in enumerate(story.attempts, 1):
        waited = {"cat": QUEUE, "id": f"{story.job}-{number}", "name": title, **track}
        start = max(since, attempt.started)
        yield {"ph": "b", "ts": _micro(min(since, start)), "args": {"job": story.job}, **waited}
        yield {"ph": "e", "ts": _micro(start), **waited}
        yield from _build_attempt(story, attempt, tracks)
        since = attempt.finished


def _build_attempt(story: Story, attempt: Attempt, tracks: Tracks) -> Iterator[TraceEvent]:
    thread = f"{attempt.environment} {attempt.worker[-6:]}".strip() or "worker"
    track = {"cat": _CATEGORY, **tracks.get(attempt.device or "worker", thread)}
    end = max(attempt.finished, attempt.started)
    facts = {**story.facts, "job": story.job, "end": attempt.end, "worker": attempt.worker}
    yield _span(story.generator or "job", attempt.started, end, track, facts)
    loaded = min(max(attempt.started, attempt.loaded or 0.0), end)
    if attempt.loaded is not None:
        name = f"load {attempt.resident}".strip()
        yield _span(name, attempt.started, loaded, track, {"resident": attempt.resident})
    yield from _build_steps(attempt.steps, loaded, end, track)
    for mark in attempt.outputs:
        args = {"asset": mark.label, "outputs": attempt.outputs.count}
        ts = _micro(min(mark.time, end))
        yield {"name": "committed", "ph": "i", "s": "t", "ts": ts, "args": args, **track}
    name = attempt.end or "interrupted"
    yield {"name": name, "ph": "i", "s": "t", "ts": _micro(end), "args": {}, **track}


def _build_steps(
    steps: Marks, since: float, end: float, track: Mapping[str, Any]
) -> Iterator[TraceEvent]:
    """Make a span from each step to the one before it; batches of steps where there are many."""
    for mark in steps:
        moment = min(max(mark.time, since), end)
        yield _span(f"step {mark.label}", since, moment, track, {})
        since = moment


def _span(
    name: str, start: float, end: float, track: Mapping[str, Any], args: Mapping[str, object]
) -> TraceEvent:
    ts = _micro(start)
    return {"name": name, "ph": "X", "ts": ts, "dur": _micro(end) - ts, "args": dict(args), **track}


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
