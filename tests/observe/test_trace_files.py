import pytest

from studio.errors import StudioError
from studio.observe.trace_files import TraceFiles

TRACE = {"traceEvents": [{"name": "x", "ph": "i", "s": "t", "ts": 1, "pid": 1, "tid": 1}]}


def test_only_the_newest_are_kept(tmp_path):
    files = TraceFiles(tmp_path / "traces", keep=20)
    for number in range(100):
        files.save(f"job{number:03}", TRACE)
        assert len(files.list()) <= 22
    names = [path.stem for path in files.list()]
    assert names[-1] == "job099"
    assert names == [f"job{number:03}" for number in range(100 - len(names), 100)]
    assert len(names) >= 20


def test_another_process_counts_what_is_there(tmp_path):
    for number in range(30):
        TraceFiles(tmp_path, keep=1000).save(f"job{number:03}", TRACE)
    TraceFiles(tmp_path, keep=10).save("job030", TRACE)
    assert len(TraceFiles(tmp_path, keep=10).list()) == 10


def test_a_trace_is_read_again(tmp_path):
    files = TraceFiles(tmp_path, keep=5)
    files.save("a", TRACE)
    assert files.load("a") == TRACE
    assert files.merge()["otherData"] == {"jobs": 1}


def test_what_is_missing_or_torn_is_said(tmp_path):
    files = TraceFiles(tmp_path, keep=5)
    (tmp_path / "torn.json").write_text('{"traceEvents": [')
    for job in ("gone", "torn"):
        with pytest.raises(StudioError, match=f"{job}: no trace.*5"):
            files.load(job)
    assert files.merge()["traceEvents"] == []
