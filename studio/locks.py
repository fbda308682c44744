"""Hash-locked requirements files: every package with its version and the hashes of its files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from studio.errors import ConfigError

LOWEST_PYDANTIC = (2, 10)

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*"
    r"(==\s*(?P<version>[^\s;]+)|@\s*\S+)\s*(;.*?)?(?P<hashes>(\s+--hash=\w+:[0-9a-fA-F]+)*)"
)
_OPTIONS = (
    "--index-url", "-i", "--extra-index-url", "--no-index", "--find-links", "-f",
    "--only-binary", "--no-binary", "--prefer-binary", "--pre", "--trusted-host",
    "--require-hashes",
)  # fmt: skip


@dataclass(frozen=True)
class Pin:
    """One package of a lock.

    Attributes:
        name: lower case, with "-" for "_" and ".".
        version: "" where a file is named instead.
        text: the requirement with its hashes, on one line.
    """

    name: str
    version: str
    text: str


def load_lock(path: Path) -> list[Pin]:
    """Read a requirements file, and refuse whatever is not locked by hashes.

    Raises:
        ConfigError: names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "{path}: {fault}; give a requirements file", path=path, fault=error
        ) from error
    return [_parse_pin(path, number, line) for number, line in _iterate_lines(text)]


def find_core_pins(lock: list[Pin]) -> list[Pin]:
    """Find what a worker needs and `lock` does not pin itself.

    Raises:
        ConfigError: `lock` pins a version that a worker does not run with.
    """
    pinned = {pin.name: pin for pin in lock}
    pydantic = pinned.get("pydantic")
    if pydantic is not None and pydantic.version:
        numbers = tuple(int(part) for part in re.findall(r"\d+", pydantic.version)[:2])
        if numbers < LOWEST_PYDANTIC:
            raise ConfigError(
                "the requirements pin pydantic {version}; a worker needs 2.10 or newer",
                version=pydantic.version,
            )
    path = Path(str(files("studio") / "core-requirements.txt"))
    return [pin for pin in load_lock(path) if pin.name not in pinned]


def _iterate_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield requirements with the number of their first line; continued lines are joined."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if parts else number
        body = re.sub(r"(^|\s)#.*$", "", line).strip()
        parts.append(body.removesuffix("\\").strip())
        if body.endswith("\\"):
            continue
        joined = " ".join(filter(None, parts))
        parts = []
        if joined and not joined.startswith(_OPTIONS):
            yield first, joined


def _parse_pin(path: Path, number: int, line: str) -> Pin:
    match = _PIN.fullmatch(line)
    if match is None:
        raise ConfigError(
            "{path}, line {number}: '{text}' is no 'name==version'; make a lock, e.g. with "
            "`uv pip compile --generate-hashes`",
            path=path,
            number=number,
            text=line[:80],
        )
    if not match["hashes"]:
        raise ConfigError(
            "{path}, line {number}: {name} has no --hash; make a lock, e.g. with "
            "`uv pip compile --generate-hashes`",
            path=path,
            number=number,
            name=match["name"],
        )
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    return Pin(name, match["version"] or "", line)
