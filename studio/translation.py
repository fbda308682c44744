"""The translation table: English text is the key, other languages are JSON files beside it."""

import json
from importlib.resources import files

from studio.errors import StudioError


class Translator:
    """Turns English templates into the user's language; what is missing stays English."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._table: dict[str, str] = {}
        if language != "en":
            path = files("studio.translations") / f"{language}.json"
            self._table = json.loads(path.read_text(encoding="utf-8"))

    def text(self, template: str, **values: object) -> str:
        """Translate a template, then fill in its `{name}` values."""
        template = self._table.get(template, template)
        return template.format(**values) if values else template

    def error(self, error: StudioError) -> str:
        """Say an error in the user's language."""
        return self.text(error.template, **error.values) if error.values else str(error)
