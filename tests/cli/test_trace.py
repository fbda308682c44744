import json


def make_job(run):
    return run("generate", "sample.noise", "--size", "8", "--steps", "3", "--json").data


def test_a_job_is_shown_and_written(run, tmp_path):
    make_job(run)
    (job,) = run("jobs", "list", "--json").data
    text = run("trace", job["id"][:20]).out
    for words in ("sample.noise waits", "load sample.noise", "step 3/3", "committed", "done"):
        assert words in text
    run("trace", job["id"], "--out", tmp_path / "one.json")
    trace = json.loads((tmp_path / "one.json").read_text())
    assert trace["otherData"]["job"] == job["id"]
    assert run("trace", job["id"], "--json").data == trace


def test_all_jobs_on_one_timeline(run, tmp_path):
    make_job(run)
    make_job(run)
    run("trace", "--all", "--out", tmp_path / "all.json")
    trace = json.loads((tmp_path / "all.json").read_text())
    assert trace["otherData"] == {"jobs": 2}
    assert sum(event["name"] == "done" for event in trace["traceEvents"]) == 2


def test_wrong_use(run, tmp_path):
    for args in ([], ["--all"], ["01", "--all", "--out", "x"]):
        assert "give a JOB" in run("trace", *args, code=2).err
    assert "no such job" in run("trace", "01xyz", code=2).err
    make_job(run)
    (job,) = run("jobs", "list", "--json").data
    assert (
        "choose another file" in run("trace", job["id"], "--out", tmp_path / "x" / "y", code=2).err
    )


def test_a_job_without_a_trace(run, monkeypatch):
    monkeypatch.setenv("STUDIO_TRACE_JOBS", "0")
    make_job(run)
    (job,) = run("jobs", "list", "--json").data
    assert "trace_jobs" in run("trace", job["id"], code=2).err
