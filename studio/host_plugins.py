"""Plugins that add to the faces: the entry-point group `studio.host`.

They run in the host, so each call is guarded: one that raises costs a line in the log and its
own contribution.
"""

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from studio.codecs import Codecs
from studio.errors import PluginLoadError
from studio.plugins import (
    HOST_GROUP,
    Plugin,
    PluginInfo,
    PluginSource,
    describe_exception,
    find_sources,
    load_source,
)

_log = logging.getLogger("studio.plugins")


class HostPlugins:
    """The host's plugins, imported when the first hook is called."""

    def __init__(self) -> None:
        self._failures: dict[PluginSource, str] = {}

    @property
    def plugins(self) -> list[PluginInfo]:
        """Every plugin of the group and how it fares."""
        self._loaded  # noqa: B018 - loading finds the failures
        return [
            PluginInfo(
                name=source.name,
                distribution=source.distribution,
                version=source.version,
                environment="host",
                status="failed" if source in self._failures else "ok",
                cause=self._failures.get(source, ""),
            )
            for source in self._sources
        ]

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call a hook of every plugin that has it; return what they gave, without None."""
        results: list[Any] = []
        for plugin in self._loaded:
            try:
                results += getattr(plugin.hooks, hook)(**arguments)
            except (KeyboardInterrupt, MemoryError):
                raise
            except BaseException as error:
                self._failures[plugin.source] = f"{hook}: {describe_exception(error)}"
                _log.exception("plugin '%s' failed in %s", plugin.source.name, hook)
        return results

    def find_preset_folders(self) -> list[Path]:
        """Collect the folders of preset files."""
        folders: list[Path] = []
        self.call("register_presets", register=lambda folder: folders.append(Path(folder)))
        return folders

    def find_pipeline_folders(self) -> list[Path]:
        """Collect the folders of pipeline recipes."""
        folders: list[Path] = []
        self.call("register_pipelines", register=lambda folder: folders.append(Path(folder)))
        return folders

    def find_tabs(self) -> list[tuple[str, Callable[..., Any]]]:
        """Collect the tabs of the web interface: name and the function that builds it."""
        tabs: list[tuple[str, Callable[..., Any]]] = []
        self.call("register_tabs", register=lambda name, build: tabs.append((str(name), build)))
        return tabs

    @cached_property
    def _sources(self) -> list[PluginSource]:
        return find_sources(HOST_GROUP)

    @cached_property
    def _loaded(self) -> list[Plugin]:
        loaded = []
        for source in self._sources:
            try:
                loaded.append(load_source(source, Codecs()))
            except PluginLoadError as error:
                self._failures[source] = str(error.values["cause"])
                _log.warning("%s", error)
        return loaded
