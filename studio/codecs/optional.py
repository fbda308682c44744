"""Libraries that come with an extra."""

from importlib import import_module
from types import ModuleType

from studio.errors import StudioError


def load_library(name: str, extra: str) -> ModuleType:
    """Import a library that the core does not depend on.

    Raises:
        StudioError: it is not installed; says how to get it.
    """
    try:
        return import_module(name)
    except ImportError as fault:
        raise StudioError(
            "{library} is not installed; run: pip install 'generative-media-studio[{extra}]'",
            library=name,
            extra=extra,
        ) from fault


def find_library(name: str) -> ModuleType | None:
    """Import a library that something can be done without, or return None."""
    try:
        return import_module(name)
    except ImportError:
        return None
