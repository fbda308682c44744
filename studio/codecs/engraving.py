"""What may lie beside a score: pictures of its notation, how to follow them, a page to print.

`.svg` and `.png` are pages in the order of their names' places; `.json` says where the notes stand
(see `docs/plugin-guide.md`), `.pdf` is for the printer. None of them is the music: they do not
count in its hash.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from studio.codecs.files import read_bytes, refuse_faults
from studio.codecs.musicxml import parse_xml
from studio.codecs.pictures import open_picture
from studio.codecs.report import load_json
from studio.errors import InvalidInputError

COMPANIONS: Final = frozenset((".svg", ".png", ".json", ".pdf"))
MAX_BYTES: Final = 32 << 20
SVG: Final = "{http://www.w3.org/2000/svg}"
ACTIVE: Final = frozenset(("script", "foreignObject", "iframe", "animate", "set", "image"))
"""Elements of SVG that act or fetch."""


def split_companions(files: Mapping[str, Path]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Part the scores from what lies beside them; the first file is always a score."""
    names = list(files)
    beside = {
        name: path
        for name, path in files.items()
        if name != names[0] and path.suffix.lower() in COMPANIONS
    }
    return {name: files[name] for name in names if name not in beside}, beside


def check_companion(path: Path) -> None:
    """Check one by its ending.

    Raises:
        InvalidInputError: damaged, or an SVG that does more than draw.
    """
    suffix = path.suffix.lower()
    if suffix == ".png":
        open_picture(path).close()
    elif suffix == ".json":
        load_json(path)
    elif suffix == ".svg":
        _check_svg(path)
    elif not read_bytes(path, MAX_BYTES).startswith(b"%PDF-"):
        raise InvalidInputError("{path}: this is not a PDF file", path=path)


def _check_svg(path: Path) -> None:
    data = read_bytes(path, MAX_BYTES)
    with refuse_faults(path):
        for element in parse_xml(data).iter():
            tag = element.tag.rpartition(":")[2]
            if tag in ACTIVE:
                raise ValueError(f"its element {tag} does more than draw")
            for name, value in element.items():
                kind = name.rpartition(":")[2].lower()
                if kind.startswith("on") or (kind == "href" and not value.startswith("#")):
                    raise ValueError(f"its attribute {name} does more than draw")
