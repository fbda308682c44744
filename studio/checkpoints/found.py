"""What a checkpoint on disk is: its files, size, and what it says of itself."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.codecs.safetensors import MAX_HEADER, read_tensors
from studio.errors import CheckpointError, InvalidInputError

SAFE = ".safetensors"
PICKLES = frozenset((".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"))
"""Endings of files that may run any program when they are loaded."""

Source = Literal["bundled", "asset", "file", "folder", "hub"]

_CARD_LENGTH = 64 << 10
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---", re.DOTALL)
_LICENCE = re.compile(r"^license:[ \t]*(?:\n\s*-[ \t]*)?[\"']?([\w.+-]+)", re.MULTILINE)


@dataclass(frozen=True)
class CheckpointInfo:
    """A line of `studio checkpoints list`.

    Attributes:
        size: bytes.
        sha256: None where it was not computed yet.
        licence: as the model card, the file or the plugin says; "" where none does.
        generators: ids of those known to take it.
        revision: commit of the hub.
        problem: why it cannot be used, or "".
    """

    name: str
    source: Source
    path: Path
    size: int
    sha256: str | None
    licence: str
    generators: tuple[str, ...]
    revision: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself; "" and () where it is silent."""

    licence: str = ""
    architecture: str = ""
    generators: tuple[str, ...] = ()


def iterate_files(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the files of a folder sorted by name; hidden ones are left out."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*"), key=lambda file: file.relative_to(path).as_posix()):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if file.is_file() and not hidden:
            yield file


def list_names(folder: Path) -> set[str]:
    """Return the names of the files right in a folder; none if it cannot be read."""
    try:
        return {file.name for file in folder.iterdir() if file.is_file()}
    except (OSError, ValueError):
        return set()


def is_checkpoint_folder(names: set[str]) -> bool:
    """Say whether a folder with these files in it is one checkpoint of many files."""
    if "model_index.json" in names:
        return True
    weights = any(Path(name).suffix in {SAFE, *PICKLES} for name in names)
    return "config.json" in names and weights


def find_pickles(path: Path) -> list[Path]:
    """Find the files that a loader would unpickle.

    In a folder a pickle is passed over if safetensors lie beside it: loaders take those.
    """
    files = list(iterate_files(path))
    safe = {file.parent for file in files if file.suffix.lower() == SAFE}
    return [file for file in files if file.suffix.lower() in PICKLES and file.parent not in safe]


def check_safetensors(path: Path, *, needs_weights: bool = True) -> None:
    """Check that every safetensors file is whole, and every part that an index names is there.

    Args:
        path: file or folder.
        needs_weights: there must be a safetensors file at all.

    Raises:
        CheckpointError: names the file.
    """
    files = list(iterate_files(path))
    if needs_weights and not any(file.suffix.lower() == SAFE for file in files):
        raise CheckpointError("{path}: no .safetensors file is there", path=path)
    for file in files:
        if file.suffix.lower() == SAFE:
            try:
                read_tensors(file)
            except InvalidInputError as error:
                raise CheckpointError(error.template, **error.values) from error
        elif file.name.endswith(f"{SAFE}.index.json"):
            _check_shards(file)


def read_card(path: Path) -> Card:
    """Collect what the model card, the configuration and the header say. Raises nothing."""
    if path.is_dir():
        weights = sorted(path.glob(f"*{SAFE}"))
        config = _read_json(path / "model_index.json") or _read_json(path / "config.json")
        readme = path / "README.md"
    else:
        weights, config = [path], {}
        readme = path.with_suffix(".md")
    metadata = _read_metadata(weights[0]) if weights else {}
    architectures = config.get("architectures") or [config.get("model_type", "")]
    named = str(metadata.get("studio.generators", "")).split(",")
    return Card(
        licence=_find_licence(metadata) or _read_licence(readme),
        architecture=str(
            config.get("_class_name")
            or metadata.get("modelspec.architecture")
            or metadata.get("studio.architecture")
            or architectures[0]
            or ""
        ),
        generators=tuple(name.strip() for name in named if name.strip()),
    )


def _check_shards(index: Path) -> None:
    """Check that every file an index names is there."""
    for name in sorted(set(map(str, _read_json(index).get("weight_map", {}).values()))):
        if not (index.parent / name).is_file():
            raise CheckpointError(
                "{path}: the part {name} is missing; fetch or copy the checkpoint again",
                path=index,
                name=name,
            )


def _read_metadata(path: Path) -> Mapping[str, Any]:
    if path.suffix.lower() != SAFE:
        return {}
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= MAX_HEADER else {}
    except (OSError, ValueError):
        return {}
    found = header.get("__metadata__") if isinstance(header, dict) else None
    return found if isinstance(found, dict) else {}


def _find_licence(metadata: Mapping[str, Any]) -> str:
    keys = ("licence", "license", "modelspec.license")
    return next((str(metadata[key]) for key in keys if metadata.get(key)), "")


def _read_licence(card: Path) -> str:
    """Read `license:` out of the YAML front matter of a model card; no YAML library for a line."""
    try:
        with card.open(encoding="utf-8", errors="replace") as file:
            front = _FRONT_MATTER.search(file.read(_CARD_LENGTH))
    except OSError:
        return ""
    found = _LICENCE.search(front.group(1)) if front else None
    return found.group(1) if found else ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
