"""Environments: Pythons of their own for plugins whose pins contradict those of others.

One made here lives in `environments/<name>` of the home, a venv with exactly what a hash-locked
requirements file names, plus the few packages a worker needs; `environments/<name>.json` says how
it was asked for and whether it is complete. `studio` itself is not installed there: workers are
shown the host's own (`studio.worker.launch`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from studio.config import Config
from studio.errors import ConfigError
from studio.locks import Pin, find_core_pins, load_lock

LOWEST_PYTHON = (3, 11)
RESERVED = ("main", "host")

_ANNOUNCED = re.compile(r"(?:Collecting|Requirement already satisfied:|Processing)\s+(\S+)")
_FAULTS = {
    "DO NOT MATCH THE HASHES": "a file does not have the hash that the requirements name",
    "No space left": "the disk is full",
    "Temporary failure in name resolution": "the package index cannot be reached",
    "NewConnectionError": "the package index cannot be reached",
    "No matching distribution": "a package is not to be had for this Python or machine",
}

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, packages seen, and packages in all."""


@dataclass(frozen=True)
class EnvironmentOrder:
    """What an environment is made from.

    Attributes:
        requirements: path of the lock; "" for none.
        python: the interpreter it is based on.
        plugins: folders or wheels installed on top, without their dependencies.
    """

    name: str
    requirements: str = ""
    python: str = sys.executable
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """An environment as it is.

    Attributes:
        version: of its Python; "" if that is not there.
        is_own: made here; the others are named in the settings.
        is_complete: False after an interrupted or failed making.
    """

    name: str
    python: Path
    version: str
    is_own: bool
    is_complete: bool


def find_environments(config: Config) -> dict[str, str]:
    """Return name -> python of every environment that can be used; those of the settings win."""
    own = {item.name: str(item.python) for item in list_own(config) if item.is_complete}
    return {**own, **config.environments}


def list_environments(config: Config) -> list[Environment]:
    """List the environments, complete or not."""
    named = [
        Environment(name, path, _read_version(path), False, shutil.which(path) is not None)
        for name, path in ((n, Path(p).expanduser()) for n, p in config.environments.items())
    ]
    return [*named, *(item for item in list_own(config) if item.name not in config.environments)]


def list_own(config: Config) -> list[Environment]:
    """List those in the home, by name."""
    folder = config.home / "environments"
    names = {path.parents[1].name for path in folder.glob("*/bin/python")}
    names |= {path.stem for path in folder.glob("*.json")}
    found = []
    for name in sorted(names):
        python = folder / name / "bin" / "python"
        state = _load_state(folder / f"{name}.json")
        is_complete = python.exists() and state.get("is_complete", True) is True
        found.append(Environment(name, python, _read_version(python), True, is_complete))
    return found


def find_order(config: Config, name: str) -> EnvironmentOrder | None:
    """Find what an environment of the home was made from, to go on or make it again."""
    order = _load_state(config.home / "environments" / f"{name}.json").get("order")
    try:
        return EnvironmentOrder(**{**order, "plugins": tuple(order["plugins"])}) if order else None
    except (KeyError, TypeError):
        return None


def make_environment(
    config: Config, order: EnvironmentOrder, on_progress: OnProgress = lambda *_: None
) -> list[str]:
    """Make an environment, or bring it up to date; one that was interrupted goes on.

    Returns:
        what pip finds inconsistent, a sentence each: a lock may well know better.

    Raises:
        ConfigError: the name, the Python or the lock will not do, or pip failed; it says why.
    """
    _check_name(config, order.name)
    lock = load_lock(Path(order.requirements)) if order.requirements else []
    core = find_core_pins(lock)
    _check_python(order.python)
    for plugin in order.plugins:
        if not Path(plugin).exists():
            raise ConfigError("{path} is not there; name a plugin's folder or wheel", path=plugin)
    with _locked(config, order.name) as folder:
        state = folder.with_suffix(".json")
        _save_state(state, order, is_complete=False)
        pip = _Pip(config, folder, len(lock) + len(core) + len(order.plugins), on_progress)
        if not _is_based_on(folder, order.python):
            on_progress(order.python, 0, pip.total)
            pip.run([order.python, "-m", "venv", "--without-pip", "--clear", str(folder)])
        pip.install(order, core)
        remarks = pip.check()
        _save_state(state, order, is_complete=True)
    return remarks


