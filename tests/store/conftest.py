"""A library in a temporary home, and things to put into it."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.codecs import Codecs
from studio.database import Database
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.recipe import Recipe
from studio.store import NewAsset, Store

MakeAsset = Callable[..., NewAsset]


class PlainCodec:
    """Any bytes that do not say "bad"; a stand-in that is quick and has no surprises."""

    def __init__(self, kind: MediaType) -> None:
        self.kind = kind

    def probe(self, files: dict[str, Path]) -> dict[str, Any]:
        for path in files.values():
            if b"bad" in path.read_bytes():
                raise InvalidInputError("{path}: is damaged; try another", path=path)
        return {"bytes": sum(path.stat().st_size for path in files.values())}

    def hash_payload(self, files: dict[str, Path]) -> str:
        digest = hashlib.sha256(self.kind.encode())
        for name, path in sorted(files.items()):
            digest.update(name.encode() + path.read_bytes())
        return digest.hexdigest()

    def make_thumbnail(self, files: dict[str, Path]) -> Image.Image | None:
        return Image.new("RGB", (8, 8), "red")

    def extract_recipe(self, path: Path) -> Recipe | None:
        text = path.read_bytes().partition(b"recipe:")[2]
        return Recipe.model_validate_json(text) if text else None


@pytest.fixture(scope="session")
def codecs() -> Codecs:
    codecs = Codecs()
    for kind in MediaType:
        codecs.register(PlainCodec(kind))
    return codecs


@pytest.fixture(scope="session")
def build_recipe() -> Callable[..., Recipe]:
    """Make a recipe from a seed and params."""
    return lambda seed=0, **params: Recipe(
        generator="textures.from_image",
        plugin="studio-textures",
        plugin_version="1.0",
        params=params,
        seed=seed,
    )


@pytest.fixture(scope="session")
def list_blobs() -> Callable[[Store], list[str]]:
    """List the names of all files under a store's `blobs/`."""
    return lambda store: sorted(
        path.name for path in store.blobs.folder.rglob("*") if path.is_file()
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def store(home: Path, codecs: Codecs) -> Iterator[Store]:
    database = Database(home / "studio.db")
    yield Store(database, home, codecs)
    database.close()


@pytest.fixture
def other(tmp_path: Path, codecs: Codecs) -> Iterator[Store]:
    """Another home."""
    folder = tmp_path / "other"
    folder.mkdir()
    database = Database(folder / "studio.db")
    yield Store(database, folder, codecs)
    database.close()


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> MakeAsset:
    """Make a `NewAsset` with files of its own; `content` is bytes or name -> bytes."""
    made = tmp_path_factory.mktemp("made")
    numbers = itertools.count()

    def make_asset(content: bytes | dict[str, bytes] = b"", **fields: Any) -> NewAsset:
        number = next(numbers)
        named = content if isinstance(content, dict) else {"main": content or b"%d" % number}
        folder = made / str(number)
        folder.mkdir()
        files = {}
        for name, data in named.items():
            files[name] = folder / f"{name}.png"
            files[name].write_bytes(data)
        kind = fields.setdefault("kind", MediaType.IMAGE)
        fields.setdefault("facts", {"bytes": sum(map(len, named.values()))})
        fields.setdefault("payload_hash", PlainCodec(kind).hash_payload(files))
        return NewAsset(files=files, **fields)

    return make_asset
