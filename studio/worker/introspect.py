"""What plugins an environment has: the worker's side of describing, one JSON line at a time.

Each plugin is announced before it is touched, so that the host knows which one a crash or a
hang belongs to.
"""

import os
import sys
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from studio.codecs import Codecs
from studio.errors import PluginLoadError
from studio.plugins import WORKER_GROUP, PluginInfo, PluginSource, find_sources, load_source
from studio.spec import GeneratorSpec, build_spec
from studio.worker.fingerprint import build_fingerprint, find_metadata_folders


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listed(_Line):
    """First line: what there is, before anything is imported.

    Attributes:
        folders: of `sys.path`, those in which distributions are installed.
        code: folders or files of the plugins' packages.
        fingerprint: of these, taken now.
        plugins: every one found, as failed where that is known already.
    """

    line: Literal["listed"] = "listed"
    folders: list[str]
    code: list[str]
    fingerprint: str
    plugins: list[PluginInfo]


class Started(_Line):
    """A plugin is about to be imported."""

    line: Literal["started"] = "started"
    plugin: str


class Described(_Line):
    """A plugin was imported, or failed to."""

    line: Literal["described"] = "described"
    plugin: PluginInfo
    specs: list[GeneratorSpec]


Line = Annotated[Listed | Started | Described, Field(discriminator="line")]
LINES: TypeAdapter[Line] = TypeAdapter(Line)


def describe_plugins(stream: BinaryIO, names: list[str] | None) -> None:
    """Write `Listed`, then `Started` and `Described` for each plugin (of `names`, if given)."""
    sources = find_sources(WORKER_GROUP)
    _write(stream, _list_plugins(sources))
    for source in sources:
        if source.fault or (names is not None and source.name not in names):
            continue
        _write(stream, Started(plugin=source.name))
        _write(stream, _describe_plugin(source))


def _list_plugins(sources: list[PluginSource]) -> Listed:
    folders = find_metadata_folders(os.path.abspath(entry) for entry in sys.path)
    code = [str(folder) for source in sources for folder in source.find_folders()]
    return Listed(
        folders=folders,
        code=code,
        fingerprint=build_fingerprint(sys.executable, folders, code),
        plugins=[_build_info(source, source.fault) for source in sources],
    )


def _describe_plugin(source: PluginSource) -> Described:
    try:
        plugin = load_source(source, Codecs())
        specs = [
            build_spec(cls, source.distribution, source.version, source.name, str(plugin.folder))
            for cls in plugin.generators.values()
        ]
    except PluginLoadError as error:
        return Described(plugin=_build_info(source, error.values["cause"]), specs=[])
    ids = tuple(spec.id for spec in specs)
    return Described(plugin=_build_info(source, "", ids), specs=specs)


def _build_info(source: PluginSource, cause: str, generators: tuple[str, ...] = ()) -> PluginInfo:
    return PluginInfo(
        name=source.name,
        distribution=source.distribution,
        version=source.version,
        status="failed" if cause else "ok",
        cause=cause,
        generators=generators,
    )


def _write(stream: BinaryIO, line: Line) -> None:
    view = memoryview(line.model_dump_json().encode() + b"\n")
    while view:
        view = view[stream.write(view) :]
