"""Reports: JSON figures, possibly with pictures beside them."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from studio.codecs.drawing import draw_page
from studio.codecs.files import payload_files, read_bytes, take_over
from studio.codecs.image import load_image, shrink
from studio.codecs.pictures import open_picture
from studio.codecs.sidecar import find_sidecar, write_sidecar
from studio.errors import InvalidInputError
from studio.media import SUFFIXES, MediaType
from studio.recipe import Recipe

MAX_REPORT: Final = 64 << 20
"""Bytes."""
MAX_SHOWN: Final = 60
"""Figures listed in a thumbnail."""


class ReportCodec:
    """REPORT: payload a JSON value, the `Path` of one, or name -> `Path` with the JSON first."""

    kind = MediaType.REPORT

    def encode(self, payload: Any, folder: Path) -> dict[str, Path]:
        """Write indented JSON; keys keep their order, for the author meant it."""
        if isinstance(payload, Path) or _is_files(payload):
            files = take_over(payload, folder)
        else:
            files = {"main": folder / "main.json"}
            files["main"].write_bytes(_format(payload).encode())
        self.probe(files)
        return files

    def probe(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """Read the JSON and the headers of pictures; returns figures, pictures."""
        main, *others = payload_files(files).values()
        pictures = [path for path in others if _is_picture(path)]
        for path in pictures:
            open_picture(path).close()
        return {"figures": len(_list_figures(load_json(main))), "pictures": len(pictures)}

    def hash_payload(self, files: Mapping[str, Path]) -> str:
        """Hash the value, whatever the order of its keys and its layout; other files as bytes."""
        main, *others = payload_files(files).values()
        digest = hashlib.sha256(json.dumps(load_json(main), sort_keys=True).encode())
        for path in others:
            digest.update(hashlib.sha256(read_bytes(path, MAX_REPORT)).digest())
        return digest.hexdigest()

    def make_thumbnail(self, files: Mapping[str, Path]) -> Image.Image:
        """Show its first picture, or list its figures."""
        main, *others = payload_files(files).values()
        for path in filter(_is_picture, others):
            return shrink(load_image(path))
        figures = _list_figures(load_json(main))
        column = min(22, max((len(name) for name, _ in figures[:9]), default=0))
        lines = [f"{name:<{column}}  {value}".strip() for name, value in figures[:MAX_SHOWN]]
        return draw_page("", "\n".join(lines), f"{len(figures):,} figures", face="mono")

    def embed_recipe(self, files: Mapping[str, Path], recipe: Recipe) -> dict[str, Path]:
        """Write a sidecar."""
        return write_sidecar(files, recipe)

    def extract_recipe(self, path: Path) -> Recipe | None:
        """Read a sidecar."""
        return find_sidecar(path)


def load_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InvalidInputError: not JSON, not UTF-8, nested too deeply, or with NaN.
    """
    data = read_bytes(path, MAX_REPORT)
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise InvalidInputError(
            "{path}: this is not valid JSON ({fault}); check it with a JSON editor",
            path=path,
            fault=fault,
        ) from fault


def _is_files(payload: Any) -> bool:
    return (
        isinstance(payload, Mapping)
        and bool(payload)
        and all(isinstance(value, Path) for value in payload.values())
    )


def _is_picture(path: Path) -> bool:
    return SUFFIXES.get(path.suffix.lower()) is MediaType.IMAGE


def _format(payload: Any) -> str:
    """Return the value as text; numpy scalars and arrays become plain numbers."""
    try:
        text = json.dumps(payload, indent=2, ensure_ascii=False, allow_nan=False, default=_to_plain)
        text.encode()
        return text + "\n"
    except (TypeError, ValueError, RecursionError) as fault:
        raise InvalidInputError(
            "a report holds plain JSON values only ({fault}); leave out NaN and objects",
            fault=fault,
        ) from fault


def _to_plain(value: Any) -> Any:
    """Numpy scalars and arrays, paths; `json` asks for what it does not know."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _list_figures(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Flatten to dotted name and text pairs; not recursive, for depth is the user's."""
    figures, waiting = [], [(name, value)]
    while waiting:
        name, value = waiting.pop()
        prefix = f"{name}." if name else ""
        if isinstance(value, dict):
            waiting += [(f"{prefix}{key}", item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{prefix}{i}", item) for i, item in reversed(list(enumerate(value)))]
        else:
            figures.append((name, _show(value)))
    return figures


def _show(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.5g}"
    return value if isinstance(value, str) else json.dumps(value)
