"""The inner side of `check_plugin`: checks in this process, and writes down each step at once."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from pydantic import TypeAdapter

from studio.codecs import Codecs
from studio.plugins import load_plugin
from studio.testing.bench import Bench, Request
from studio.testing.check import iterate_lines
from studio.testing.report import CheckRow, Place

ROWS: Final = "rows.jsonl"
LOG: Final = "log.txt"
WORK: Final = "work"
ELSEWHERE: Final = "elsewhere"
TEMPORARY: Final = "tmp"
FOLDERS: Final = (WORK, ELSEWHERE, TEMPORARY)

_HEAVY = ("jax", "tensorflow", "torch")


LINES: TypeAdapter[CheckRow | Place] = TypeAdapter(CheckRow | Place)


def write_rows(plugin_name: str, folder: Path, generators: Sequence[str]) -> None:
    """Check generators of a plugin; a `Place` is written before each `CheckRow`."""
    with (folder / ROWS).open("ab", buffering=0) as file:
        _write(file, Place(generators[0], _NO_FRAMEWORK))
        codecs = Codecs()
        plugin = load_plugin(plugin_name, codecs)
        heavy = [name for name in _HEAVY if name in sys.modules]
        detail = f"{heavy[0]} is imported with the plugin; import it in __init__" if heavy else ""
        _write(file, CheckRow(generators[0], _NO_FRAMEWORK, not heavy, detail))
        request = Request(package=plugin.folder, quiet=(folder / ELSEWHERE, folder / TEMPORARY))
        for generator in generators:
            place = folder / WORK / generator
            place.mkdir()
            bench = Bench(plugin.generators[generator], request, place, codecs)
            for line in iterate_lines(bench):
                _write(file, line)


_NO_FRAMEWORK = "imports no framework"


def _write(file: IO[bytes], line: CheckRow | Place) -> None:
    file.write(LINES.dump_json(line) + b"\n")
