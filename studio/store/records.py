"""What the store takes and gives: plain, frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.media import MediaType
from studio.recipe import CheckpointRef, Recipe
from studio.store.blobs import BlobRef


@dataclass(frozen=True, kw_only=True)
class NewAsset:
    """An asset to insert.

    Attributes:
        files: name -> path, main file first; a texture's maps by name.
        thumbnail: a picture to show for it; made through the codec later if None.
        facts: what the codec's probe says (width, seconds, ...).
        metrics: figures (seam_ratio); info: any other JSON.
        parents: (slot, asset id) in order; a parent that is gone meanwhile is passed over.
        versions: library -> version; device, seconds: where it was made and how long it took.
        job, output_index: whose output it is; no two assets are the same output.
        trashed: straight to the trash.
    """

    kind: MediaType
    files: Mapping[str, Path]
    payload_hash: str
    title: str = ""
    recipe: Recipe | None = None
    thumbnail: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    licence: str = ""
    source: str = "generated"
    parents: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    user: str = "local"
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    job: str | None = None
    output_index: int | None = None
    trashed: bool = False


@dataclass(frozen=True, kw_only=True)
class AssetRecord:
    """An asset as it is in the library.

    Attributes:
        files: name -> absolute path, main file first. Read-only: never write to them.
        blobs: name -> hash, bytes and suffix of a file, in the same order.
        size: bytes of all files.
        created: unix seconds, to the millisecond.
        recipe_key: `Recipe.key`, or "" where there is no recipe.
        source: "generated" here, or "imported".
        rating: 0 (none) to 5.
        trashed: in the trash, or set aside by fsck.
        collections: those it is in, as people write them; their tags are among `tags`.
    """

    id: str
    kind: MediaType
    title: str
    files: Mapping[str, Path]
    blobs: Mapping[str, BlobRef]
    payload_hash: str
    size: int
    created: float
    recipe: Recipe | None
    recipe_key: str
    facts: dict[str, Any]
    metrics: dict[str, float]
    info: dict[str, Any]
    licence: str
    source: str
    tags: tuple[str, ...]
    rating: int
    notes: str
    user: str
    device: str
    versions: dict[str, str]
    seconds: float
    job: str | None
    output_index: int | None
    trashed: bool
    collections: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The main file: the picture, the score; a texture's albedo."""
        return next(iter(self.files.values()))

    @property
    def seed(self) -> int | None:
        """The seed it was made with."""
        return self.recipe.seed if self.recipe else None

    @property
    def generator(self) -> str:
        """Id of the generator that made it, or ""."""
        return self.recipe.generator if self.recipe else ""

    @property
    def plugin(self) -> str:
        """The distribution the generator came from, or ""."""
        return self.recipe.plugin if self.recipe else ""

    @property
    def plugin_version(self) -> str:
        """The version of `plugin`, or ""."""
        return self.recipe.plugin_version if self.recipe else ""

    @property
    def checkpoint(self) -> CheckpointRef | None:
        """The weights it was made with."""
        return self.recipe.checkpoint if self.recipe else None

    @property
    def params(self) -> dict[str, Any]:
        """The params it was made with."""
        return dict(self.recipe.params) if self.recipe else {}


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """What to look for; everything given must hold. Newest first.

    Attributes:
        text: words, each the beginning of a word in title, prompt, tags, notes or generator.
        tags: all of them.
        created_after, created_before: unix seconds; from, and up to but without.
        colour: one of those it looks like: a name, or #rrggbb.
        trashed: look in the trash instead of the library.
        limit: assets a page, 1..1000.
        cursor: `Page.next_cursor` of the page before.
    """

    text: str = ""
    kind: MediaType | None = None
    generator: str | None = None
    tags: tuple[str, ...] = ()
    rating_min: int = 0
    created_after: float | None = None
    created_before: float | None = None
    user: str | None = None
    job: str | None = None
    colour: str | None = None
    trashed: bool = False
    limit: int = 60
    cursor: str | None = None


@dataclass(frozen=True)
class Page:
    """Some assets, newest first, and where the next page starts (None: there is none)."""

    records: list[AssetRecord]
    next_cursor: str | None


@dataclass(frozen=True)
class Edge:
    """Asset `child` was made from asset `parent`, given as `slot`."""

    parent: str
    child: str
    slot: str


@dataclass(frozen=True)
class Lineage:
    """An asset with all it came from and all that came from it, oldest first.

    Attributes:
        is_complete: False where the graph was cut off because it is very large.
    """

    nodes: tuple[AssetRecord, ...]
    edges: tuple[Edge, ...]
    is_complete: bool = True
