"""Where recipes are: shipped, from plugins, and the user's own."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from studio.config import Config
from studio.errors import PipelineError
from studio.pipelines.recipe import Pipeline, load_pipeline, parse_pipeline, suggest
from studio.pipelines.validate import check_pipeline
from studio.presets import PresetBook
from studio.registry import Registry
from studio.spec import GeneratorSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Source:
    """The text of a recipe; `is_own`: in the user's folder, so that saving replaces it."""

    text: str
    is_own: bool


class Books(Protocol):
    """Who knows generators and presets."""

    registry: Registry
    presets: PresetBook


@dataclass(frozen=True)
class _Catalogue:
    books: Books

    def get_spec(self, generator: str) -> GeneratorSpec:
        return self.books.registry.get(generator)

    def get_preset(self, generator: str, name: str) -> Mapping[str, Any]:
        return self.books.presets.get(name, generator).params


class PipelineBook:
    """Finds recipes by name; the user's folder wins over plugins, plugins over what ships.

    Args:
        config: its home has the folder `pipelines`.
        folders: of plugins.
    """

    def __init__(self, config: Config, folders: Iterable[Path] = ()) -> None:
        self._own = config.home / "pipelines"
        self._folders = [self._own, *folders, get_shipped_folder()]

    def find(self) -> list[Pipeline]:
        """Return every recipe that can be read, by name; `find_faults` has the others."""
        return [found for found in self._load_all() if isinstance(found, Pipeline)]

    def find_faults(self) -> list[PipelineError]:
        """Return what is wrong with the recipes that cannot be read."""
        return [found for found in self._load_all() if isinstance(found, PipelineError)]

    def get(self, name: str | Path) -> Pipeline:
        """Return a recipe by name, or by the path of a TOML file.

        Raises:
            PipelineError: there is none, or it cannot be read.
        """
        path = Path(os.path.expanduser(name))
        if path.suffix == ".toml":
            return load_pipeline(path)
        paths = self._find_paths()
        if str(name) not in paths:
            raise PipelineError(
                "no pipeline '{name}'; did you mean {close}? Or give the path of a .toml file",
                name=name,
                close=suggest(str(name), sorted(paths)),
            )
        return load_pipeline(paths[str(name)])

    def knows(self, name: str) -> bool:
        """There is a recipe of that name."""
        return name in self._find_paths()

    def read(self, name: str) -> Source:
        """Return the text of a recipe, and whether it is the user's own.

        Raises:
            PipelineError: there is none, or it cannot be read.
        """
        path = self._find_paths().get(name)
        if path is None:
            self.get(name)  # says what may have been meant
            raise PipelineError("no pipeline '{name}'", name=name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PipelineError(
                "{path}: cannot be read: {fault}", path=path, fault=error
            ) from error
        return Source(text, path.parent == self._own)

    def check(self, pipeline: Pipeline, catalogue: Books) -> None:
        """Check a recipe against the generators and presets there are.

        Raises:
            PipelineError: the first fault.
        """
        check_pipeline(pipeline, _Catalogue(catalogue))

    def save(self, name: str, text: str, catalogue: Books) -> Pipeline:
        """Check a recipe and keep it as the user's own; the file is whole or not there.

        Raises:
            PipelineError: it is wrong, or cannot be written.
        """
        pipeline = parse_pipeline(text, name)
        self.check(pipeline, catalogue)
        if not _NAME.fullmatch(name):
            raise PipelineError(
                "name '{name}': must be letters, digits, '-' and '_', at most 60", name=name
            )
        path = self._own / f"{name}.toml"
        waiting = path.with_suffix(".part")
        try:
            self._own.mkdir(parents=True, exist_ok=True)
            waiting.write_text(text, encoding="utf-8")
            waiting.replace(path)
        except OSError as error:
            raise PipelineError(
                "{path}: cannot be written: {fault}", path=path, fault=error
            ) from error
        return pipeline

    def _load_all(self) -> list[Pipeline | PipelineError]:
        loaded: list[Pipeline | PipelineError] = []
        for _, path in sorted(self._find_paths().items()):
            try:
                loaded.append(load_pipeline(path))
            except PipelineError as error:
                loaded.append(error)
        return loaded

    def _find_paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in reversed(self._folders):
            paths.update({path.stem: path for path in sorted(folder.glob("*.toml"))})
        return paths


def get_shipped_folder() -> Path:
    """Return the folder of the recipes that ship with Studio."""
    return Path(str(files("studio.data.pipelines")))
