"""The spec cache: what each environment offered when it was last asked, in one file."""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from studio.plugins import PluginInfo
from studio.spec import GeneratorSpec
from studio.worker.fingerprint import build_fingerprint, find_metadata_folders


class EnvironmentRecord(BaseModel):
    """What one environment offers, and what that was read from.

    Attributes:
        interpreter: path of its python.
        timeout: seconds a plugin was given.
        folders, code, fingerprint: see `studio.worker.introspect.Listed`.
        retry_at: unix seconds at which to ask again although nothing changed, 0.0 for never: a
            plugin took too long, which may have been the machine's fault.
    """

    interpreter: str
    timeout: float
    folders: list[str]
    code: list[str]
    fingerprint: str
    plugins: list[PluginInfo]
    specs: list[GeneratorSpec]
    retry_at: float = 0.0

    def is_fresh(self, interpreter: str, timeout: float, path: list[str] | None) -> bool:
        """Tell whether asking again would give the same.

        Args:
            interpreter: the python to ask.
            timeout: seconds a plugin would be given.
            path: `sys.path` as it would be; None: as it was.
        """
        return (
            (interpreter, timeout) == (self.interpreter, self.timeout)
            and not 0 < self.retry_at < time.time()
            and (path is None or find_metadata_folders(path) == self.folders)
            and build_fingerprint(interpreter, self.folders, self.code) == self.fingerprint
        )


class SpecCache:
    """A JSON file: environment name -> record. It may be removed at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, EnvironmentRecord]:
        """Read the file; one that is missing or damaged is as good as empty."""
        try:
            return _CacheFile.model_validate_json(self._path.read_bytes()).environments
        except (OSError, ValidationError):
            return {}

    def save(self, records: dict[str, EnvironmentRecord]) -> None:
        """Write the file whole or not at all; without it the next start is slower, no more."""
        fresh = self._path.with_name(f".{self._path.name}-{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(_CacheFile(environments=records).model_dump_json())
            fresh.replace(self._path)
        except OSError as error:
            logging.getLogger("studio.worker").warning("spec cache not written: %s", error)
            with suppress(OSError):
                fresh.unlink()


class _CacheFile(BaseModel):
    environments: dict[str, EnvironmentRecord]
