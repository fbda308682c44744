"""Music and sounds from words, by audiocraft: a plugin of Studio."""

from collections.abc import Callable
from importlib.util import find_spec

from studio.errors import PluginLoadError
from studio.generator import Generator
from studio.hookspecs import hookimpl
from studio_audiocraft.audiogen import AudioGen
from studio_audiocraft.musicgen import MusicGen


@hookimpl
def register_generators(register: Callable[[type[Generator]], None]) -> None:
    """Offer both generators where audiocraft is installed.

    Raises:
        PluginLoadError: it is not.
    """
    if find_spec("audiocraft") is None:
        raise PluginLoadError(
            "audiocraft is not installed here; it needs an environment of its own, made by "
            "`studio plugin env audiocraft` (docs/environments.md)"
        )
    for generator in (MusicGen, AudioGen):
        register(generator)
