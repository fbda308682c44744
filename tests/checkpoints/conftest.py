"""Real safetensors made of a few bytes, a registry with one plugin, and a book."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.checkpoints import CheckpointBook
from studio.config import Config
from studio.database import Database
from studio.media import MediaType
from studio.registry import Registry
from studio.spec import BundledSpec, GeneratorSpec

PAST = 1_600_000_000


def write_weights(path: Path, values: bytes = b"\1\2\3\4", **metadata: str) -> Path:
    """Write a safetensors file with one uint8 tensor, last changed long ago."""
    header: dict[str, Any] = {
        "weight": {"dtype": "U8", "shape": [len(values)], "data_offsets": [0, len(values)]}
    }
    if metadata:
        header["__metadata__"] = {key.replace("__", "."): text for key, text in metadata.items()}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + values)
    os.utime(path, (PAST, PAST))
    return path


def write_file(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (PAST, PAST))
    return path


@dataclass(frozen=True)
class FakeAsset:
    id: str
    files: Mapping[str, Path]
    title: str = "mine"
    size: int = 4
    licence: str = "CC0-1.0"
    info: Mapping[str, Any] = field(default_factory=dict)


def make_spec(id: str, checkpoints: tuple[BundledSpec, ...] = (), **field: Any) -> GeneratorSpec:
    return GeneratorSpec(
        id=id, title=id, summary="", output=MediaType.IMAGE, inputs=(), seeded=True,
        params_schema={"type": "object", "properties": {"model": {"type": "string", **field}}},
        checkpoint_from=("model",), checkpoints=checkpoints, plugin="toys", plugin_version="1",
        entry_point="toys",
    )  # fmt: skip


@dataclass
class Place:
    """A home with a book in it, the folder of another tool, and assets."""

    home: Path
    other: Path
    book: CheckpointBook
    spec: GeneratorSpec
    assets: dict[str, FakeAsset]
    make_book: Callable[..., CheckpointBook]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "shared"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    tiny = write_weights(tmp_path / "plugin" / "tiny.safetensors", b"tiny")
    bundled = BundledSpec(name="tiny", path=str(tiny), licence="MIT")
    spec = make_spec("toys.net", (bundled,), architectures=["ToyPipeline"])
    registry = Registry([spec, make_spec("toys.other")], [])
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    assets: dict[str, FakeAsset] = {}
    database = Database(home / "studio.db")

    def make_book(**flags: Any) -> CheckpointBook:
        config = Config(home=home, checkpoint_folders=(other,), **flags)
        return CheckpointBook(config, database, registry, assets.get, assets.values)

    return Place(home, other, make_book(), spec, assets, make_book)


@pytest.fixture
def weights() -> Callable[..., Path]:
    return write_weights


@pytest.fixture
def text_file() -> Callable[..., Path]:
    return write_file


@pytest.fixture
def make_asset() -> type[FakeAsset]:
    return FakeAsset
