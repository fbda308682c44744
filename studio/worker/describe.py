"""Which generators there are: from the cache, or by asking each environment in a subprocess.

A plugin that ends, crashes or hangs its subprocess is named, and a fresh subprocess goes on
with the rest.
"""

import signal
import time
from dataclasses import dataclass, field
from subprocess import PIPE, Popen

from pydantic import ValidationError

from studio.config import Config
from studio.environments import find_environments
from studio.errors import ConfigError
from studio.plugins import PluginInfo
from studio.registry import Registry
from studio.spec import GeneratorSpec
from studio.worker.channel import Channel, LineTooLongError
from studio.worker.exits import describe_exit, read_last_line
from studio.worker.group import await_exit, end_group, has_exited
from studio.worker.introspect import LINES, Described, Listed, Started
from studio.worker.launch import (
    MAIN,
    build_command,
    build_environ,
    get_interpreter,
    get_search_path,
)
from studio.worker.spec_cache import EnvironmentRecord, SpecCache

RETRY_AFTER = 600.0
"""Seconds after which a plugin that took too long is given another chance."""

_TOO_SLOW = "took longer than"
_START_TIME = 30.0
"""Seconds that Python and Studio may take before the first plugin's turn."""


def load_registry(config: Config, *, refresh: bool = False) -> Registry:
    """Find out which generators there are.

    Inline workers run in this process, hence offer only what is in "main".

    Args:
        config: names the environments and the home, where the answer is cached.
        refresh: ask again even if nothing seems to have changed.
    """
    cache = SpecCache(config.home / "cache" / "specs.json")
    cached = {} if refresh else cache.load()
    names = [MAIN] if config.workers == "inline" else [MAIN, *sorted(find_environments(config))]
    records = {}
    for name in names:
        record = cached.get(name)
        path = get_search_path() if name == MAIN else None
        interpreter = get_interpreter(config, name)
        if record is None or not record.is_fresh(interpreter, config.plugin_timeout, path):
            record = describe_environment(config, name)
        records[name] = record
    if records != cached:
        cache.save({**cached, **records})
    return _build_registry(records)


def describe_environment(config: Config, environment: str) -> EnvironmentRecord:
    """Ask an environment's plugins what they offer, each within `config.plugin_timeout`."""
    talk = _Talk()
    names: list[str] = []  # of the first subprocess: all
    while True:
        known = len(talk.plugins)
        failure = _ask(config, environment, names, talk)
        if talk.current:
            talk.fail_current(failure)
        names = [plugin.name for plugin in talk.open_plugins]
        if talk.listed is None or (names and len(talk.plugins) == known):
            talk.fail_environment(environment, failure)
            break
        if not names:
            break
    listed = talk.listed
    was_slow = any(plugin.cause.startswith(_TOO_SLOW) for plugin in talk.plugins)
    return EnvironmentRecord(
        interpreter=get_interpreter(config, environment),
        timeout=config.plugin_timeout,
        folders=listed.folders if listed else [],
        code=listed.code if listed else [],
        # Without one they are asked again next time: a kill from outside says nothing of a plugin.
        fingerprint=listed.fingerprint if listed and not talk.was_killed else "",
        plugins=[p.model_copy(update={"environment": environment}) for p in talk.plugins],
        specs=[s.model_copy(update={"environment": environment}) for s in talk.specs],
        retry_at=time.time() + RETRY_AFTER if was_slow else 0.0,
    )


