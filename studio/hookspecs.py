"""The hooks a plugin may implement. Names never change meaning; arguments may be added.

Entry-point group `studio` is loaded in workers: `register_generators`, `register_codecs`.
Group `studio.host` is loaded in the host: the others. Hook bodies do no I/O and import nothing
heavy.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from studio.codecs import Codec
    from studio.events import Event
    from studio.generator import Generator

hookspec = pluggy.HookspecMarker("studio")
hookimpl = pluggy.HookimplMarker("studio")


@hookspec
def register_generators(register: "Callable[[type[Generator]], None]") -> None:
    """Call `register(GeneratorClass)` once for each generator."""


@hookspec
def register_codecs(register: "Callable[[Codec], None]") -> None:
    """Call `register(codec)` to write and read a kind of file your way."""


@hookspec
def register_presets(register: Callable[[Path], None]) -> None:
    """Call `register(folder)` with a folder of preset files."""


@hookspec
def register_pipelines(register: Callable[[Path], None]) -> None:
    """Call `register(folder)` with a folder of pipeline recipes."""


@hookspec
def register_commands(cli: Any) -> None:
    """Add `click` commands to the group `cli`."""


@hookspec
def register_tabs(register: Callable[..., None]) -> None:
    """Call `register(name, build)` to add a tab to the web interface."""


@hookspec
def startup(studio: Any) -> None:
    """Run once when a `Studio` has opened its home."""


@hookspec
def track_event(studio: Any, event: "Event") -> None:
    """Observe an event; return nothing."""
