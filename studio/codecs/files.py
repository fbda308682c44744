"""Files that a codec is given: checked before use, taken over, replaced whole."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from studio.errors import InvalidInputError

SIDECAR = "recipe"
"""Name of the sidecar among an asset's files; it is not part of the payload."""


def check_file(path: Path) -> int:
    """Return the size, bytes, of a readable file that is not empty.

    Raises:
        InvalidInputError: missing, a folder, a device, not permitted, empty.
    """
    return peek(path, 0)[0]


def peek(path: Path, count: int) -> tuple[int, bytes]:
    """Return the size and the first bytes of a file, which is checked as by `check_file`."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise InvalidInputError("{path}: this is a folder; name a file in it", path=path)
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInputError("{path}: this is not an ordinary file", path=path)
        head = _read_start(path, count)
    except FileNotFoundError as fault:
        raise InvalidInputError(
            "{path}: there is no such file; check the name", path=path
        ) from fault
    except PermissionError as fault:
        raise InvalidInputError(
            "{path}: you may not read this file; change its permissions or copy it elsewhere",
            path=path,
        ) from fault
    except (OSError, ValueError) as fault:
        raise InvalidInputError(
            "{path}: the file cannot be read ({fault}); check the name and the disk",
            path=path,
            fault=fault,
        ) from fault
    if status.st_size == 0:
        raise InvalidInputError("{path}: the file is empty; copy or export it again", path=path)
    return status.st_size, head


def read_bytes(path: Path, limit: int) -> bytes:
    """Return a file's content, at most `limit` bytes of it being allowed."""
    size = check_file(path)
    if size > limit:
        raise InvalidInputError(
            "{path}: the file is too large ({size} MB; at most {limit} MB); split it",
            path=path,
            size=size >> 20,
            limit=limit >> 20,
        )
    with refuse_faults(path):
        return path.read_bytes()


@contextmanager
def refuse_faults(path: Path) -> Iterator[None]:
    """Turn whatever a decoder throws at bad content into an `InvalidInputError`."""
    try:
        yield
    except InvalidInputError:
        raise
    except MemoryError as fault:
        raise InvalidInputError(
            "{path}: decoding this file needs more memory than there is; make it smaller",
            path=path,
        ) from fault
    except Exception as fault:  # decoders of hostile bytes throw nearly anything
        raise InvalidInputError(
            "{path}: the file is damaged or cut short ({fault}); export or download it again",
            path=path,
            fault=str(fault) or type(fault).__name__,
        ) from fault


def payload_files(files: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files without the sidecar, in order.

    Raises:
        InvalidInputError: none is left.
    """
    kept = {name: path for name, path in files.items() if name != SIDECAR}
    if not kept:
        raise InvalidInputError("there is no file besides the recipe; name at least one")
    return kept


def take_over(payload: Path | Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Copy a payload of files into `folder` as `<name><suffix>`, unless they lie there.

    A generator may still need its file, and an asset's file is never ours: so copy, not move.

    Raises:
        InvalidInputError: a file is missing or unreadable, or a name is no identifier.
    """
    named = {"main": payload} if isinstance(payload, Path) else dict(payload)
    files = {}
    for name, source in named.items():
        if not name.replace("-", "_").isidentifier() or name == SIDECAR:
            raise InvalidInputError(
                "a file of a result cannot be called {name}; use letters, digits and _",
                name=repr(name),
            )
        check_file(Path(source))
        files[name] = copy_into(Path(source), folder / f"{name}{source.suffix.lower()}")
    return payload_files(files)


def copy_into(source: Path, target: Path) -> Path:
    """Copy `source` to `target` if it does not lie in its folder; return where it is now."""
    if source.parent.resolve() == target.parent.resolve():
        return source
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole: nobody ever sees half of it."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def read_head(path: Path, count: int = 16) -> bytes:
    """Return the first bytes of a file; b"" where there are none to be had."""
    try:
        return _read_start(path, count)
    except OSError:
        return b""


def _read_start(path: Path, count: int) -> bytes:
    """Read without a file object, which takes five calls of the system more."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_BINARY", 0))
    try:
        return os.read(fd, count) if count else b""
    finally:
        os.close(fd)
