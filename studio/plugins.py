"""Plugins: found by entry point, loaded one by one, so that one that breaks costs only itself.

pluggy's own loader lets the first broken entry point take down the host, so the loop is ours.
"""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

import pluggy
from pydantic import BaseModel, ConfigDict

from studio import hookspecs
from studio.codecs import Codec, Codecs
from studio.contract import check_generator_class
from studio.errors import PluginLoadError
from studio.generator import Generator

WORKER_GROUP = "studio"
HOST_GROUP = "studio.host"

_CAUSE_LENGTH = 600


class PluginInfo(BaseModel):
    """A line of `studio plugins`.

    Attributes:
        name: of its entry point; what the ids of its generators begin with.
        environment: where its code runs: "main", the name of another one, or "host".
        cause: why it failed or is suspended, in words.
        generators: ids.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    distribution: str = ""
    version: str = ""
    environment: str = "main"
    status: Literal["ok", "failed", "suspended"] = "ok"
    cause: str = ""
    generators: tuple[str, ...] = ()


@dataclass(frozen=True)
class PluginSource:
    """Where a plugin is; nothing of it has been imported.

    Attributes:
        target: what its entry point names, "package" or "package.module:object".
        fault: why it cannot even be tried; "" if it can.
    """

    name: str
    distribution: str
    version: str
    group: str
    target: str
    fault: str = ""

    def find_folders(self) -> list[Path]:
        """Find its code without running it: a folder, several, a single file, or nothing."""
        try:
            spec = find_spec(self.target.partition(":")[0].partition(".")[0])
        except (ImportError, ValueError):
            return []
        if spec is None:
            return []
        if spec.submodule_search_locations is not None:
            return [Path(folder) for folder in spec.submodule_search_locations]
        return [Path(spec.origin)] if spec.origin else []


@dataclass(frozen=True)
class Plugin:
    """A plugin in memory.

    Attributes:
        folder: of its package.
        generators: id -> class.
        codecs: the built-in ones and its own.
        hooks: its hook implementations, and no other plugin's.
    """

    source: PluginSource
    folder: Path
    generators: dict[str, type[Generator]]
    codecs: Codecs
    hooks: pluggy.HookRelay


def find_sources(group: str) -> list[PluginSource]:
    """Find the plugins of a group, sorted by name; of equal names the second has a fault."""
    sources: dict[str, PluginSource] = {}
    doubles: list[PluginSource] = []
    seen: set[str] = set()
    for distribution in distributions():
        found = list(_iterate_sources(distribution, group))
        keys = {re.sub(r"[-_.]+", "-", source.distribution).lower() for source in found}
        if keys & seen:  # the same distribution again, later on the path: shadowed
            continue
        seen |= keys
        for source in found:
            first = sources.setdefault(source.name, source)
            if first is not source:
                fault = f"{first.distribution} has a plugin of that name already"
                doubles.append(replace(source, fault=fault))
    return sorted([*sources.values(), *doubles], key=lambda source: source.name)


def load_source(source: PluginSource, codecs: Codecs) -> Plugin:
    """Import a plugin and let it register; its codecs are added to `codecs`.

    Raises:
        PluginLoadError: it raised or called `sys.exit()`, or registered something wrong.
    """
    if source.fault:
        raise _build_error(source, source.fault)
    generators: dict[str, type[Generator]] = {}

    def register(generator: type[Generator]) -> None:
        check_generator_class(generator, source.name)
        if generator.id in generators:
            raise PluginLoadError("{id} is registered twice", id=generator.id)
        generators[generator.id] = generator

    try:
        plugin = EntryPoint(source.name, source.target, source.group).load()
        hooks = _build_hooks(plugin)
        if source.group == WORKER_GROUP:
            hooks.register_generators(register=register)
            hooks.register_codecs(register=lambda codec: _register_codec(codecs, codec))
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:
        raise _build_error(source, describe_exception(error)) from error
    file = getattr(plugin, "__file__", None) if isinstance(plugin, ModuleType) else None
    folders = source.find_folders()
    folder = Path(file).parent if file else (folders[0] if folders else Path())
    return Plugin(source, folder, generators, codecs, hooks)


def load_plugin(name: str, codecs: Codecs) -> Plugin:
    """Find and load the plugin that offers generators under this name.

    Raises:
        PluginLoadError: there is none, or it cannot be loaded.
    """
    for source in find_sources(WORKER_GROUP):
        if source.name == name and not source.fault:
            return load_source(source, codecs)
    raise PluginLoadError("no plugin '{plugin}' is installed here", plugin=name)


def describe_exception(error: BaseException) -> str:
    """Say in one line what a plugin did wrong, and where."""
    if isinstance(error, PluginLoadError):
        return str(error)
    if isinstance(error, SystemExit):
        text = f"called sys.exit({'' if error.code is None else repr(error.code)})"
    else:
        message = " ".join(str(error).split())
        text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    is_located = isinstance(error, SyntaxError | pluggy.PluginValidationError)
    if frames and not is_located and not frames[-1].filename.startswith("<"):
        text = f"{text[:_CAUSE_LENGTH]} ({frames[-1].filename}, line {frames[-1].lineno})"
    return text[: 2 * _CAUSE_LENGTH]


def _iterate_sources(distribution: Distribution, group: str) -> Iterator[PluginSource]:
    """Read one distribution; a broken one yields what can be said of it."""
    try:
        text = distribution.read_text("entry_points.txt") or ""
        # Most distributions are not ours: reading their metadata would cost a start its time.
        if f"[{group}]" not in text.replace(" ", ""):
            return
        name, version = distribution.metadata["Name"] or "?", distribution.version or "?"
        for point in distribution.entry_points:
            if point.group == group:
                yield PluginSource(point.name, name, version, group, point.value)
    except Exception as error:  # perhaps not ours, but nobody else would name it
        path = Path(str(getattr(distribution, "_path", "?")))
        fault = f"its metadata cannot be read: {describe_exception(error)}"
        yield PluginSource(path.stem, path.name, "?", group, "", fault)


def _build_hooks(plugin: object) -> pluggy.HookRelay:
    """Read the hook implementations of one plugin."""
    manager = pluggy.PluginManager("studio")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    if not manager.get_hookcallers(plugin):
        raise PluginLoadError("it has no @hookimpl; import `hookimpl` from studio.hookspecs")
    return manager.hook


def _register_codec(codecs: Codecs, codec: Codec) -> None:
    for method in ("encode", "probe", "hash_payload", "make_thumbnail", "embed_recipe"):
        if not callable(getattr(codec, method, None)):
            raise PluginLoadError(
                "codec {codec} has no method `{method}`", codec=repr(codec), method=method
            )
    codecs.register(codec)


def _build_error(source: PluginSource, cause: str) -> PluginLoadError:
    return PluginLoadError(
        "plugin '{plugin}' ({distribution} {version}): {cause}",
        plugin=source.name,
        distribution=source.distribution,
        version=source.version,
        cause=cause,
    )
