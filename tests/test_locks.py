"""Requirements files with hashes."""

import pytest

from studio.errors import ConfigError
from studio.locks import find_core_pins, load_lock

HASH = "--hash=sha256:" + "0" * 64
CORE = {
    "annotated-types", "pillow", "pluggy", "pydantic", "pydantic-core", "typing-extensions",
    "typing-inspection",
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "lock.txt"
        path.write_text(text)
        return path

    return write


def test_a_lock_as_tools_write_it(write):
    path = write(
        "# made by a tool\n--index-url https://example.org\n"
        f"Numpy_X[extra]==1.26.4 ; python_version > '3' \\\n    {HASH} \\\n    {HASH}\n"
        f"    # via nobody\nlocal @ file:///x/local-1.whl {HASH}\n"
    )
    assert [(pin.name, pin.version) for pin in load_lock(path)] == [
        ("numpy-x", "1.26.4"),
        ("local", ""),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("numpy==1.26.4", "line 2: numpy has no --hash"),
        (f"numpy>=1 {HASH}", "line 2: 'numpy>=1"),
        ("-r other.txt", "line 2: '-r other.txt'"),
        ("-e .", "line 2"),
        ("./folder", "line 2"),
        (f"numpy==1 {HASH} \\\nscipy==1", "line 2"),
    ],
)
def test_what_is_not_locked_is_refused(write, line, words):
    with pytest.raises(ConfigError, match="make a lock") as raised:
        load_lock(write(f"# a comment\n{line}\n"))
    assert words in str(raised.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="give a requirements file"):
        load_lock(tmp_path / "none.txt")


def test_what_a_worker_needs_beside_the_pins(write):
    assert {pin.name for pin in find_core_pins([])} == CORE
    assert all("--hash=sha256:" in pin.text for pin in find_core_pins([]))
    lock = load_lock(write(f"pydantic==2.11 {HASH}\nPillow==10.4 {HASH}\n"))
    assert {pin.name for pin in find_core_pins(lock)} == CORE - {"pydantic", "pillow"}
    with pytest.raises(ConfigError, match=r"pin pydantic 1.10.2; a worker needs 2.10"):
        find_core_pins(load_lock(write(f"pydantic==1.10.2 {HASH}\n")))
