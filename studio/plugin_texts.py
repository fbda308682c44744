"""What plugins say in other languages: `translations/LANGUAGE.json` in the folder of their code.

Files are read, nothing of a plugin is run. A text is looked up in the plugin's own table first, for
what it made; a table never changes what Studio itself says.
"""

import json
import logging
import string
from collections.abc import Mapping
from pathlib import Path

from studio.plugins import HOST_GROUP, WORKER_GROUP, find_sources

FOLDER = "translations"
LARGEST = 1 << 20
"""Bytes of a table."""

Tables = Mapping[str, Mapping[str, str]]
"""Name of a plugin -> English text -> text."""


def find_tables(language: str) -> dict[str, dict[str, str]]:
    """Return the tables of all plugins for a language; those at fault are logged and left out."""
    if language == "en":
        return {}
    found: dict[str, dict[str, str]] = {}
    for source in [*find_sources(WORKER_GROUP), *find_sources(HOST_GROUP)]:
        if source.fault:
            continue
        for folder in source.find_folders():
            path = folder / FOLDER / f"{language}.json"
            if source.name not in found and path.is_file():
                found[source.name] = load_table(path)
    return found


def load_table(path: Path) -> dict[str, str]:
    """Read a table; entries whose `{values}` are not those of the English text are left out."""
    log = logging.getLogger("studio.plugins")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"is larger than {LARGEST} bytes")
        table = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(table, dict):
            raise ValueError("is no table of texts")
    except (OSError, ValueError, RecursionError) as error:
        log.warning("translations %s: %s", path, error)
        return {}
    sound = {key: text for key, text in table.items() if _is_sound(key, text)}
    if len(sound) < len(table):
        strange = next(key for key in table if key not in sound)
        log.warning("translations %s: '%s' has other {values} in it", path, strange)
    return sound


def _is_sound(key: str, text: object) -> bool:
    return isinstance(text, str) and bool(text.strip()) and _list_values(key) == _list_values(text)


def _list_values(text: str) -> list[str] | None:
    """Return the sorted names of a template's values; a text with odd braces has none."""
    try:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
    except ValueError:
        return None
