"""Spandrel without torchvision.

Spandrel declares torchvision and, for two architectures that enlarge nothing, imports three names
of it. A torchvision that does not match torch cannot be imported at all and breaks other libraries
that only look for it. So where it cannot be imported, those names are lent for the import alone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from studio.errors import CheckpointError

BORROWED: Final = {
    "torchvision": (),
    "torchvision.transforms": (),
    "torchvision.transforms.functional": ("InterpolationMode", "normalize", "rotate"),
}


def load_spandrel() -> ModuleType:
    """Import spandrel.

    Raises:
        CheckpointError: it is not installed, with the command that does.
    """
    try:
        with lend_torchvision():
            return import_module("spandrel")
    except ImportError as error:
        raise CheckpointError(
            "upscale.community needs spandrel ({fault}); run `pip install --no-deps spandrel "
            "einops`: with its dependencies it would bring a torchvision that may not fit",
            fault=error,
        ) from error


@contextmanager
def lend_torchvision() -> Iterator[None]:
    """Put stand-ins in place of a torchvision that is missing or broken, and take them away."""
    if "spandrel" in sys.modules or _is_importable("torchvision"):
        yield
        return
    _forget()
    for name, names in BORROWED.items():
        module = ModuleType(name)
        module.__path__ = []
        for attribute in names:
            setattr(module, attribute, _Missing)
        sys.modules[name] = module
    try:
        yield
    finally:
        _forget()


def _is_importable(name: str) -> bool:
    try:
        import_module(name)
    except (ImportError, RuntimeError):
        return False
    return True


def _forget() -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "torchvision"]:
        del sys.modules[name]


class _Missing:
    """Stands for a name of torchvision; whoever uses it is told."""

    NEAREST = BILINEAR = BICUBIC = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise CheckpointError("this architecture needs torchvision, which is not installed")
