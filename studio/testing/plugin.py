"""Checks an installed plugin from outside: a crash or a hang is told, not suffered."""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from studio.config import Config, load_config
from studio.errors import PluginLoadError
from studio.plugins import PluginInfo
from studio.registry import Registry
from studio.testing.outside import (
    ELSEWHERE,
    FOLDERS,
    LINES,
    LOG,
    ROWS,
    TEMPORARY,
)
from studio.testing.report import CheckRow, Place
from studio.worker.describe import load_registry
from studio.worker.exits import describe_exit, read_last_line
from studio.worker.group import has_exited, kill_group
from studio.worker.launch import build_environ, get_interpreter


def check_plugin(
    name: str, *, config: Config | None = None, timeout: float = 300.0
) -> list[CheckRow]:
    """Check every generator of a plugin, in processes of the plugin's environment.

    Args:
        name: of the plugin ("textures") or its distribution ("studio-textures").
        config: whose environments and caches; None uses a home of its own for the while.
        timeout: seconds that one check may take.

    Raises:
        PluginLoadError: no plugin of that name is installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        if config is None:
            config = load_config(environ={}, home=work / "home")
        registry = load_registry(config, refresh=True)
        rows = []
        for info in _find_plugins(registry, name):
            rows.append(
                CheckRow(info.name, "imports", info.status == "ok", info.cause or info.distribution)
            )
            if info.generators:
                rows += _check_outside(config, info, work, timeout)
    return rows


def _find_plugins(registry: Registry, name: str) -> list[PluginInfo]:
    found = [plugin for plugin in registry.plugins if name in (plugin.name, plugin.distribution)]
    if not found:
        known = ", ".join(sorted({plugin.name for plugin in registry.plugins}))
        raise PluginLoadError(
            "no plugin '{plugin}' is installed here; there are {known}",
            plugin=name,
            known=known or "none",
        )
    return found


def _check_outside(config: Config, info: PluginInfo, work: Path, timeout: float) -> list[CheckRow]:
    """Check generators in a subprocess; where one takes it down, a fresh one goes on."""
    rows: list[CheckRow] = []
    waiting = list(info.generators)
    while waiting:
        folder = Path(tempfile.mkdtemp(dir=work))
        process = _start(config, info, waiting, folder)
        fault = _await(process, folder / ROWS, timeout)
        found, place = _read_rows(folder / ROWS)
        rows += found
        if place is None and not fault and process.returncode == 0:
            break
        place = place or Place(waiting[0], "starts")
        last = read_last_line(folder / LOG)
        cause = fault or describe_exit(process.returncode)
        detail = f"{cause}: {last}" if last and not fault else cause
        rows.append(CheckRow(place.generator, place.check, False, detail))
        waiting = waiting[waiting.index(place.generator) + 1 :]
    return rows


def _start(
    config: Config, info: PluginInfo, generators: Sequence[str], folder: Path
) -> "subprocess.Popen[bytes]":
    """Start a process of the plugin's environment that writes down its rows as it goes."""
    for name in FOLDERS:
        (folder / name).mkdir()
    (folder / ROWS).touch()
    environ = {**build_environ(config, info.environment), "TMPDIR": str(folder / TEMPORARY)}
    interpreter = get_interpreter(config, info.environment)
    with (folder / LOG).open("wb") as log:
        return subprocess.Popen(
            [interpreter, "-P", "-m", "studio.testing", info.name, str(folder), *generators],
            env=environ,
            cwd=folder / ELSEWHERE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(process: "subprocess.Popen[bytes]", rows: Path, timeout: float) -> str:
    """Wait for the end as long as rows keep coming; return why that was given up, or ""."""
    size, deadline, fault = -1, 0.0, ""
    try:
        while not has_exited(process.pid) and not fault:
            now = rows.stat().st_size
            if now != size:
                size, deadline = now, time.monotonic() + timeout
            if time.monotonic() > deadline:
                fault = f"took longer than {timeout:g} s"
            time.sleep(0.02)
    finally:
        kill_group(process.pid)  # it, or children it left behind
        process.wait()
    return fault


def _read_rows(path: Path) -> tuple[list[CheckRow], Place | None]:
    """Return the rows, and the check that was begun and not ended."""
    rows: list[CheckRow] = []
    place = None
    for line in path.read_text(encoding="utf-8").splitlines():
        message = LINES.validate_json(line)
        if isinstance(message, CheckRow):
            rows.append(message)
            place = None
        else:
            place = message
    return rows, place
