"""The translation table: English text is the key, other languages are JSON files beside it."""

import json
from collections import ChainMap
from collections.abc import Mapping
from copy import copy
from importlib.resources import files

from studio.errors import StudioError


class Translator:
    """Turns English templates into the user's language; what is missing stays English.

    Args:
        language: code, e.g. "es".
        plugins: name of a plugin -> its own table. What Studio says itself they do not change.
    """

    def __init__(self, language: str, plugins: Mapping[str, dict[str, str]] | None = None) -> None:
        self.language = language
        self._plugins = plugins or {}
        table: dict[str, str] = {}
        for own in self._plugins.values():
            table.update(own)
        if language != "en":
            path = files("studio.translations") / f"{language}.json"
            table.update(json.loads(path.read_text(encoding="utf-8")))
        self._table: dict[str, str] | ChainMap[str, str] = table

    @property
    def table(self) -> Mapping[str, str]:
        """English text -> text."""
        return self._table

    def of(self, plugin: str) -> "Translator":
        """Return the translator of what a plugin says: its own table comes first."""
        own = self._plugins.get(plugin)
        if not own:
            return self
        twin = copy(self)
        twin._table = ChainMap(own, self._table)
        return twin

    def text(self, template: str, **values: object) -> str:
        """Translate a template, then fill in its `{name}` values."""
        template = self._table.get(template, template)
        return template.format(**values) if values else template

    def error(self, error: StudioError) -> str:
        """Say an error in the user's language."""
        return self.text(error.template, **error.values) if error.values else str(error)

    def explain(self, error: StudioError) -> tuple[str, str]:
        """Say what is wrong, and apart from it what to do about it, "" where that is not said.

        The remedy is what stands behind the last semicolon of the template, not of a value.
        """
        if not error.values:
            fault, _, remedy = str(error).rpartition("; ")
            return (fault, remedy) if fault else (remedy, "")
        template = self._table.get(error.template, error.template)
        fault, _, remedy = template.rpartition("; ")
        said = [part.format(**error.values) for part in (fault, remedy)]
        return (said[0], said[1]) if fault else (said[1], "")
