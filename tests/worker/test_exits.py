"""Exit statuses in words."""

import pytest

from studio.worker.exits import DEVICE_LOST, describe_exit, read_last_line


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended by itself with exit status 0"),
        (3, "ended by itself with exit status 3"),
        (-9, "was ended from outside by signal 9 (SIGKILL)"),
        (-11, "crashed with signal 11 (SIGSEGV)"),
        (-200, "crashed with signal 200"),
        (DEVICE_LOST, "lost its device to an error that only a new process mends"),
    ],
)
def test_describe_exit(code, words):
    assert describe_exit(code) == words


def test_last_line(tmp_path):
    path = tmp_path / "log"
    assert read_last_line(path) == ""
    path.write_text("old\n" + "x" * 9000 + "\nnew words\n\n")
    assert read_last_line(path) == "new words"
    assert read_last_line(path, path.stat().st_size) == ""
