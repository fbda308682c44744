"""Application settings: read once, frozen, passed by hand.

Later wins: built-in defaults, `config.toml` in the home, `STUDIO_*` variables, flags.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.errors import ConfigError


class Config(BaseModel):
    """All settings. Each field is a key of `config.toml` and a variable `STUDIO_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(description="folder of the library, the queue, caches and logs")
    language: Literal["en", "es"] = Field("en", description="language of messages")
    user: str = Field("local", description="whose jobs and assets these are")
    workers: Literal["process", "inline"] = Field(
        "process", description="run generators in worker processes, or in this one"
    )
    cpu_workers: int = Field(1, ge=1, le=64, description="worker processes on the CPU")
    devices: tuple[str, ...] = Field(
        ("auto",), description='devices to use: "cpu", "cuda:0", ...; "auto" looks'
    )
    worker_threads: int = Field(0, ge=0, description="threads per worker; 0 = cores / workers")
    worker_memory_mb: int = Field(
        0, ge=0, description="memory a worker may take, MiB; 0 = 80 % of the machine's"
    )
    device_memory_mb: int = Field(
        0, ge=0, description="memory to use of each GPU, MiB; 0 = 92 % of what it has"
    )
    host_cache_mb: int = Field(
        0, ge=0, description="host memory for checkpoints pushed off a GPU, MiB; 0 = none"
    )
    plugin_timeout: float = Field(30.0, gt=0, description="seconds a plugin may take to import")
    heartbeat_timeout: float = Field(
        120.0, gt=0, description="seconds of silence after which a worker is replaced"
    )
    cancel_grace: float = Field(4.0, ge=0, description="seconds from cancel to kill")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="from which level on messages go to logs/studio.log"
    )
    trace_jobs: int = Field(
        1000, ge=0, description="jobs whose trace files are kept, the newest; 0 = write none"
    )
    schedules: bool = Field(
        True, description="run the scheduler in this process if no other does; else only enqueue"
    )
    batch_chunk: int = Field(8, ge=1, description="seeds per job of a batch")
    max_attempts: int = Field(2, ge=1, description="worker deaths after which a job is dead")
    offline: bool = Field(False, description="never ask a hub")
    checkpoint_folders: tuple[Path, ...] = Field(
        (), description="folders of other tools to look for checkpoints in, read-only"
    )
    writable_folders: tuple[Path, ...] = Field(
        (), description="folders, besides scratch and caches, in which plugins may write"
    )
    environments: dict[str, str] = Field(
        default_factory=dict, description="name -> python of another environment with plugins"
    )

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.home / "studio.db"


def load_config(*, environ: Mapping[str, str] | None = None, **flags: Any) -> Config:
    """Read the settings and make the home folder.

    Args:
        environ: environment variables; `os.environ` when None.
        **flags: fields given on the command line or in code; None means "not given".

    Raises:
        ConfigError: a key is unknown, a value is wrong, or the home cannot be made.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in flags.items() if value is not None}
    home = Path(given.get("home") or environ.get("STUDIO_HOME") or user_data_path("studio"))
    home = home.expanduser().absolute()
    file = home / "config.toml"
    values = {**_read_file(file), **_read_environ(environ), **given, "home": home}
    try:
        config = Config(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            "setting '{field}': {fault}; mend {file}, STUDIO_{variable} or the flag",
            field=".".join(map(str, first["loc"])),
            fault=first["msg"],
            file=file,
            variable=str(first["loc"][0]).upper(),
        ) from error
    _make_home(config.home)
    return config


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("{path}: {fault}; mend or remove it", path=path, fault=error) from error


def _read_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    """Collect `STUDIO_<FIELD>`; lists are separated by the path separator or commas."""
    values: dict[str, Any] = {}
    for name in Config.model_fields:
        text = environ.get(f"STUDIO_{name.upper()}")
        if not text:
            continue
        if name in ("checkpoint_folders", "writable_folders"):
            values[name] = tuple(text.split(os.pathsep))
        elif name == "devices":
            values[name] = tuple(part.strip() for part in text.split(","))
        elif name == "environments":
            values[name] = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        else:
            values[name] = text
    return values


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".write-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            "home {path}: {fault}; choose another folder with --home or STUDIO_HOME",
            path=home,
            fault=error.strerror or error,
        ) from error
