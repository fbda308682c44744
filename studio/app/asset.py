"""`Asset`: a stored result in a user's hands."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from studio.codecs import Codecs, load_image
from studio.errors import InvalidInputError
from studio.media import MediaType
from studio.store import AssetRecord, Lineage

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Reproduction:
    """What came of running a recipe again.

    Attributes:
        verdict: "bit-equal", "within tolerance", "different" or "impossible".
        distance: largest difference of a pixel, 0..1; None where it has no meaning.
        reason: why it is not bit-equal, or why it cannot be done.
        asset: id of the new result (in the trash, for inspection), or "".
    """

    verdict: str
    distance: float | None = None
    reason: str = ""
    asset: str = ""


class AssetHome(Protocol):
    """What an `Asset` needs of the studio it came from."""

    def get_lineage(self, asset: str) -> Lineage:
        """Return ancestors and descendants."""
        ...

    def reproduce(self, record: AssetRecord) -> Reproduction:
        """Run the recipe again and compare."""
        ...


class Asset:
    """A stored result: files, and everything that is known of how they came about."""

    def __init__(self, record: AssetRecord, home: AssetHome) -> None:
        self.record = record
        self._home = home

    def __repr__(self) -> str:
        return f"Asset({self.id!r}, {self.kind.value}, {self.title!r})"

    @property
    def id(self) -> str:
        """26 characters; sorts by time."""
        return self.record.id

    @property
    def kind(self) -> MediaType:
        """Media type."""
        return self.record.kind

    @property
    def title(self) -> str:
        """A short name."""
        return self.record.title

    @property
    def path(self) -> Path:
        """The main file, read-only: the picture, the score; a texture's albedo."""
        return self.record.path

    @property
    def files(self) -> dict[str, Path]:
        """Every file by name; a texture's maps."""
        return dict(self.record.files)

    @property
    def seed(self) -> int | None:
        """The seed that made it; None if it was imported."""
        return self.record.seed

    @property
    def params(self) -> dict[str, Any]:
        """The params that made it."""
        return dict(self.record.params)

    @property
    def metrics(self) -> dict[str, float]:
        """Figures measured when it was made."""
        return dict(self.record.metrics)

    @property
    def info(self) -> dict[str, Any]:
        """What its generator noted of it."""
        return dict(self.record.info)

    @property
    def payload_hash(self) -> str:
        """sha256 (hex) of the decoded content."""
        return self.record.payload_hash

    @property
    def trashed(self) -> bool:
        """In the trash."""
        return self.record.trashed

    def open(self, name: str = "") -> BinaryIO:
        """Open a file of it for reading; the main one by default."""
        return self._get_file(name).open("rb")

    def image(self, name: str = "") -> "Image":
        """Load a picture of it (a texture's map by `name`).

        Raises:
            InvalidInputError: that file is not a picture.
        """
        return load_image(self._get_file(name))

    def lineage(self) -> Lineage:
        """Return what it was made from and what was made from it."""
        return self._home.get_lineage(self.id)

    def reproduce(self) -> Reproduction:
        """Run its recipe again and say how close the result is."""
        return self._home.reproduce(self.record)

    def save(self, folder: Path | str) -> list[Path]:
        """Copy its files into a folder under readable names, and return them.

        A file that cannot hold its recipe gets a sidecar `<name>.recipe.json`.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        stem = build_file_stem(self.record)
        files = self.record.files
        pairs = []
        for name, path in files.items():
            is_alone = path == self.path and self.kind is not MediaType.TEXTURE
            # Maps are called "height", files of checkpoints "config.json".
            part = "" if is_alone else "_" + name.removesuffix(path.suffix)
            pairs.append((path, target / f"{stem}{part}{path.suffix}"))
        for source, copy in pairs:
            shutil.copyfile(source, copy)
        copies = [copy for _, copy in pairs]
        codec = Codecs().get(self.kind)
        if self.record.recipe is not None and codec.extract_recipe(copies[0]) is None:
            sidecar = target / f"{copies[0].name}.recipe.json"
            sidecar.write_text(self.record.recipe.to_json(), encoding="utf-8")
            copies.append(sidecar)
        return copies

    def _get_file(self, name: str) -> Path:
        if not name:
            return self.path
        if name not in self.record.files:
            raise InvalidInputError(
                "asset {asset}: no file '{name}'; it has {known}",
                asset=self.id,
                name=name,
                known=", ".join(self.record.files),
            )
        return self.record.files[name]


def build_file_stem(record: AssetRecord) -> str:
    """Make a file name from title and id: readable, unique, safe everywhere."""
    words = "".join(c if c.isalnum() else "-" for c in record.title.lower()).strip("-")
    while "--" in words:
        words = words.replace("--", "-")
    return f"{words[:48]}-{record.id[-6:]}" if words else record.id


def find_assets(records: Sequence[AssetRecord], home: AssetHome) -> list[Asset]:
    """Wrap records."""
    return [Asset(record, home) for record in records]
