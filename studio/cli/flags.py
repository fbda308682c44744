"""The flags that stand anywhere on the line: `--home`, `--language`, `--json`, `--log-level`."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

LANGUAGES = ("en", "es")
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Flags:
    """What was given.

    Attributes:
        home, language, log_level: "" if not given.
        fault: the flag that has no value, or a wrong one; "" if all is well.
    """

    home: str = ""
    language: str = ""
    json: bool = False
    fault: str = ""
    log_level: str = ""


def take_flags(args: Sequence[str]) -> tuple[Flags, list[str]]:
    """Split a command line into the global flags and the rest; `--` ends the search.

    They are taken before anything else is parsed, so that even a wrong command line is told in
    the right language and form.
    """
    values = {"--home": "", "--language": "", "--log-level": ""}
    as_json, fault = False, ""
    rest: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--json":
            as_json = True
        elif name in values:
            if not equals:
                value = waiting.pop(0) if waiting else ""
            values[name] = value
            fault = fault or ("" if value else name)
        else:
            rest.append(word)
    language = values["--language"]
    if language and language not in LANGUAGES:
        fault, language = fault or "--language", ""
    log_level = values["--log-level"]
    if log_level and log_level not in LOG_LEVELS:
        fault = fault or "--log-level"
    return Flags(values["--home"], language, as_json, fault, log_level), rest


def find_language(flags: Flags, environ: Mapping[str, str] | None = None) -> str:
    """Return the language of messages without loading the whole configuration."""
    environ = os.environ if environ is None else environ
    given = flags.language or environ.get("STUDIO_LANGUAGE") or _read_language(flags, environ)
    return given if given in LANGUAGES else "en"


def _read_language(flags: Flags, environ: Mapping[str, str]) -> str:
    home = Path(flags.home or environ.get("STUDIO_HOME") or user_data_path("studio"))
    try:
        data = tomllib.loads((home.expanduser() / "config.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return ""  # `load_config` tells what is wrong with it
    return str(data.get("language", ""))
