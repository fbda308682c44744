"""Where recipes are: shipped, from plugins, and the user's own."""

import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from studio.config import Config
from studio.errors import PipelineError
from studio.pipelines.recipe import Pipeline, load_pipeline, suggest


class PipelineBook:
    """Finds recipes by name; the user's folder wins over plugins, plugins over what ships.

    Args:
        config: its home has the folder `pipelines`.
        folders: of plugins.
    """

    def __init__(self, config: Config, folders: Iterable[Path] = ()) -> None:
        self._folders = [config.home / "pipelines", *folders, get_shipped_folder()]

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