@dataclass
class _Talk:
    """What the subprocesses of one environment have said so far."""

    listed: Listed | None = None
    current: str = ""  # the plugin being imported
    was_killed: bool = False  # by somebody else
    plugins: list[PluginInfo] = field(default_factory=list)
    specs: list[GeneratorSpec] = field(default_factory=list)

    @property
    def open_plugins(self) -> list[PluginInfo]:
        """Those found and not yet described."""
        known = {(plugin.name, plugin.distribution) for plugin in self.plugins}
        listed = self.listed.plugins if self.listed else []
        return [plugin for plugin in listed if (plugin.name, plugin.distribution) not in known]

    def take(self, line: bytes) -> bool:
        """Take in a line; False if it is something that a library printed at start."""
        try:
            message = LINES.validate_json(line)
        except ValidationError:
            return False
        if isinstance(message, Started):
            self.current = message.plugin
        elif isinstance(message, Described):
            self.plugins.append(message.plugin)
            self.specs += message.specs
            self.current = ""
        elif self.listed is None:
            self.listed = message
            self.plugins += [plugin for plugin in message.plugins if plugin.status == "failed"]
        return True

    def fail_current(self, cause: str) -> None:
        """Record that the plugin being imported took its process down."""
        info = next(plugin for plugin in self.open_plugins if plugin.name == self.current)
        self.plugins.append(info.model_copy(update={"status": "failed", "cause": cause}))
        self.current = ""

    def fail_environment(self, environment: str, cause: str) -> None:
        """Record that the environment itself does not work."""
        self.plugins.append(PluginInfo(name=environment, status="failed", cause=cause))


def _ask(config: Config, environment: str, names: list[str], talk: _Talk) -> str:
    """Run one subprocess; return why it ended."""
    arguments = [part for name in names for part in ("--plugin", name)]
    path = config.home / "logs" / "workers" / f"describe-{environment}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as log:
            process = Popen(
                build_command(config, environment, "--describe", *arguments),
                env=build_environ(config, environment),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                bufsize=0,
                start_new_session=True,
            )
    except (OSError, ConfigError) as error:
        return f"its python could not be started: {error}"
    channel = Channel(process)
    failure = "the describing was interrupted"
    try:
        failure = _listen(process.pid, channel, talk, config.plugin_timeout)
        if not failure:
            await_exit(process.pid, 1)
    finally:
        end_group(process.pid)
        code = process.wait()
        channel.close()
    if failure:
        return failure
    talk.was_killed = talk.was_killed or code == -signal.SIGKILL
    last = read_last_line(path) if code > 0 else ""
    return f"{describe_exit(code)}: {last}" if last else describe_exit(code)


def _listen(pid: int, channel: Channel, talk: _Talk, timeout: float) -> str:
    """Hear a subprocess out; return why that was cut short, or ""."""
    deadline = time.monotonic() + timeout + _START_TIME
    while not channel.is_ended:
        is_over = has_exited(pid)
        try:
            lines = channel.poll(0 if is_over else 0.2)
        except LineTooLongError:
            return "described itself in more than one line may hold"
        if is_over and not lines:
            break  # a child it left behind may hold the pipe open for ever
        if sum(talk.take(line) for line in lines):
            deadline = time.monotonic() + timeout
        if time.monotonic() > deadline:
            return f"{_TOO_SLOW} {timeout:g} s to import (setting plugin_timeout)"
    return ""


def _build_registry(records: dict[str, EnvironmentRecord]) -> Registry:
    """Join the environments.

    Where several offer a plugin, the one that bears its name runs it, else the first.
    """
    specs: dict[str, GeneratorSpec] = {}
    plugins: list[PluginInfo] = []
    namesakes = {
        id: name
        for name, record in records.items()
        for plugin in record.plugins
        if plugin.name == name
        for id in plugin.generators
    }
    for name, record in records.items():
        taken = set(specs) | {id for id, owner in namesakes.items() if owner != name}
        owners = {**namesakes, **{id: spec.environment for id, spec in specs.items()}}
        for plugin in record.plugins:
            double = next((id for id in plugin.generators if id in taken), None)
            if double is None:
                plugins.append(plugin)
                continue
            cause = f"'{double}' is offered by environment '{owners[double]}' already"
            failed = {"status": "failed", "cause": cause, "generators": ()}
            plugins.append(plugin.model_copy(update=failed))
            taken |= set(plugin.generators)
        specs.update({spec.id: spec for spec in record.specs if spec.id not in taken})
    return Registry(specs.values(), plugins)