def remove_environment(config: Config, name: str) -> None:
    """Delete an environment of the home.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in {item.name for item in list_own(config)}:
        raise ConfigError(
            "no environment '{name}' in {folder}",
            name=name,
            folder=config.home / "environments",
        )
    with _locked(config, name) as folder:
        folder.with_suffix(".json").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


class _Pip:
    """Runs commands, with what they say in a log and progress read from it."""

    def __init__(self, config: Config, folder: Path, total: int, on_progress: OnProgress) -> None:
        self.total = total
        self._folder = folder
        self._on_progress = on_progress
        self._seen = 0
        self._log = config.home / "logs" / "environments" / f"{folder.name}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_USER", "PIP_PREFIX")
        self._environ = {k: v for k, v in os.environ.items() if k not in hidden}
        self._environ["PYTHONNOUSERSITE"] = "1"

    def install(self, order: EnvironmentOrder, core: list[Pin]) -> None:
        """Install the lock, what a worker needs, and the plugins."""
        # A lock is the whole truth: with --no-deps no resolver can add to it or object to it.
        words = [*self._get_pip(), "install", "--no-deps", "--no-input", "--progress-bar", "off"]
        core_file = self._folder / "core-requirements.txt"
        core_file.write_text("".join(f"{pin.text}\n" for pin in core))
        chosen = ["-r", order.requirements] if order.requirements else []
        self.run([*words, "--require-hashes", *chosen, "-r", str(core_file)])
        if order.plugins:
            self.run([*words, *(os.path.abspath(path) for path in order.plugins)])

    def check(self) -> list[str]:
        """Ask pip what does not fit together."""
        words = [*self._get_pip(), "check"]
        done = subprocess.run(words, env=self._environ, capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else done.stdout.strip().splitlines()

    def run(self, words: list[str]) -> None:
        """Run a command to its end.

        Raises:
            ConfigError: it failed.
        """
        with self._log.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"$ {' '.join(words)}\n")
            log.flush()
            with subprocess.Popen(
                words,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process:
                try:
                    self._follow(process, log.write)
                except BaseException:
                    process.kill()  # what is installed stays: the next try goes on from there
                    raise
        if process.returncode:
            text = self._log.read_text(encoding="utf-8", errors="replace").rpartition("\n$ ")[2]
            raise ConfigError(
                "environment '{name}': {fault}; {log} has all of it; the same command goes on",
                name=self._folder.name,
                fault=_find_fault(text),
                log=self._log,
            )

    def _follow(self, process: subprocess.Popen[str], write: Callable[[str], object]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            write(line)
            found = _ANNOUNCED.match(line.strip())
            if found:
                self._seen = min(self._seen + 1, self.total)
                name = re.split(r"==|-\d", Path(found[1]).name)[0]
                self._on_progress(name, self._seen, self.total)
            elif line.startswith("Installing collected"):
                self._on_progress("pip install", self._seen, self.total)

    def _get_pip(self) -> list[str]:
        """Return the command that runs a pip for the environment: ours, if there is one."""
        python = str(self._folder / "bin" / "python")
        if find_spec("pip") is not None:
            return [sys.executable, "-m", "pip", "--python", python]
        self.run([python, "-m", "ensurepip", "--default-pip"])
        return [python, "-m", "pip"]


def _find_fault(text: str) -> str:
    """Say in a few words why pip failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.lower().startswith("error")]
    for sign, fault in _FAULTS.items():
        if sign in text:
            detail = next((line for line in told if sign in line), "")
            return f"{fault} ({detail[:200]})" if detail else fault
    return (told or lines or ["it said nothing"])[-1 if not told else 0][:300]


def _check_name(config: Config, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", name) or name in RESERVED:
        raise ConfigError(
            "'{name}' is no name for an environment; take lower-case letters, digits, - and _",
            name=name,
        )
    if name in config.environments:
        raise ConfigError(
            "environment '{name}' is named in {file} as {python}; take that out first",
            name=name,
            file=config.home / "config.toml",
            python=config.environments[name],
        )


def _check_python(python: str) -> None:
    ask = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        done = subprocess.run(
            [python, "-I", "-c", ask], capture_output=True, text=True, check=True, timeout=60
        )
        version = tuple(int(part) for part in done.stdout.split())
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError(
            "{python}: {fault}; name a Python with --python", python=python, fault=error
        ) from error
    if version < LOWEST_PYTHON:
        raise ConfigError(
            "{python} is Python {version}; a worker needs 3.11 or newer",
            python=python,
            version=".".join(map(str, version)),
        )


@contextmanager
def _locked(config: Config, name: str) -> Iterator[Path]:
    """Keep other processes from making or removing the same environment."""
    folder = config.home / "environments" / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{name}.lock", timeout=0):
            yield folder
    except Timeout as error:
        raise ConfigError(
            "environment '{name}' is being made by another process; wait for it", name=name
        ) from error
    except OSError as error:
        raise ConfigError(
            "{path}: {fault}; the home must be writable", path=folder, fault=error
        ) from error


def _is_based_on(folder: Path, python: str) -> bool:
    """Tell whether a venv is there, works, and was made from this Python."""
    own = folder / "bin" / "python"
    ask = [str(own), "-I", "-c", "import sys; print(sys.base_prefix, sys.version)"]
    base = [python, *ask[1:]]
    try:
        found = [
            subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
            for words in (ask, base)
        ]
    except (OSError, subprocess.SubprocessError):
        return False
    return found[0] == found[1]


def _load_state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _save_state(path: Path, order: EnvironmentOrder, *, is_complete: bool) -> None:
    text = json.dumps({"is_complete": is_complete, "order": asdict(order)}, indent=1)
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _read_version(python: Path) -> str:
    """Read the version of a venv's Python without starting it; "?" where only it knows."""
    if shutil.which(python) is None:
        return ""
    try:
        text = (python.parents[1] / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return "?"
    found = re.search(r"^version(?:_info)?\s*=\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else "?"
