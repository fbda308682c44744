"""The format: developer notes "Trace Event Format", JSON object form."""

import json
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.observe.story import Attempt, Mark, Story
from studio.observe.trace_events import build_trace, merge_traces

NOW = 1_800_000_000.0


def check_trace(trace):
    """Raise if a viewer could not show it, or would show it wrongly."""
    json.loads(json.dumps(trace, allow_nan=False))
    assert trace["displayTimeUnit"] in ("ms", "ns")
    processes, threads, spans, open_waits = set(), set(), defaultdict(list), {}
    last = 0
    for event in trace["traceEvents"]:
        assert event.keys() >= {"name", "ph", "pid", "tid"}, event
        assert isinstance(event["name"], str) and event["name"]
        assert type(event["pid"]) is int and type(event["tid"]) is int
        if event["ph"] == "M":
            (threads if event["name"] == "thread_name" else processes).add(
                (event["pid"], event["tid"]) if event["name"] == "thread_name" else event["pid"]
            )
            assert event["args"]["name"]
            continue
        assert type(event["ts"]) is int and event["ts"] >= last, "ts goes forward"
        last = event["ts"]
        assert event["pid"] in processes and (event["pid"], event["tid"]) in threads
        assert event["cat"]
        if event["ph"] == "X":
            assert type(event["dur"]) is int and event["dur"] >= 0
            spans[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        elif event["ph"] == "b":
            assert event["id"] not in open_waits
            open_waits[event["id"]] = event["ts"]
        elif event["ph"] == "e":
            assert event["ts"] >= open_waits.pop(event["id"])
        else:
            assert event["ph"] == "i" and event["s"] in "gpt"
    assert not open_waits, "what begins ends"
    for track in spans.values():
        stack = []
        for start, end in track:
            while stack and stack[-1] <= start:
                stack.pop()
            assert not stack or end <= stack[-1], "spans of a track lie one in another"
            stack.append(end)


def build_story(job="01job", worker="w1", device="cpu", at=NOW):
    story = Story(job, at, "test.make", {"user": "local"})
    attempt = Attempt(at + 1, worker, "main", device, at + 2, "test.make", at + 9, "done")
    for number in range(4):
        attempt.steps.add(Mark(at + 3 + number, f"{number + 1}/4"))
    attempt.outputs.add(Mark(at + 8, "asset1"))
    story.attempts.append(attempt)
    return story


def find(trace, name):
    return [event for event in trace["traceEvents"] if event["name"] == name]


def test_a_job_is_told_from_queue_to_commit():
    trace = build_trace(build_story())
    check_trace(trace)
    names = [event["name"] for event in trace["traceEvents"] if event["ph"] != "M"]
    assert names == [
        "test.make",  # begins to wait
        "test.make",  # runs
        "load test.make",
        "test.make",  # waits no more
        *[f"step {number}/4" for number in (1, 2, 3, 4)],
        "committed",
        "done",
    ]
    (run,) = [event for event in find(trace, "test.make") if event["ph"] == "X"]
    assert (run["dur"], run["args"]["end"]) == (8_000_000, "done")
    (load,) = find(trace, "load test.make")
    assert (load["ts"], load["dur"]) == (round((NOW + 1) * 1e6), 1_000_000)
    assert [event["dur"] for event in find(trace, "step 2/4")] == [1_000_000]
    assert find(trace, "committed")[0]["args"] == {"asset": "asset1", "outputs": 1}


def test_every_attempt_is_there():
    story = build_story()
    story.attempts[0].end = "queued"
    story.attempts += build_story(at=NOW + 10).attempts
    trace = build_trace(story)
    check_trace(trace)
    waits = [event for event in trace["traceEvents"] if event["ph"] == "b"]
    assert [round(event["ts"] / 1e6 - NOW) for event in waits] == [0, 9]
    assert len([event for event in find(trace, "test.make") if event["ph"] == "X"]) == 2


def test_merged_traces_have_a_process_per_device_and_a_thread_per_worker():
    stories = [
        build_story("a", "w1", "cuda:0"),
        build_story("b", "w2", "cuda:1", NOW + 5),
        build_story("c", "w1", "cuda:0", NOW + 20),
    ]
    merged = merge_traces([build_trace(story) for story in stories])
    check_trace(merged)
    names = [event["args"]["name"] for event in find(merged, "process_name")]
    assert sorted(names) == ["cuda:0", "cuda:1", "queue"]
    threads = [event["args"]["name"] for event in find(merged, "thread_name")]
    assert sorted(threads) == ["main w1", "main w2", "queue"]
    count = sum(len(build_trace(story)["traceEvents"]) for story in stories)
    assert len(merged["traceEvents"]) == count - 3 * 4 + 6  # but for the names of tracks
    check_trace(merge_traces([merged, merged_again(merged)]))
    check_trace(merge_traces([]))


def merged_again(trace):
    """The same a while later, under other ids."""
    events = [dict(event) for event in trace["traceEvents"]]
    for event in events:
        if "ts" in event:
            event["ts"] += 100_000_000
        if "id" in event:
            event["id"] += "x"
    return {**trace, "traceEvents": events}


times = st.floats(0, 1000, allow_nan=False).map(lambda value: NOW + value)


@st.composite
def stories(draw):
    """Stories such as a confused clock and lost events could make."""
    story = Story("j", draw(times), draw(st.sampled_from(["", "g.x"])))
    start = NOW
    for _ in range(draw(st.integers(1, 3))):
        start += draw(st.floats(0, 50))
        attempt = Attempt(start, draw(st.sampled_from(["", "worker"])), "main", "cpu")
        if draw(st.booleans()):
            attempt.loaded = draw(times)
        for time in draw(st.lists(times, max_size=5)):
            attempt.steps.add(Mark(time, "1/2"))
        for time in draw(st.lists(times, max_size=3)):
            attempt.outputs.add(Mark(time, "asset"))
        attempt.finished = draw(st.sampled_from([0.0, start + draw(st.floats(0, 50))]))
        start = max(start, attempt.finished)
        story.attempts.append(attempt)
    return story


@given(stories())
def test_any_story_makes_a_valid_trace(story):
    check_trace(build_trace(story))


@pytest.mark.parametrize("fault", ["dur", "ts", "order", "track", "nesting"])
def test_the_check_fails_when_a_trace_is_wrong(fault):
    trace = build_trace(build_story())
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    if fault == "dur":
        del events[0]["dur"]
    elif fault == "ts":
        events[1]["ts"] = 0.5
    elif fault == "order":
        trace["traceEvents"].reverse()
    elif fault == "track":
        events[0]["tid"] = 77
    else:
        events[1]["dur"] = 99_000_000
    with pytest.raises((AssertionError, KeyError)):
        check_trace(trace)
