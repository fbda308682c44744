import json
import logging
import subprocess
import sys

import pytest

from studio.config import load_config
from studio.observe.logs import JsonFormatter, SharedFileHandler, format_time, open_log

WRITER = """
import logging, sys
from pathlib import Path
from studio.observe.logs import JsonFormatter, SharedFileHandler
handler = SharedFileHandler(Path(sys.argv[1]), max_bytes=4000, kept=50)
handler.setFormatter(JsonFormatter())
log = logging.getLogger("writer")
log.addHandler(handler)
for number in range(150):
    log.warning("line %s", number, extra={"writer": sys.argv[2], "number": number})
"""


@pytest.fixture
def log(config):
    close = open_log(config)
    yield config.home / "logs" / "studio.log"
    close()


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_one_object_with_its_fields(log):
    logging.getLogger("studio.test").info("job %s", "done", extra={"job": "j1", "n": 3})
    (line,) = read_lines(log)
    assert line.pop("time").endswith("Z")
    assert line.pop("pid") > 0
    assert line == {
        "level": "info",
        "logger": "studio.test",
        "event": "job done",
        "job": "j1",
        "n": 3,
    }


def test_a_traceback_stays_on_its_line(log):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("studio.test").exception("broke")
    (line,) = read_lines(log)
    assert "ValueError: two\nlines" in line["traceback"]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_level_is_a_setting(tmp_path, level):
    config = load_config(environ={}, home=tmp_path, log_level=level)
    close = open_log(config)
    logger = logging.getLogger("studio.test")
    for name in ("debug", "info", "warning", "error"):
        getattr(logger, name)("x")
    close()
    names = ["debug", "info", "warning", "error"]
    wanted = names[names.index(level) :]
    assert [line["level"] for line in read_lines(tmp_path / "logs" / "studio.log")] == wanted


def test_nothing_is_left_behind(config):
    logger = logging.getLogger("studio")
    before = (list(logger.handlers), logger.level)
    close = open_log(config)
    assert not (config.home / "logs").exists(), "no file before the first line"
    close()
    assert (list(logger.handlers), logger.level) == before


def test_the_log_is_rotated(tmp_path):
    handler = SharedFileHandler(tmp_path / "x.log", max_bytes=1000, kept=2)
    handler.setFormatter(JsonFormatter())
    for number in range(100):
        handler.handle(logging.makeLogRecord({"msg": f"{number}" * 20, "levelname": "INFO"}))
    handler.close()
    names = sorted(path.name for path in tmp_path.glob("x.log*") if path.suffix != ".lock")
    assert names == ["x.log", "x.log.1", "x.log.2"]
    assert all((tmp_path / name).stat().st_size <= 1000 for name in names)
    assert read_lines(tmp_path / "x.log")[-1]["event"] == "99" * 20


def test_processes_share_the_file_and_lose_no_line(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "x.log")]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.DEVNULL) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    lines = [
        line
        for path in tmp_path.glob("x.log*")
        if path.suffix != ".lock"
        for line in read_lines(path)
    ]
    assert len(list(tmp_path.glob("x.log.*"))) > 3, "it was rotated meanwhile"
    written = {(line["writer"], line["number"]) for line in lines}
    assert written == {(name, number) for name in "ab" for number in range(150)}


def test_a_disk_that_refuses_stops_nobody(tmp_path):
    (tmp_path / "logs").write_text("in the way")
    handler = SharedFileHandler(tmp_path / "logs" / "x.log")
    handler.handle(logging.makeLogRecord({"msg": "lost", "levelname": "INFO"}))
    handler.close()


def test_time_is_utc():
    assert format_time(0.25) == "1970-01-01T00:00:00.250Z"


def test_a_program_without_logging_still_sees_warnings(tmp_path):
    """Ends of jobs are told by whoever waits for them; the rest goes where it went before."""
    code = f"""
import logging
from studio.config import load_config
from studio.observe.logs import open_log
close = open_log(load_config(environ={{}}, home={str(tmp_path)!r}))
logging.getLogger("studio.scheduler").error("the scheduler failed")
logging.getLogger("studio.scheduler").info("quiet")
logging.getLogger("studio.jobs").warning("job failed")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr == "the scheduler failed\n"
    assert len(read_lines(tmp_path / "logs" / "studio.log")) == 3
