"""Gradio, imported in half the time."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_WRITER = "gradio.component_meta"


def import_gradio() -> None:
    """Import Gradio without the stub files it writes among its sources, for editors.

    Every component reads, parses and prints its module again for them, whether they are there
    or not: half of the time of the import.
    """
    # It calls home otherwise.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # Plugins that draw plots draw them into memory.
    os.environ.setdefault("MPLBACKEND", "agg")
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        import_module("gradio")
    finally:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds the one module that is to be changed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _WRITER else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(name, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    """Loads it, and takes the writing of stubs out."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        name = "create_or_modify_pyi"
        if hasattr(module, name):
            setattr(module, name, lambda *_: None)
