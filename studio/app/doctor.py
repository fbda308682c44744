"""What `studio doctor` and the system page look at.

Nothing heavy is imported: versions come from metadata.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import apsw

from studio.config import Config
from studio.environments import list_environments
from studio.host_plugins import HostPlugins
from studio.plugins import PluginInfo
from studio.registry import Registry
from studio.scheduler.devices import find_devices, get_thread_count
from studio.strikes import Strikes

OK, MISSING, BROKEN = "ok", "missing", "broken"

PACKAGE = "generative-media-studio"
LOWEST_PYTHON = (3, 11)
LOW_DISK = 2 << 30

CORE = ("pydantic", "pluggy", "pillow", "apsw", "click", "rich", "platformdirs", "jsonschema")
OPTIONAL = {
    "hub": ("huggingface_hub",),
    "audio": ("numpy", "soundfile", "mutagen"),
    "score": ("mido",),
    "video": ("imageio", "imageio-ffmpeg"),
    "client": ("httpx",),
    "ui": ("gradio", "fastapi", "uvicorn", "argon2-cffi", "python-multipart"),
    "mcp": ("mcp",),
}
"""Extra -> its libraries."""
SEPARATE = {"torch": "pip install torch", "scikit-image": "pip install scikit-image"}
"""Libraries that some plugins or the demo use -> the command that installs them."""


@dataclass(frozen=True)
class Finding:
    """A line: what was looked at, "ok", "missing" (optional) or "broken", and how to mend it."""

    name: str
    state: str
    detail: str
    remedy: str = ""


class DoctorStudio(Protocol):
    """The part of `Studio` that is looked at."""

    config: Config
    registry: Registry
    strikes: Strikes
    plugins: HostPlugins


def check_python() -> Finding:
    """Look at the interpreter and the machine."""
    detail = f"{platform.python_version()} ({sys.executable}), {platform.platform(terse=True)}"
    fits = sys.version_info >= LOWEST_PYTHON
    return Finding("python", OK if fits else BROKEN, detail, "" if fits else "Python 3.11+")


def check_libraries() -> Iterator[Finding]:
    """Look for the libraries, needed and optional."""
    for name in CORE:
        found = find_version(name)
        remedy = "" if found else f"pip install {name}"
        yield Finding(name, OK if found else BROKEN, found, remedy)
    yield Finding("sqlite", OK, apsw.sqlite_lib_version())
    for extra, names in OPTIONAL.items():
        for name in names:
            found = find_version(name)
            remedy = "" if found else f"pip install '{PACKAGE}[{extra}]'"
            yield Finding(name, OK if found else MISSING, found, remedy)
    for name, command in SEPARATE.items():
        found = find_version(name)
        yield Finding(name, OK if found else MISSING, found, "" if found else command)


def check_home(config: Config) -> Iterator[Finding]:
    """Look at the folder, the disk and the devices."""
    yield Finding("home", OK, str(config.home))
    disk = shutil.disk_usage(config.home)
    is_low = disk.free < LOW_DISK
    yield Finding(
        "disk",
        MISSING if is_low else OK,
        f"{disk.free / 2**30:.1f} GiB of {disk.total / 2**30:.1f} GiB free",
        "--home, STUDIO_HOME" if is_low else "",
    )
    threads = get_thread_count(config)
    for device, workers in find_devices(config).items():
        detail = f"workers: {workers}"
        if device == "cpu":
            detail += f", threads: {threads}, cores: {os.cpu_count()}"
        yield Finding(device, OK, detail)
    for item in list_environments(config):
        remedy = f"studio plugin env {item.name}" if item.is_own else "config.toml"
        state = OK if item.is_complete else BROKEN
        detail = f"Python {item.version or '-'} ({item.python})"
        yield Finding(f"environment {item.name}", state, detail, "" if state == OK else remedy)


def check_plugins(plugins: Sequence[PluginInfo]) -> Iterator[Finding]:
    """Look at the plugins; one that fails breaks nothing else."""
    if not any(plugin.environment != "host" for plugin in plugins):
        yield Finding("plugins", MISSING, "", "pip install studio-textures")
    for plugin in plugins:
        name = f"plugin {plugin.name}"
        detail = f"{plugin.distribution} {plugin.version}, generators: {len(plugin.generators)}"
        if plugin.status == "ok":
            yield Finding(name, OK, detail)
        else:
            remedy = f"pip install --force-reinstall {plugin.distribution}"
            yield Finding(name, MISSING, plugin.cause, remedy)


def find_version(name: str) -> str:
    """Return the version of an installed distribution, "" if it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def collect_findings(studio: DoctorStudio) -> list[Finding]:
    """Look at everything, from inside a home that could be opened."""
    plugins = [*studio.strikes.mark(studio.registry.plugins), *studio.plugins.plugins]
    return [
        check_python(),
        *check_libraries(),
        *check_home(studio.config),
        *check_plugins(plugins),
    ]
